// Package notify tells people and programs outside of what happened: by e-mail
// and by webhooks, from the outbox. It knows nothing of SIP or SQL.
package notify

import (
	"cmp"
	"context"
	"crypto/x509"
	"io"
	"log/slog"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
	"github.com/hotdesk-pbx/hotdesk/internal/voicemail"
)

// Consumer is the name under which facts wait for e-mail.
const Consumer = "mail"

// Kinds are the facts that are told by e-mail.
func Kinds() []string {
	return []string{outbox.KindMessageLeft, outbox.KindEmergencyCall, outbox.KindPasswordForgotten}
}

const (
	// keepFacts is how long a fact is kept that everybody has been told: programs
	// that listen to events go on behind one of the last day.
	keepFacts  = 25 * time.Hour
	pruneEvery = time.Hour
)

// Directory is what a [Service] asks of the directory. It answers from memory.
type Directory interface {
	Domain(id string) (directory.Domain, bool)
	User(id string) (directory.User, bool)
	Device(id string) (directory.Device, bool)
}

// Messages opens voicemail messages; voicemail.Service does.
type Messages interface {
	// Open reads a message and its sound, a WAV file. It fails with
	// [voicemail.ErrNotFound].
	Open(ctx context.Context, messageID string) (io.ReadCloser, voicemail.Message, error)
}

// Config is what a [Service] needs; all of it.
type Config struct {
	Outbox    outbox.Store
	Directory Directory
	Messages  Messages
	// ResetLink makes the link by which a user chooses a new password.
	ResetLink func(directory.User) string
	Now       func() time.Time
	Log       *slog.Logger
	// Patience is how long a mail server may take to greet, and then to take a
	// mail; 0: a minute.
	Patience time.Duration
	// Roots are the authorities trusted to vouch for mail servers; nil: those of
	// the system.
	Roots *x509.CertPool
}

// Service sends e-mail. What it has to send is in the outbox, so that nothing
// is lost when it dies, and several servers may do it side by side.
type Service struct {
	cfg     Config
	courier *courier
	pruned  time.Time
}

// New makes a service. [Service.Run] does its work.
func New(cfg Config) *Service {
	cfg.Patience = cmp.Or(cfg.Patience, time.Minute)
	s := &Service{cfg: cfg}
	// A try is claimed for longer than it takes: else another server would make
	// the next meanwhile.
	s.courier = newCourier(courierConfig{
		outbox: cfg.Outbox, address: s.address, deliver: s.deliver, claim: 3 * cfg.Patience, now: cfg.Now,
		log: cfg.Log.With(slog.String("by", "e-mail")),
	})
	return s
}

// Run sends what waits until the context ends. A try that this cuts short is
// made again at the next start.
func (s *Service) Run(ctx context.Context) error { return s.courier.run(ctx, s.prune) }

// address makes the deliveries that a fact leads to.
func (s *Service) address(ctx context.Context, fact outbox.Fact) []outbox.Delivery {
	var deliveries []outbox.Delivery
	recipients, urgent := s.recipients(ctx, fact)
	for _, recipient := range recipients {
		deliveries = append(deliveries, outbox.Delivery{Recipient: recipient, Urgent: urgent})
	}
	return deliveries
}

func (s *Service) prune(ctx context.Context) error {
	now := s.cfg.Now()
	if since := now.Sub(s.pruned); since >= 0 && since < pruneEvery {
		return nil
	}
	s.pruned = now
	_, err := s.cfg.Outbox.Prune(ctx, now.Add(-keepFacts))
	return err
}
