// Package notify tells people outside of what happened: by e-mail, from the
// outbox. It knows nothing of SIP or SQL.
package notify

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"sync"
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
	// lookEvery is how often the outbox is looked at; where nothing waits that
	// costs next to nothing.
	lookEvery = time.Second
	// page is how many facts are taken in one transaction.
	page = 256
	// maxLanes bounds the mail servers that are spoken to at the same time. Only
	// when so many of them hang does another domain's mail wait, a minute or two.
	maxLanes = 256
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
	cfg    Config
	lanes  sync.WaitGroup
	mu     sync.Mutex      // guards what follows
	busy   map[string]bool // the domains whose mail is being sent, by ID
	rest   map[string]rest // the domains whose server did not answer
	pruned time.Time
}

// rest is how long a domain's server is left alone.
type rest struct {
	until  time.Time
	failed int // tries in a row
}

// New makes a service. [Service.Run] does its work.
func New(cfg Config) *Service {
	cfg.Patience = cmp.Or(cfg.Patience, time.Minute)
	return &Service{cfg: cfg, busy: map[string]bool{}, rest: map[string]rest{}}
}

// Run sends what waits until the context ends. A try that this cuts short is
// made again at the next start.
func (s *Service) Run(ctx context.Context) error {
	defer s.lanes.Wait()
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		s.attempt(ctx, "take facts", s.take)
		s.attempt(ctx, "find mail that is due", s.startLanes)
		s.attempt(ctx, "forget old facts", s.prune)
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// attempt does a task that is done again soon in any case.
func (s *Service) attempt(ctx context.Context, task string, do func(context.Context) error) {
	if err := do(ctx); err != nil && ctx.Err() == nil {
		s.cfg.Log.ErrorContext(ctx, "e-mail: a task failed", slog.String("task", task), slog.Any("error", err))
	}
}

// take makes deliveries of the facts that wait.
func (s *Service) take(ctx context.Context) error {
	for {
		facts, err := s.cfg.Outbox.Waiting(ctx, page)
		if err != nil || len(facts) == 0 {
			return err
		}
		now := s.cfg.Now()
		var deliveries []outbox.Delivery
		for _, fact := range facts {
			recipients, urgent := s.recipients(ctx, fact)
			for _, recipient := range recipients {
				deliveries = append(deliveries, outbox.Delivery{
					ID: directory.NewID(), Fact: fact, Recipient: recipient, Urgent: urgent, Since: now, DueAt: now,
				})
			}
		}
		if err := s.cfg.Outbox.Take(ctx, facts, deliveries); err != nil || len(facts) < page {
			return err
		}
	}
}

// startLanes has each domain's mail sent on its own, so that none waits for
// another's server.
func (s *Service) startLanes(ctx context.Context) error {
	now := s.cfg.Now()
	domains, err := s.cfg.Outbox.Due(ctx, now)
	if err != nil {
		return err
	}
	for _, id := range domains {
		if s.enter(id, now) {
			s.lanes.Go(func() {
				defer s.leave(id)
				s.lane(ctx, id)
			})
		}
	}
	return nil
}

func (s *Service) enter(domainID string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy[domainID] || len(s.busy) >= maxLanes || now.Before(s.rest[domainID].until) {
		return false
	}
	s.busy[domainID] = true
	return true
}

func (s *Service) leave(domainID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.busy, domainID)
}

// works notes that a domain's mail server did its work.
func (s *Service) works(domainID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.rest, domainID)
}

// fails leaves a mail server alone that did not do its work, for a minute at most.
func (s *Service) fails(domainID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	failed := s.rest[domainID].failed + 1
	s.rest[domainID] = rest{until: s.cfg.Now().Add(min(Backoff(failed, true), time.Minute)), failed: failed}
}

// lane sends a domain's mail, one after the other, until nothing is due or its
// server does not do its work.
func (s *Service) lane(ctx context.Context, domainID string) {
	for ctx.Err() == nil {
		now := s.cfg.Now()
		// Longer than a try takes: else another server would make the next meanwhile.
		d, err := s.cfg.Outbox.Claim(ctx, domainID, now, now.Add(3*s.cfg.Patience))
		if errors.Is(err, outbox.ErrNone) {
			return
		}
		if err == nil {
			err = s.deliver(ctx, d)
		}
		if err != nil {
			s.fails(domainID)
			s.cfg.Log.WarnContext(ctx, "e-mail was not sent", slog.String("domain_id", domainID), slog.Any("error", err))
			return
		}
		s.works(domainID)
	}
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
