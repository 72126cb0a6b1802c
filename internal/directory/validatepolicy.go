package directory

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/hotdesk-pbx/hotdesk/internal/dialplan"
)

// The shortest and the longest time that a user's phones may ring, in seconds.
// One ring takes six, and carriers give up after five minutes.
const (
	minRing = 5
	maxRing = 300
)

// calls checks a domain's settings for calls.
func (v *validator) calls(d Domain) {
	if d.MainNumber != "" && !isE164(d.MainNumber) {
		v.number("main_number", d.MainNumber)
	}
	v.between("keep_calls", d.KeepCalls, 0, 36500)
	v.between("mailboxes.max_messages", d.Mailboxes.MaxMessages, 1, 10000)
	v.between("mailboxes.max_seconds", d.Mailboxes.MaxSeconds, 5, 3600)
	v.class("outside.class", d.Outside.Class)
	v.class("outside.desk_class", d.Outside.DeskClass)
	v.between("outside.max_calls", d.Outside.MaxCalls, 0, 100000)
	v.between("outside.user_calls", d.Outside.UserCalls, 0, 1000)
	v.emergency(d)
	v.mail(d.Mail)
	v.signOn(d.SignOn)
}

func (v *validator) number(field, number string) {
	v.add(field, fmt.Sprintf("%q is no public number", number), "write it with + and the country, such as \"+14165550101\"")
}

func (v *validator) class(field string, class Class) {
	if !slices.Contains([]Class{ClassInside, ClassNational, ClassAll}, class) {
		v.add(field, fmt.Sprintf("%q is no class of service", class), "use \"inside\", \"national\" or \"all\"")
	}
}

func (v *validator) emergency(d Domain) {
	e := d.Emergency
	if e.NotifyExtension != "" && v.office.UserByExtension(e.NotifyExtension) == nil {
		v.add("emergency.notify_extension", fmt.Sprintf("nobody has the extension %q", e.NotifyExtension),
			"name the extension of who shall be told, or leave it empty")
	}
	if e.NotifyEmail == "" {
		return
	}
	for address := range strings.SplitSeq(e.NotifyEmail, ",") {
		if !isEmail(strings.TrimSpace(address)) {
			v.add("emergency.notify_email", fmt.Sprintf("%q is no e-mail address", strings.TrimSpace(address)),
				"write addresses such as \"name@example.com\", with commas between them")
		}
	}
	if d.Mail.Address == "" {
		v.add("emergency.notify_email", "the domain has no mail server, so that no e-mail would go out",
			"set the mail server along with it")
	}
}

func (v *validator) mail(m MailServer) {
	if m == (MailServer{}) {
		return
	}
	if host, port, found := cutPort(m.Address); !found || !isHost(host) || !isPort(port) {
		v.add("mail.address", fmt.Sprintf("%q is no host and port", m.Address), "write it as \"smtp.example.com:587\"")
	}
	if !isEmail(m.From) {
		v.add("mail.from", fmt.Sprintf("%q is no e-mail address", m.From), "give the address that e-mail is to come from")
	}
	v.login("mail.", m.User, m.Password)
}

// login checks the user name and password for a server elsewhere. The password
// itself is never told.
func (v *validator) login(prefix, user, password string) {
	v.text(prefix+"user", user, 254)
	v.text(prefix+"password", password, 254)
	switch {
	case user != "" && password == "":
		v.add(prefix+"password", "the password is missing", "give the password of "+user)
	case user == "" && password != "":
		v.add(prefix+"user", "there is a password, but no user name", "give the user name too, or take the password away")
	}
}

func (v *validator) signOn(s SignOn) {
	if s == (SignOn{}) {
		return
	}
	rest, secure := strings.CutPrefix(s.Issuer, "https://")
	if !secure {
		rest, _ = strings.CutPrefix(s.Issuer, "http://")
	}
	host, _, _ := cutPort(strings.SplitN(rest, "/", 2)[0])
	here := host == "localhost" || host == "127.0.0.1" || host == "::1"
	if !isHost(host) || !secure && !here || strings.ContainsAny(s.Issuer, "?# ") {
		v.add("sign_on.issuer", fmt.Sprintf("%q is no address of a provider", s.Issuer), "write it as \"https://login.example.com\", as the provider calls itself")
	}
	if s.ClientID == "" {
		v.add("sign_on.client_id", "the client ID is missing", "give the one that the provider has for Hotdesk")
	}
	v.text("sign_on.client_id", s.ClientID, 254)
	v.text("sign_on.client_secret", s.ClientSecret, 254)
}

