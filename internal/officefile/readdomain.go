package officefile

import (
	"strings"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

func readDomain(s *section, plan *Plan) {
	plan.at, plan.within = s.table, map[string]*table{}
	d := &plan.Domain
	s.text("name", &d.Name)
	if s.values["name"] == nil {
		s.flaw(s.line, "the domain's name is missing", "write name = \"acme.test\"")
	}
	s.text("timezone", &d.TimeZone)
	s.text("country", &d.Country)
	s.text("language", &d.Language)
	s.flag("default", &d.Default)
	s.text("main_number", &d.MainNumber)
	s.number("keep_calls", &d.KeepCalls)
	for _, part := range []struct {
		key  string
		read func(*section)
	}{
		{"hot_desking", func(s *section) { readHotDesking(s, &d.HotDesking) }},
		{"codes", func(s *section) { readCodes(s, &d.Codes) }},
		{"mailboxes", func(s *section) { readMailboxes(s, &d.Mailboxes) }},
		{"outside", func(s *section) { readOutside(s, &d.Outside) }},
		{"emergency", func(s *section) { readEmergency(s, &d.Emergency) }},
		{"mail", func(s *section) { plan.mail = readMail(s, &d.Mail) }},
		{"sign_on", func(s *section) { plan.signOn = readSignOn(s, &d.SignOn) }},
	} {
		if sub := s.sub(part.key, "[domain."+part.key+"]"); sub != nil {
			plan.within[part.key] = sub.table
			part.read(sub)
			sub.end()
		}
	}
	s.end()
	d.Name = strings.ToLower(strings.TrimSpace(d.Name))
}

func readHotDesking(s *section, h *directory.HotDesking) {
	s.flag("enabled", &h.Enabled)
	s.flag("activate_phone", &h.ActivatePhone)
	parsed(s, "desk_range", &h.DeskRange, directory.ParseExtensionRange)
	s.text("login_code", &h.LoginCode)
	s.text("release_code", &h.ReleaseCode)
	s.text("mailbox_code", &h.MailboxCode)
	s.text("any_mailbox_code", &h.AnyMailboxCode)
	s.flag("ask_ringing", &h.AskRinging)
	s.number("warn_minutes", &h.WarnMinutes)
	parsed(s, "release_at", &h.ReleaseAt, directory.ParseClockTime)
	s.number("max_hours", &h.MaxHours)
	s.number("idle_minutes", &h.IdleMinutes)
	s.text("when_taken", (*string)(&h.WhenTaken))
	s.number("take_over_idle", &h.TakeOverIdle)
	s.text("when_elsewhere", (*string)(&h.WhenElsewhere))
}

func readCodes(s *section, codes *directory.Codes) {
	for _, c := range codes.Named() {
		s.text(c.Name, c.Code)
	}
}

func readMailboxes(s *section, m *directory.Mailboxes) {
	s.flag("enabled", &m.Enabled)
	s.number("max_messages", &m.MaxMessages)
	s.number("max_seconds", &m.MaxSeconds)
}

func readOutside(s *section, o *directory.Outside) {
	s.text("class", (*string)(&o.Class))
	s.text("desk_class", (*string)(&o.DeskClass))
	s.flag("premium", &o.Premium)
	s.number("max_calls", &o.MaxCalls)
	s.number("user_calls", &o.UserCalls)
}

func readEmergency(s *section, e *directory.EmergencyPolicy) {
	s.text("notify_extension", &e.NotifyExtension)
	s.text("notify_email", &e.NotifyEmail)
}

// readSignOn reads all but the client secret, and returns that.
func readSignOn(s *section, on *directory.SignOn) *string {
	s.text("issuer", &on.Issuer)
	s.text("client_id", &on.ClientID)
	return s.maybe("client_secret")
}

// readMail reads all but the password into the mail server, and returns that.
func readMail(s *section, m *directory.MailServer) *string {
	s.text("address", &m.Address)
	s.text("from", &m.From)
	s.text("user", &m.User)
	return s.maybe("password")
}
