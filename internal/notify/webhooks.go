package notify

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/eventlog"
	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// WebhookConsumer is the name under which facts wait for webhooks.
const WebhookConsumer = "webhooks"

const (
	// keepTries is how long the log of a webhook goes back.
	keepTries = 7 * 24 * time.Hour
	// mostWebhooks bounds those of one domain.
	mostWebhooks = 50
)

// kindsOf are the facts that lead to a type of event.
func kindsOf(event string) string {
	switch event {
	case resource.EventLogin:
		return outbox.KindLogin
	case resource.EventRefused:
		return outbox.KindRefused
	case resource.EventMessage:
		return outbox.KindMessageLeft
	case resource.EventCall:
		return outbox.KindCallEnded
	case resource.EventEmergency:
		return outbox.KindEmergencyCall
	default:
		return outbox.KindEnded
	}
}

// WebhookOutbox is the outbox of webhooks, whose wishes change.
type WebhookOutbox interface {
	outbox.Store
	// Wait has facts of these kinds, and no others, wait.
	Wait(kinds ...string)
}

// WebhooksConfig is what [Webhooks] need; all of it.
type WebhooksConfig struct {
	Outbox    WebhookOutbox
	Store     outbox.WebhookStore
	Directory eventlog.Directory
	Networks  []netip.Prefix // besides the public Internet, to which anybody's webhooks may lead
	Now       func() time.Time
	Log       *slog.Logger
	// Patience is how long a webhook may take to answer; 0: ten seconds.
	Patience time.Duration
}

// Webhooks tells programs outside of events, by requests that are signed as
// Standard Webhooks says. It is safe for concurrent use.
type Webhooks struct {
	cfg     WebhooksConfig
	courier *courier
	// For webhooks that may lead anywhere, for https, and for http.
	anywhere, secure, clear *http.Client

	changing sync.Mutex // one change after the other
	mu       sync.RWMutex
	hooks    map[string]outbox.Webhook // guarded by mu
}

// NewWebhooks makes the service of webhooks. [Webhooks.Run] does its work.
func NewWebhooks(cfg WebhooksConfig) *Webhooks {
	cfg.Patience = cmp.Or(cfg.Patience, 10*time.Second)
	h := &Webhooks{cfg: cfg, hooks: map[string]outbox.Webhook{}}
	reach := func(scheme string) func(netip.Addr) bool {
		return func(ip netip.Addr) bool { return mayReach(ip, scheme, cfg.Networks) }
	}
	h.anywhere = newClient(cfg.Patience, func(netip.Addr) bool { return true })
	h.secure, h.clear = newClient(cfg.Patience, reach("https")), newClient(cfg.Patience, reach("http"))
	h.courier = newCourier(courierConfig{
		outbox: cfg.Outbox, address: h.address, deliver: h.deliver, claim: 3 * cfg.Patience, now: cfg.Now, log: cfg.Log.With(slog.String("by", "webhook")),
	})
	return h
}

