package officefile

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// Write writes an office as a file that [Read] and [Apply] turn into the same
// office again. It holds no PIN and no password in plain, but what is derived
// from them; whoever has the file can register the office's phones. Of the
// passwords for trunks and the mail server, which are kept as they are, it holds
// nothing: applied to the same domain, the file leaves them.
func Write(to io.Writer, o directory.Office) error {
	w := &writer{}
	extensions := make(map[string]string, len(o.Users))
	for _, u := range o.Users {
		extensions[u.ID] = u.Extension
	}
	w.text.WriteString("# An office of Hotdesk, for \"hotdesk apply\". The hashes in it open the office's phones: keep it secret.\n")
	w.domain(o.Domain)
	devicesOf := map[string][]directory.Device{}
	for _, d := range o.Devices {
		devicesOf[d.OwnerID] = append(devicesOf[d.OwnerID], d)
	}
	for _, u := range o.Users {
		w.user(u)
		for _, d := range devicesOf[u.ID] {
			w.header("  ", "[[user.device]]")
			w.device(d)
		}
	}
	for _, d := range devicesOf[""] {
		w.header("", "[[device]]")
		w.device(d)
	}
	for _, p := range o.Phones {
		w.phone(p)
	}
	for _, n := range o.Numbers {
		w.header("", "[[number]]")
		w.key("number", n.Number)
		w.some("user", extensions[n.UserID])
	}
	for _, t := range o.Trunks {
		w.trunk(t)
	}
	if _, err := to.Write(w.text.Bytes()); err != nil {
		return fmt.Errorf("write the office file: %w", err)
	}
	return nil
}

// writer writes tables and their keys.
type writer struct {
	text   bytes.Buffer
	indent string
}

func (w *writer) header(indent, name string) {
	w.indent = indent
	_, _ = fmt.Fprintf(&w.text, "\n%s%s\n", indent, name)
}

func (w *writer) key(key string, value any) {
	if text, is := value.(string); is {
		value = quote(text)
	}
	_, _ = fmt.Fprintf(&w.text, "%s%s = %v\n", w.indent, key, value)
}

// some writes a text unless it is empty.
func (w *writer) some(key, text string) {
	if text != "" {
		w.key(key, text)
	}
}

// unusual writes a value unless it is the usual one.
func unusual[T comparable](w *writer, key string, value, usual T) {
	if value != usual {
		w.key(key, value)
	}
}

func (w *writer) domain(d directory.Domain) {
	w.header("", "[domain]")
	w.key("name", d.Name)
	w.key("timezone", d.TimeZone)
	w.key("country", d.Country)
	w.key("language", d.Language)
	unusual(w, "default", d.Default, false)
	w.some("main_number", d.MainNumber)
	w.key("keep_calls", d.KeepCalls)
	w.hotDesking(d.HotDesking)
	w.header("", "[domain.codes]")
	for _, c := range d.Codes.Named() {
		w.key(c.Name, *c.Code)
	}
	w.header("", "[domain.mailboxes]")
	w.key("enabled", d.Mailboxes.Enabled)
	w.key("max_messages", d.Mailboxes.MaxMessages)
	w.key("max_seconds", d.Mailboxes.MaxSeconds)
	w.header("", "[domain.outside]")
	w.key("class", string(d.Outside.Class))
	w.key("desk_class", string(d.Outside.DeskClass))
	w.key("premium", d.Outside.Premium)
	w.key("max_calls", d.Outside.MaxCalls)
	w.key("user_calls", d.Outside.UserCalls)
	w.emergency(d.Emergency)
	w.mail(d.Mail)
	w.signOn(d.SignOn)
}

func (w *writer) emergency(e directory.EmergencyPolicy) {
	if e == (directory.EmergencyPolicy{}) {
		return
	}
	w.header("", "[domain.emergency]")
	w.some("notify_extension", e.NotifyExtension)
	w.some("notify_email", e.NotifyEmail)
}

func (w *writer) mail(m directory.MailServer) {
	if m == (directory.MailServer{}) {
		return
	}
	w.header("", "[domain.mail]")
	w.key("address", m.Address)
	w.key("from", m.From)
	w.login(m.User)
}

