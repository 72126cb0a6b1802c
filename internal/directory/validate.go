package directory

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/credential"
	"github.com/hotdesk-pbx/hotdesk/internal/dialplan"
)

// maxSite is the length of the longest name of a site, in bytes.
const maxSite = 60

// Validate finds everything that is wrong with an office, in the order domain,
// users, devices, phones, numbers, trunks. It is the only place where these rules stand.
func Validate(o Office) []Problem {
	v := validator{office: &o}
	v.kind, v.id, v.name = KindDomain, o.Domain.ID, o.Domain.Name
	v.domain(o.Domain)
	v.hotDesking(o.Domain.HotDesking)
	v.codes(o.Domain)
	v.calls(o.Domain)
	v.users()
	v.devices()
	v.phones()
	v.numbers()
	v.trunks()
	return v.problems
}

// validator collects the problems of one object after the other.
type validator struct {
	office   *Office
	problems []Problem
	kind     Kind // of the object being looked at
	id, name string
}

func (v *validator) add(field, wrong, fix string) {
	v.problems = append(v.problems, Problem{Kind: v.kind, ID: v.id, Name: v.name, Field: field, Wrong: wrong, Fix: fix})
}

// text checks a text that people read, and that goes into SIP headers.
func (v *validator) text(field, text string, most int) {
	switch {
	case len(text) > most:
		v.add(field, fmt.Sprintf("the text is longer than %d bytes", most), "shorten it")
	case strings.ToValidUTF8(text, "") != text:
		v.add(field, "the text is not UTF-8", "write it in UTF-8")
	case strings.ContainsFunc(text, isControl):
		v.add(field, "the text holds a line break or another control character", "write it on one line")
	}
}

func isControl(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 }

func (v *validator) domain(d Domain) {
	if _, err := netip.ParseAddr(d.Name); err == nil || !isDomainName(d.Name) {
		v.add("name", fmt.Sprintf("%q is no domain name", d.Name), "use letters, digits, hyphens and dots, such as \"acme.test\"")
	}
	if d.TimeZone == "" {
		v.add("timezone", "the time zone is missing", "name one, such as \"America/Toronto\": the release time counts in it")
	} else if _, err := time.LoadLocation(d.TimeZone); err != nil || d.TimeZone == "Local" {
		v.add("timezone", fmt.Sprintf("%q is no time zone", d.TimeZone), "use an IANA name such as \"America/Toronto\" or \"Europe/Berlin\"")
	}
	if d.Country == "" {
		v.add("country", "the country is missing", "give its two letters, such as \"CA\": the emergency numbers hang on it")
	} else if !dialplan.KnownCountry(d.Country) {
		v.add("country", fmt.Sprintf("%q is no country", d.Country), "use the two letters of ISO 3166, such as \"CA\" or \"DE\"")
	}
	if !isLanguage(d.Language) {
		v.add("language", fmt.Sprintf("%q is no language", d.Language), "use a code such as \"en\" or \"pt-BR\"")
	}
}

func isDomainName(name string) bool {
	if name == "" || len(name) > 253 {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' ||
			strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
	}
	return true
}

func isLanguage(code string) bool {
	main, rest, more := strings.Cut(code, "-")
	lower := strings.Trim(main, "abcdefghijklmnopqrstuvwxyz") == ""
	return lower && (len(main) == 2 || len(main) == 3) &&
		(!more || len(rest) >= 2 && len(rest) <= 8 && strings.Trim(strings.ToLower(rest), "abcdefghijklmnopqrstuvwxyz0123456789") == "")
}

