package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io"
	"io/fs"
	"log/slog"
	"strings"
	"text/template"
	"time"
	"unicode"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
	"github.com/hotdesk-pbx/hotdesk/internal/voicemail"
)

// letter is what a mail says, before it is put into the form of mail.
type letter struct {
	subject   string
	rows      []row
	closing   string
	soundName string
	sound     func(io.Writer) (int64, error) // nil: nothing is attached
}

// row is one line of a letter: what it tells, and that.
type row struct{ Name, Value string }

const plainText = `{{range .Rows}}{{.Name}}: {{.Value}}
{{end}}
{{.Closing}}
`

const richText = `<!DOCTYPE html>
<html lang="en"><body style="font-family: sans-serif">
<table cellpadding="4">
{{range .Rows}}<tr><th align="left">{{.Name}}</th><td>{{.Value}}</td></tr>
{{end}}</table>
<p>{{.Closing}}</p>
</body></html>
`

// bodies writes the letter as plain text and as HTML.
func (l letter) bodies() (plain, rich string, err error) {
	said := struct {
		Rows    []row
		Closing string
	}{l.rows, l.closing}
	for i := range said.Rows {
		said.Rows[i].Value = oneLine(said.Rows[i].Value)
	}
	var asText, asHTML strings.Builder
	text, err := template.New("plain").Parse(plainText)
	if err == nil {
		err = text.Execute(&asText, said)
	}
	if err != nil {
		return "", "", fmt.Errorf("write a mail: %w", err)
	}
	page, err := htmltemplate.New("rich").Parse(richText)
	if err == nil {
		err = page.Execute(&asHTML, said)
	}
	if err != nil {
		return "", "", fmt.Errorf("write a mail: %w", err)
	}
	return asText.String(), asHTML.String(), nil
}

// oneLine makes a space of whatever could break a line.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
}

// recipients are those who are told of a fact, and whether at once.
func (s *Service) recipients(ctx context.Context, fact outbox.Fact) (addresses []string, urgent bool) {
	domain, found := s.cfg.Directory.Domain(fact.DomainID)
	if !found {
		s.cfg.Log.WarnContext(ctx, "e-mail: nobody is told of a fact of a domain that is gone", slog.String("fact", fact.ID), slog.String("domain_id", fact.DomainID))
		return nil, false
	}
	if fact.Kind == outbox.KindEmergencyCall {
		return split(domain.Emergency.NotifyEmail), true
	}
	user, found := s.cfg.Directory.User(userOf(fact))
	if !found || user.Disabled || user.Email == "" || domain.Mail.Address == "" {
		return nil, false
	}
	return []string{user.Email}, fact.Kind == outbox.KindPasswordForgotten
}

// split reads addresses with commas between them, each once.
func split(list string) []string {
	var addresses []string
	seen := map[string]bool{}
	for address := range strings.SplitSeq(list, ",") {
		address = strings.TrimSpace(address)
		if key := strings.ToLower(address); address != "" && !seen[key] {
			seen[key] = true
			addresses = append(addresses, address)
		}
	}
	return addresses
}

// letter writes what is told of a fact. The function it returns frees what the
// letter holds open.
func (s *Service) letter(ctx context.Context, domain directory.Domain, fact outbox.Fact) (letter, func(), error) {
	switch fact.Kind {
	case outbox.KindEmergencyCall:
		var call outbox.EmergencyCall
		if err := json.Unmarshal(fact.Payload, &call); err != nil {
			return letter{}, nil, fmt.Errorf("read the fact %s: %w", fact.ID, err)
		}
		return s.ofEmergency(domain, fact.At, call), func() {}, nil
	case outbox.KindMessageLeft:
		var left outbox.MessageLeft
		if err := json.Unmarshal(fact.Payload, &left); err != nil {
			return letter{}, nil, fmt.Errorf("read the fact %s: %w", fact.ID, err)
		}
		return s.ofMessage(ctx, domain, fact.At, left)
	case outbox.KindPasswordForgotten:
		return s.ofForgotten(domain, userOf(fact)), func() {}, nil
	default:
		return letter{}, nil, fmt.Errorf("no mail tells of %q", fact.Kind)
	}
}