func (w *writer) signOn(s directory.SignOn) {
	if s == (directory.SignOn{}) {
		return
	}
	w.header("", "[domain.sign_on]")
	w.key("issuer", s.Issuer)
	w.key("client_id", s.ClientID)
	w.unexported("client_secret")
}

// login writes the user name for a server elsewhere, but not the password.
func (w *writer) login(user string) {
	if user != "" {
		w.key("user", user)
		w.unexported("password")
	}
}

// unexported says of a secret that it is not there.
func (w *writer) unexported(key string) {
	_, _ = fmt.Fprintf(&w.text, "%s# %s = \"…\" is not exported: give it to a domain that does not have it yet\n", w.indent, key)
}

func (w *writer) hotDesking(h directory.HotDesking) {
	w.header("", "[domain.hot_desking]")
	w.key("enabled", h.Enabled)
	w.key("activate_phone", h.ActivatePhone)
	w.key("desk_range", h.DeskRange.String())
	w.key("login_code", h.LoginCode)
	w.key("release_code", h.ReleaseCode)
	w.key("mailbox_code", h.MailboxCode)
	w.key("any_mailbox_code", h.AnyMailboxCode)
	w.key("ask_ringing", h.AskRinging)
	w.key("warn_minutes", h.WarnMinutes)
	w.key("release_at", h.ReleaseAt.String())
	w.key("max_hours", h.MaxHours)
	w.key("idle_minutes", h.IdleMinutes)
	w.key("when_taken", string(h.WhenTaken))
	w.key("take_over_idle", h.TakeOverIdle)
	w.key("when_elsewhere", string(h.WhenElsewhere))
}

func (w *writer) user(u directory.User) {
	w.header("", "[[user]]")
	w.key("extension", u.Extension)
	w.key("name", u.Name)
	w.some("email", u.Email)
	w.key("scope", string(u.Scope))
	w.some("site", u.Site)
	w.some("place", u.Place)
	w.some("caller_id", u.CallerID)
	w.some("pin_hash", u.PINHash)
	w.some("password_hash", u.PasswordHash)
	unusual(w, "disabled", u.Disabled, false)
	unusual(w, "hot_desking", !u.NoHotDesking, true)
	w.some("class", string(u.Class))
	w.answering(u.Answering)
}

func (w *writer) answering(a directory.Answering) {
	unusual(w, "ring_seconds", a.RingSeconds, 0)
	unusual(w, "do_not_disturb", a.DoNotDisturb, false)
	w.some("forward_all", a.ForwardAll)
	w.some("forward_busy", a.ForwardBusy)
	w.some("forward_no_answer", a.ForwardNoAnswer)
	unusual(w, "ring_here_only", a.RingHereOnly, false)
	unusual(w, "mailbox", !a.NoMailbox, true)
	unusual(w, "mailbox_pin", !a.MailboxWithoutPIN, true)
}

func (w *writer) device(d directory.Device) {
	w.key("name", d.Name)
	w.key("ha1_md5", d.HA1MD5)
	w.key("ha1_sha256", d.HA1SHA256)
	if d.FullHA1MD5 != "" {
		w.key("full_ha1_md5", d.FullHA1MD5)
		w.key("full_ha1_sha256", d.FullHA1SHA256)
	}
	unusual(w, "disabled", d.Disabled, false)
}

func (w *writer) phone(p directory.Phone) {
	w.header("", "[[phone]]")
	w.key("mac", directory.FormatMAC(p.MAC))
	w.some("model", p.Model)
	w.some("name", p.Name)
	w.some("site", p.Site)
	w.some("place", p.Place)
	names := make([]string, len(p.Devices))
	for i, name := range p.Devices {
		names[i] = quote(name)
	}
	_, _ = fmt.Fprintf(&w.text, "devices = [%s]\n", strings.Join(names, ", "))
}

func (w *writer) trunk(t directory.Trunk) {
	w.header("", "[[trunk]]")
	w.key("name", t.Name)
	w.key("host", t.Host)
	w.key("transport", t.Transport)
	w.key("register", t.Register)
	w.login(t.User)
	w.key("priority", t.Priority)
	w.key("max_calls", t.MaxCalls)
	unusual(w, "disabled", t.Disabled, false)
}

// quote is a TOML basic string.
func quote(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f:
			_, _ = fmt.Fprintf(&b, "\\u%04X", r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