func (v *validator) hotDesking(h HotDesking) {
	if h.DeskRange != (ExtensionRange{}) && !h.DeskRange.valid() {
		v.add("hot_desking.desk_range", fmt.Sprintf("%q is no range of extensions", h.DeskRange),
			"give two extensions of equal length, the lower first, such as \"5400-5499\"")
	}
	if !h.ReleaseAt.valid() {
		v.add("hot_desking.release_at", "this is no time of day", "give hours and minutes such as \"02:00\", or \"off\"")
	}
	taken := []WhenTaken{TakenRefuse, TakenConfirm, TakenIdle}
	if !slices.Contains(taken, h.WhenTaken) {
		v.add("hot_desking.when_taken", fmt.Sprintf("%q is not known", h.WhenTaken), "use \"refuse\", \"confirm\" or \"idle\"")
	}
	elsewhere := []WhenElsewhere{ElsewhereMove, ElsewhereAllow, ElsewhereDeny}
	if !slices.Contains(elsewhere, h.WhenElsewhere) {
		v.add("hot_desking.when_elsewhere", fmt.Sprintf("%q is not known", h.WhenElsewhere), "use \"move\", \"allow\" or \"deny\"")
	}
	v.between("hot_desking.max_hours", h.MaxHours, 0, 24*31)
	v.between("hot_desking.idle_minutes", h.IdleMinutes, 0, 60*24*7)
	if h.WhenTaken == TakenIdle {
		v.between("hot_desking.take_over_idle", h.TakeOverIdle, 1, 60*24*7)
	} else {
		v.between("hot_desking.take_over_idle", h.TakeOverIdle, 0, 60*24*7)
	}
	v.between("hot_desking.warn_minutes", h.WarnMinutes, 0, 60)
}

func (v *validator) between(field string, n, least, most int) {
	if n < least || n > most {
		v.add(field, fmt.Sprintf("%d is out of bounds", n), fmt.Sprintf("give a number from %d to %d", least, most))
	}
}

func (v *validator) users() {
	v.kind = KindUser
	seen := make(map[string]*User, len(v.office.Users))
	for i := range v.office.Users {
		u := &v.office.Users[i]
		v.id, v.name = u.ID, u.Extension
		v.extension(u.Extension)
		if other := seen[u.Extension]; other != nil {
			v.add("extension", fmt.Sprintf("%s is the extension of %s already", u.Extension, other.Name), "give one of the two another extension")
		}
		seen[u.Extension] = u
		v.user(u)
	}
}

func (v *validator) extension(extension string) {
	switch {
	case extension == "":
		v.add("extension", "the extension is missing", "give 2 to 10 digits")
	case !isExtension(extension):
		v.add("extension", fmt.Sprintf("%q is no extension", extension), "use 2 to 10 digits and nothing else")
	case dialplan.IsEmergency(extension, v.office.Domain.Country):
		v.add("extension", extension+" is an emergency number", "choose another extension: "+extension+" always calls for help")
	}
}

func (v *validator) user(u *User) {
	if u.Name == "" {
		v.add("name", "the name is missing", "give the name that the people called will see")
	}
	v.text("name", u.Name, 120)
	v.text("site", u.Site, maxSite)
	if u.Scope == ScopeSiteManager && u.Site == "" {
		v.add("site", "a site manager without a site manages nothing", "name the site, or give another scope")
	}
	v.text("place", u.Place, 250)
	v.text("email", u.Email, 254)
	if u.Email != "" && !isEmail(u.Email) {
		v.add("email", fmt.Sprintf("%q is no e-mail address", u.Email), "write it as \"name@example.com\"")
	}
	if !known(u.Scope) {
		v.add("scope", fmt.Sprintf("%q is no scope", u.Scope), "use one of "+scopeNames())
	}
	if u.CallerID != "" && u.CallerID != Withheld && !isE164(u.CallerID) {
		v.number("caller_id", u.CallerID)
	}
	v.hash("pin", u.PINHash)
	v.hash("password", u.PasswordHash)
	v.answering(u)
	if u.IsDeskAccount(v.office.Domain.HotDesking) {
		v.deskAccount(u)
	}
}

// deskAccount checks what holds for a user whose extension is in the desk
// range: nobody logs in as it.
func (v *validator) deskAccount(u *User) {
	where := "extension " + u.Extension + " lies in the desk range " + v.office.Domain.HotDesking.DeskRange.String() + ", and a desk account has "
	const fix = "remove it, or give a person an extension outside of the range"
	if u.PINHash != "" {
		v.add("pin", where+"no PIN", fix)
	}
	if u.PasswordHash != "" {
		v.add("password", where+"no portal password", fix)
	}
	if u.Scope != ScopeBasicUser && u.Scope != ScopeNoPortal {
		v.add("scope", where+"no scope", fix)
	}
}

