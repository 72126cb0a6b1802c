package notify

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	netmail "net/mail"
	"strconv"

	"github.com/wneessen/go-mail"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
)

// submissions is the port at which TLS comes first (RFC 8314 3.3).
const submissions = 465

// send writes a delivery's mail and gives it to the domain's server. A server
// that took the mail and then failed has taken it.
func (s *Service) send(ctx context.Context, d outbox.Delivery) error {
	ctx, cancel := context.WithTimeout(ctx, 2*s.cfg.Patience)
	defer cancel()
	domain, found := s.cfg.Directory.Domain(d.Fact.DomainID)
	if !found || domain.Mail.Address == "" {
		return errNoServer
	}
	letter, closed, err := s.letter(ctx, domain, d.Fact)
	if err != nil {
		return err
	}
	defer closed()
	message, err := letter.message(domain, d)
	if err != nil {
		return err
	}
	client, err := s.client(ctx, domain.Mail)
	if err != nil {
		return err
	}
	if err := client.DialAndSendWithContext(ctx, message); err != nil && !message.IsDelivered() {
		return err
	}
	return nil
}

// client speaks to a mail server: encrypted when the server can, and with the
// password only when it is encrypted to the right one.
func (s *Service) client(ctx context.Context, server directory.MailServer) (*mail.Client, error) {
	host, service, err := net.SplitHostPort(server.Address)
	if err != nil {
		return nil, fmt.Errorf("the mail server's address: %w", err)
	}
	port, err := strconv.Atoi(service)
	if err != nil {
		return nil, fmt.Errorf("the mail server's port: %w", err)
	}
	options := []mail.Option{
		mail.WithPort(port), mail.WithTimeout(s.cfg.Patience), mail.WithTLSPolicy(mail.TLSOpportunistic), mail.WithoutNoop(),
		mail.WithTLSConfig(&tls.Config{
			ServerName: host, MinVersion: tls.VersionTLS12, RootCAs: s.cfg.Roots,
			// Without a password nothing but the mail is at stake, which would else go in clear (RFC 7435).
			InsecureSkipVerify: server.User == "", //nolint:gosec // see above
		}),
	}
	if port == submissions {
		options = append(options, mail.WithSSL())
	} else {
		options = append(options, mail.WithDialContextFunc(dialer(ctx)))
	}
	if server.User != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(server.User), mail.WithPassword(server.Password))
	}
	return mail.NewClient(host, options...)
}

// dialer opens connections that end with the context: the library minds that
// only while it dials.
func dialer(ctx context.Context) mail.DialContextFunc {
	return func(dialing context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(dialing, network, address)
		if err == nil {
			context.AfterFunc(ctx, func() { _ = conn.Close() })
		}
		return conn, err
	}
}

// message puts a letter into the form of mail. Names and texts come from people
// and from callers: the library encodes them, and none may break a line.
func (l letter) message(domain directory.Domain, d outbox.Delivery) (*mail.Msg, error) {
	from, err := netmail.ParseAddress(cmp.Or(domain.Mail.From, "hotdesk@"+domain.Name))
	if err != nil {
		return nil, fmt.Errorf("the sender's address: %w", err)
	}
	from.Name = cmp.Or(from.Name, "Hotdesk")
	to, err := netmail.ParseAddress(d.Recipient)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNobody, err)
	}
	plain, rich, err := l.bodies()
	if err != nil {
		return nil, err
	}
	m := mail.NewMsg(mail.WithNoDefaultUserAgent())
	m.FromMailAddress(from)
	m.ToMailAddress(to)
	m.Subject(oneLine(l.subject))
	m.SetDateWithValue(d.Fact.At)
	m.SetMessageIDWithValue(d.Fact.ID + "@" + domain.Name) // the same each time, so that a mail that comes twice is known
	m.SetGenHeader("Auto-Submitted", "auto-generated")     // RFC 3834: nobody is out of office for us
	if d.Urgent {
		m.SetImportance(mail.ImportanceHigh)
	}
	m.SetBodyString(mail.TypeTextPlain, plain)
	m.AddAlternativeString(mail.TypeTextHTML, rich)
	if l.sound != nil {
		m.SetAttachments([]*mail.File{{Name: l.soundName, ContentType: "audio/wav", Header: map[string][]string{}, Writer: l.sound}})
	}
	return m, nil
}