// Load reads the webhooks, so that facts wait for them from now on.
func (h *Webhooks) Load(ctx context.Context) error {
	all, err := h.cfg.Store.Webhooks(ctx, "")
	if err != nil {
		return fmt.Errorf("read the webhooks: %w", err)
	}
	hooks := make(map[string]outbox.Webhook, len(all))
	var kinds []string
	for _, w := range all {
		hooks[w.ID] = w
		for _, event := range w.Events {
			if kind := kindsOf(event); !w.Disabled && !slices.Contains(kinds, kind) {
				kinds = append(kinds, kind)
			}
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hooks = hooks
	h.cfg.Outbox.Wait(kinds...)
	return nil
}

// Run sends what waits until the context ends.
func (h *Webhooks) Run(ctx context.Context) error {
	defer func() {
		for _, c := range []*http.Client{h.anywhere, h.secure, h.clear} {
			c.CloseIdleConnections()
		}
	}()
	return h.courier.run(ctx, h.Load) // which sees what other servers have changed
}

// List lists the webhooks of a domain, the oldest first.
func (h *Webhooks) List(ctx context.Context, domainID string) ([]outbox.Webhook, error) {
	return h.cfg.Store.Webhooks(ctx, domainID)
}

// Find finds a webhook of a domain, or fails with [outbox.ErrNoWebhook].
func (h *Webhooks) Find(ctx context.Context, domainID, id string) (outbox.Webhook, error) {
	all, err := h.cfg.Store.Webhooks(ctx, domainID)
	if err != nil {
		return outbox.Webhook{}, err
	}
	for _, w := range all {
		if w.ID == id {
			return w, nil
		}
	}
	return outbox.Webhook{}, outbox.ErrNoWebhook
}

// Change makes a webhook of a domain, when id is "", or changes one. The function
// changes a copy; one that it leaves without a secret gets a new one. It fails
// with a [*FieldError], with [outbox.ErrNoWebhook] and with what the function
// returns.
func (h *Webhooks) Change(ctx context.Context, actor directory.Actor, domainID, id string, change func(*outbox.Webhook) error) (outbox.Webhook, error) {
	h.changing.Lock()
	defer h.changing.Unlock()
	find, action := h.Find, "webhook.changed"
	if id == "" {
		find, action = h.begin, "webhook.added"
	}
	w, err := find(ctx, domainID, id)
	if err != nil {
		return w, err
	}
	was := w
	w.CreatedBy = cmp.Or(w.CreatedBy, actor.Name)
	if err := change(&w); err != nil {
		return w, err
	}
	if w.URL != was.URL {
		w.Anywhere = directory.May(actor, directory.ActManageServer, directory.Target{})
	}
	if !w.Disabled {
		w.Why = ""
	}
	if err := h.check(&w); err != nil {
		return w, err
	}
	if err := h.cfg.Store.PutWebhook(ctx, w, h.entry(actor.Name, w, action)); err != nil {
		return w, err
	}
	return w, h.Load(ctx)
}

// begin is a new webhook.
func (h *Webhooks) begin(ctx context.Context, domainID, _ string) (outbox.Webhook, error) {
	before, err := h.cfg.Store.Webhooks(ctx, domainID)
	if err == nil && len(before) >= mostWebhooks {
		err = &FieldError{"url", fmt.Sprintf("a domain has at most %d webhooks: remove one first", mostWebhooks)}
	}
	return outbox.Webhook{ID: directory.NewID(), DomainID: domainID, CreatedAt: h.cfg.Now().UTC().Truncate(time.Millisecond)}, err
}

// check refuses what is no webhook, and completes what is one.
func (h *Webhooks) check(w *outbox.Webhook) error {
	w.URL = strings.TrimSpace(w.URL)
	if err := checkURL(w.URL, w.Anywhere, h.cfg.Networks); err != nil {
		return err
	}
	slices.Sort(w.Events)
	w.Events = slices.Compact(w.Events)
	for _, event := range w.Events {
		if !slices.Contains(resource.WebhookEvents(), event) {
			return &FieldError{"events", fmt.Sprintf("%q is no event of which webhooks are told; these are %s", event, strings.Join(resource.WebhookEvents(), ", "))}
		}
	}
	if len(w.Events) == 0 {
		return &FieldError{"events", "choose one at least: " + strings.Join(resource.WebhookEvents(), ", ")}
	}
	if w.Secret == "" {
		var err error
		w.Secret, err = outbox.NewSecret(rand.Reader)
		return err
	}
	return nil
}

// Remove removes a webhook with all that was still to be sent to it.
func (h *Webhooks) Remove(ctx context.Context, actor directory.Actor, w outbox.Webhook) error {
	h.changing.Lock()
	defer h.changing.Unlock()
	if err := h.cfg.Store.DropWebhook(ctx, w.ID, h.entry(actor.Name, w, "webhook.removed")); err != nil {
		return err
	}
	return h.Load(ctx)
}

// Tries reads what was sent to a webhook, newest first.
func (h *Webhooks) Tries(ctx context.Context, q outbox.TryQuery) ([]outbox.Try, error) {
	return h.cfg.Store.Tries(ctx, q)
}

func (h *Webhooks) entry(actor string, w outbox.Webhook, action string) audit.Entry {
	return audit.Entry{ID: directory.NewID(), DomainID: w.DomainID, At: h.cfg.Now().UTC(), Actor: actor, Action: action, Detail: w.URL}
}
