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
// from them; whoever has the file can register the office's phones.
func Write(to io.Writer, o directory.Office) error {
	w := &writer{}
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

func (w *writer) domain(d directory.Domain) {
	w.header("", "[domain]")
	w.key("name", d.Name)
	w.key("timezone", d.TimeZone)
	w.key("country", d.Country)
	w.key("language", d.Language)
	if d.Default {
		w.key("default", true)
	}
	h := d.HotDesking
	w.header("", "[domain.hot_desking]")
	w.key("enabled", h.Enabled)
	w.key("activate_phone", h.ActivatePhone)
	w.key("desk_range", h.DeskRange.String())
	w.key("login_code", h.LoginCode)
	w.key("release_code", h.ReleaseCode)
	w.key("mailbox_code", h.MailboxCode)
	w.key("any_mailbox_code", h.AnyMailboxCode)
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
	w.some("place", u.Place)
	w.some("caller_id", u.CallerID)
	w.some("pin_hash", u.PINHash)
	w.some("password_hash", u.PasswordHash)
	if u.Disabled {
		w.key("disabled", true)
	}
	if u.NoHotDesking {
		w.key("hot_desking", false)
	}
}

func (w *writer) device(d directory.Device) {
	w.key("name", d.Name)
	w.key("ha1_md5", d.HA1MD5)
	w.key("ha1_sha256", d.HA1SHA256)
	if d.FullHA1MD5 != "" {
		w.key("full_ha1_md5", d.FullHA1MD5)
		w.key("full_ha1_sha256", d.FullHA1SHA256)
	}
	if d.Disabled {
		w.key("disabled", true)
	}
}

func (w *writer) phone(p directory.Phone) {
	w.header("", "[[phone]]")
	w.key("mac", directory.FormatMAC(p.MAC))
	w.some("model", p.Model)
	w.some("name", p.Name)
	w.some("place", p.Place)
	names := make([]string, len(p.Devices))
	for i, name := range p.Devices {
		names[i] = quote(name)
	}
	_, _ = fmt.Fprintf(&w.text, "devices = [%s]\n", strings.Join(names, ", "))
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