// cutPort parts "host:port", also where the host is an IPv6 address in
// brackets, which are dropped.
func cutPort(address string) (host, port string, found bool) {
	i := strings.LastIndexByte(address, ':')
	if i < 0 || strings.HasSuffix(address, "]") {
		return unbracket(address), "", false
	}
	return unbracket(address[:i]), address[i+1:], true
}

func unbracket(host string) string {
	if inner, is := strings.CutPrefix(host, "["); is {
		if inner, is = strings.CutSuffix(inner, "]"); is && strings.Contains(inner, ":") {
			return inner
		}
	}
	return host
}

func isHost(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil || isDomainName(strings.ToLower(host))
}

func isPort(port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n > 0
}

type starCode struct {
	field, code        string
	optional, argument bool
}

// codes checks all star codes of a domain together: what is dialled must mean
// one thing.
func (v *validator) codes(d Domain) {
	h := d.HotDesking
	all := []starCode{
		{"hot_desking.login_code", h.LoginCode, false, true},
		{"hot_desking.release_code", h.ReleaseCode, false, false},
		{"hot_desking.mailbox_code", h.MailboxCode, true, false},
		{"hot_desking.any_mailbox_code", h.AnyMailboxCode, true, true},
	}
	for _, c := range d.Codes.Named() {
		all = append(all, starCode{"codes." + c.Name, *c.Code, true, c.Argument})
	}
	for i, c := range all {
		switch {
		case c.code == "" && c.optional:
		case !isStarCode(c.code):
			v.add(c.field, fmt.Sprintf("%q is no star code", c.code), "use * or # and one to four digits, such as \"*88\"")
		default:
			v.clash(c, all[:i])
		}
	}
}

// clash checks a code against those before it.
func (v *validator) clash(c starCode, others []starCode) {
	for _, o := range others {
		switch {
		case o.code == "":
		case o.code == c.code:
			v.add(c.field, fmt.Sprintf("%q is %s already", c.code, o.field), "choose another code")
			return
		case o.argument && strings.HasPrefix(c.code, o.code):
			v.add(c.field, fmt.Sprintf("%q could be %s, %q, with digits behind it", c.code, o.field, o.code), "choose another code")
			return
		case c.argument && strings.HasPrefix(o.code, c.code):
			v.add(c.field, fmt.Sprintf("%q with digits behind it could be %s, %q", c.code, o.field, o.code), "choose another code")
			return
		}
	}
}

func isStarCode(code string) bool {
	digits := strings.TrimLeft(code, "*#")
	stars := len(code) - len(digits)
	return code == "**" || stars >= 1 && stars <= 2 && len(digits) <= 4 && isDigits(digits)
}

// answering checks what becomes of the calls to a user.
func (v *validator) answering(u *User) {
	a := u.Answering
	if a.RingSeconds != 0 {
		v.between("ring_seconds", a.RingSeconds, minRing, maxRing)
	}
	v.forward("forward_all", a.ForwardAll, u)
	v.forward("forward_busy", a.ForwardBusy, u)
	v.forward("forward_no_answer", a.ForwardNoAnswer, u)
	if u.Class != "" {
		v.class("class", u.Class)
	}
}

// forward checks where calls are led on to. That the extension exists is not
// asked: it may be removed later, and the call is then not lost but answered
// with that.
func (v *validator) forward(field, to string, u *User) {
	switch {
	case to == "":
	case !isExtension(to) && !isE164(to) && (!isDigits(to) || len(to) > 20):
		v.add(field, fmt.Sprintf("%q is no extension and no number", to), "write an extension such as \"1002\" or a number such as \"+14165550101\"")
	case dialplan.IsEmergency(to, v.office.Domain.Country):
		v.add(field, to+" is an emergency number", "choose another: only a person may call for help")
	case to == u.Extension:
		v.add(field, "the calls of "+to+" would come back to it", "choose another extension or number, or leave it empty")
	}
}
