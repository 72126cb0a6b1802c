package outbox

import (
	"context"
	"errors"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
)

// ErrNoWebhook says that there is no such webhook, or no such try of one.
var ErrNoWebhook = errors.New("there is no such webhook")

// Webhook is an address of a program outside that is told of events.
type Webhook struct {
	ID        string
	DomainID  string
	URL       string
	Events    []string // the types of events
	Secret    string   // "whsec_…", in clear: each request is signed with it
	Anywhere  bool     // may lead to any address: it was set by who manages the server
	Disabled  bool
	Why       string // it was switched off by the server; "": it was not
	CreatedBy string // as [audit.Entry] Actor
	CreatedAt time.Time
}

// Try is one request to a webhook.
type Try struct {
	ID        string
	WebhookID string
	EventID   string
	Type      string // of the event
	At        time.Time
	Number    int // of the try; 0: somebody asked for it
	Status    int // 0: there was no answer
	Took      time.Duration
	Answer    string // its beginning
	Failure   string // why there was none
	Body      []byte // what was sent
}

// WebhookStore keeps webhooks, and a log of what was sent to them.
type WebhookStore interface {
	// Webhooks lists those of a domain, or all when domainID is "", the oldest first.
	Webhooks(ctx context.Context, domainID string) ([]Webhook, error)
	// PutWebhook stores a webhook, new or again, with the entry that says who
	// wanted that.
	PutWebhook(ctx context.Context, w Webhook, entry audit.Entry) error
	// DropWebhook removes a webhook with its log, and what is still to be sent to it.
	DropWebhook(ctx context.Context, id string, entry audit.Entry) error
	// AddTry writes a try into the log, and forgets those of the webhook that are
	// older than a time.
	AddTry(ctx context.Context, t Try, before time.Time) error
	// Tries reads the log, newest first.
	Tries(ctx context.Context, q TryQuery) ([]Try, error)
}

// TryQuery selects tries; empty fields select all.
type TryQuery struct {
	ID        string
	WebhookID string
	AfterAt   time.Time // only what comes behind the one of that time and ID
	AfterID   string
	Limit     int // 0: all
}