func (v *validator) hash(field, hash string) {
	if hash != "" && credential.CheckHash(hash) != nil {
		v.add(field+"_hash", "this is no argon2id hash", "give the plain "+field+" instead, or the hash as an export wrote it")
	}
}

func scopeNames() string {
	names := make([]string, 0, len(Scopes()))
	for _, s := range Scopes() {
		names = append(names, string(s))
	}
	return strings.Join(names, ", ")
}

func isEmail(text string) bool {
	local, host, found := strings.Cut(text, "@")
	return found && local != "" && isDomainName(strings.ToLower(host)) && !strings.ContainsAny(text, " \t<>,;\"")
}

func isE164(text string) bool {
	digits, plus := strings.CutPrefix(text, "+")
	return plus && isDigits(digits) && len(digits) >= 7 && len(digits) <= 15 && digits[0] != '0'
}

func (v *validator) devices() {
	v.kind = KindDevice
	users := byID(v.office.Users, userID)
	seen := make(map[string]bool, len(v.office.Devices))
	for i := range v.office.Devices {
		d := &v.office.Devices[i]
		v.id, v.name = d.ID, d.Name
		if !isDeviceName(d.Name) {
			v.add("name", fmt.Sprintf("%q is no device name", d.Name), "use 1 to 64 letters, digits, dots, hyphens and underscores")
		}
		if seen[d.Name] {
			v.add("name", "there is a device "+d.Name+" already", "choose another name")
		}
		seen[d.Name] = true
		if d.OwnerID != "" && users[d.OwnerID] == nil {
			v.add("owner", "the owner does not exist", "name a user of the domain, or leave the device unassigned")
		}
		if d.HA1MD5 == "" && d.HA1SHA256 == "" {
			v.add("password", "the password is missing", "give one of at least 8 characters, or have one generated")
		} else if !isHA1(d.HA1MD5, d.HA1SHA256) || d.FullHA1MD5+d.FullHA1SHA256 != "" && !isHA1(d.FullHA1MD5, d.FullHA1SHA256) {
			v.add("ha1", "these are no HA1 values", "give the password instead, or both values as an export wrote them")
		}
	}
}

func isDeviceName(name string) bool {
	return name != "" && len(name) <= 64 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") == ""
}

func isHA1(md5, sha256 string) bool { return isHex(md5, 32) && isHex(sha256, 64) }

func isHex(text string, length int) bool {
	return len(text) == length && strings.Trim(text, "0123456789abcdef") == ""
}

func (v *validator) phones() {
	v.kind = KindPhone
	devices := byID(v.office.Devices, func(d *Device) string { return d.Name })
	macs := make(map[string]bool, len(v.office.Phones))
	phoneOf := make(map[string]string, len(v.office.Devices))
	for i := range v.office.Phones {
		p := &v.office.Phones[i]
		v.id, v.name = p.ID, FormatMAC(p.MAC)
		if !isMAC(p.MAC) {
			v.add("mac", fmt.Sprintf("%q is no MAC address", p.MAC), "copy the twelve hex digits from the label, such as \"80:5e:c0:11:22:33\"")
		}
		if macs[p.MAC] {
			v.add("mac", "there is a phone of this MAC address already", "check the label on the phone")
		}
		macs[p.MAC] = true
		v.text("model", p.Model, 120)
		v.text("name", p.Name, 120)
		v.text("site", p.Site, maxSite)
		v.text("place", p.Place, 250)
		for _, name := range p.Devices {
			switch {
			case devices[name] == nil:
				v.add("devices", fmt.Sprintf("there is no device %q", name), "add the device, or take it off this phone")
			case phoneOf[name] != "":
				v.add("devices", fmt.Sprintf("device %q is on phone %s already", name, phoneOf[name]), "put it on one phone only")
			}
			phoneOf[name] = v.name
		}
	}
}