// ofMessage tells of a voicemail message, and brings it along.
func (s *Service) ofMessage(ctx context.Context, domain directory.Domain, at time.Time, left outbox.MessageLeft) (letter, func(), error) {
	from := party(left.CallerName, left.CallerNumber, "a caller who shows no number")
	length := fmt.Sprintf("%d:%02d", left.Seconds/60, left.Seconds%60)
	l := letter{
		subject: fmt.Sprintf("Voicemail from %s, %s", from, length),
		rows:    []row{{"From", from}, {"When", when(at, domain)}, {"Length", length}},
		closing: "The message is attached, and waits in your mailbox.",
	}
	if code := domain.HotDesking.MailboxCode; code != "" {
		l.closing = "The message is attached, and waits in your mailbox: dial " + code + " to hear it there."
	}
	sound, _, err := s.cfg.Messages.Open(ctx, left.MessageID)
	if errors.Is(err, voicemail.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		l.closing = "The message has been deleted from your mailbox since."
		return l, func() {}, nil
	}
	if err != nil {
		return letter{}, nil, fmt.Errorf("open the message: %w", err)
	}
	l.soundName = "voicemail-" + at.In(zoneOf(domain)).Format("2006-01-02-1504") + ".wav"
	l.sound = func(w io.Writer) (int64, error) { return io.Copy(w, sound) }
	return l, func() { _ = sound.Close() }, nil
}

// ofForgotten brings the link by which somebody chooses a new password.
func (s *Service) ofForgotten(domain directory.Domain, userID string) letter {
	user, found := s.cfg.Directory.User(userID)
	if !found {
		return letter{subject: "Your Hotdesk account", closing: "The account is gone."}
	}
	return letter{
		subject: "A new password for Hotdesk",
		rows:    []row{{"Account", user.Extension + "@" + domain.Name}, {"Choose it here, within an hour", s.cfg.ResetLink(user)}},
		closing: "If it was not you who asked for this, do nothing: your password stays as it is.",
	}
}

// ofEmergency tells of an emergency call: what somebody needs who runs there.
func (s *Service) ofEmergency(domain directory.Domain, at time.Time, call outbox.EmergencyCall) letter {
	desk := call.DeviceID
	if device, found := s.cfg.Directory.Device(call.DeviceID); found {
		desk = "phone " + device.Name
		if owner, found := s.cfg.Directory.User(device.OwnerID); found {
			desk = party(owner.Name, owner.Extension, desk)
		}
	}
	person := "nobody is logged in there"
	if user, found := s.cfg.Directory.User(call.UserID); found {
		person = party(user.Name, user.Extension, person)
	}
	return letter{
		subject: fmt.Sprintf("EMERGENCY CALL to %s from %s", call.Dialled, desk),
		rows: []row{
			{"Dialled", call.Dialled},
			{"Desk", desk},
			{"Place", or(call.Place, "not known: nobody has said where this desk stands")},
			{"Person", person},
			{"When", when(at, domain)},
			{"Number shown", or(call.CallerID, "none")},
			{"Outside line", or(call.Line, "there is none for the call")},
		},
		closing: "For one hour a call back to the number shown rings that phone.",
	}
}

// party names somebody: "Ben Okafor (1002)".
func party(name, number, nobody string) string {
	switch {
	case name == "" || name == number:
		return or(number, nobody)
	case number == "":
		return name
	default:
		return name + " (" + number + ")"
	}
}

func or(text, otherwise string) string {
	if strings.TrimSpace(text) == "" {
		return otherwise
	}
	return text
}

// when is a time as the clocks in the domain show it.
func when(at time.Time, domain directory.Domain) string {
	return at.In(zoneOf(domain)).Format("Monday, 2 January 2006, 15:04 MST")
}

// zoneOf is a domain's time zone; the directory has checked its name.
func zoneOf(domain directory.Domain) *time.Location {
	zone, err := time.LoadLocation(domain.TimeZone)
	if err != nil {
		return time.UTC
	}
	return zone
}

func deviceOf(fact outbox.Fact) string {
	var call outbox.EmergencyCall
	if fact.Kind != outbox.KindEmergencyCall || json.Unmarshal(fact.Payload, &call) != nil {
		return ""
	}
	return call.DeviceID
}

func userOf(fact outbox.Fact) string {
	var concerned struct {
		UserID string `json:"user_id"`
	}
	if json.Unmarshal(fact.Payload, &concerned) != nil {
		return ""
	}
	return concerned.UserID
}
