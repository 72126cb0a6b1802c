package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/eventlog"
	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// longestAnswer bounds what is read of a webhook's answer.
const longestAnswer = 1000

// address makes the deliveries that a fact leads to, one for each webhook that
// has chosen its event.
func (h *Webhooks) address(ctx context.Context, fact outbox.Fact) []outbox.Delivery {
	told, is, err := eventlog.Tell(h.cfg.Directory, fact)
	if err != nil {
		h.cfg.Log.ErrorContext(ctx, "webhooks are not told of a fact", slog.Any("error", err))
	}
	if !is {
		return nil
	}
	h.mu.RLock()
	defer h.mu.RUnlock()
	var deliveries []outbox.Delivery
	for _, w := range h.hooks {
		if w.DomainID == fact.DomainID && !w.Disabled && slices.Contains(w.Events, told.Type) {
			deliveries = append(deliveries, outbox.Delivery{Recipient: w.ID, Lane: w.ID, Urgent: told.Type == resource.EventEmergency})
		}
	}
	return deliveries
}

// deliver tries a delivery once and writes down how it went.
func (h *Webhooks) deliver(ctx context.Context, d outbox.Delivery) error {
	w, err := h.Find(ctx, d.Fact.DomainID, d.Recipient)
	if errors.Is(err, outbox.ErrNoWebhook) || err == nil && w.Disabled {
		return h.cfg.Outbox.Delivered(ctx, d.ID) // nobody wants it any more
	}
	if err != nil {
		return err
	}
	told, _, err := eventlog.Tell(h.cfg.Directory, d.Fact)
	if err != nil {
		return err
	}
	body, err := json.Marshal(told.Event)
	if err != nil {
		return fmt.Errorf("write an event: %w", err)
	}
	t := h.send(ctx, w, outbox.Try{EventID: told.ID, Type: told.Type, Number: d.Tries, Body: body})
	stopped := ctx.Err() != nil
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWrite)
	defer cancel()
	if stopped && t.Status == 0 {
		return h.cfg.Outbox.PutOff(ctx, d.ID, h.cfg.Now(), d.Failure)
	}
	err = h.settle(ctx, w, d, t) // before the log shows it: whoever reads there that a try has failed may count on the next
	if logged := h.cfg.Store.AddTry(ctx, t, t.At.Add(-keepTries)); logged != nil {
		if _, gone := h.Find(ctx, w.DomainID, w.ID); errors.Is(gone, outbox.ErrNoWebhook) {
			return h.cfg.Outbox.Delivered(ctx, d.ID) // it was removed while it was told
		}
		err = errors.Join(err, logged)
	}
	return err
}

// settle decides what becomes of a delivery after a try. It fails when the
// webhook did not do its work.
func (h *Webhooks) settle(ctx context.Context, w outbox.Webhook, d outbox.Delivery, t outbox.Try) error {
	if t.Status/100 == 2 {
		return h.cfg.Outbox.Delivered(ctx, d.ID)
	}
	if t.Status == http.StatusGone { // Standard Webhooks: it wants no more
		return errors.Join(h.cfg.Outbox.Delivered(ctx, d.ID), h.switchOff(ctx, w))
	}
	failure := fmt.Errorf("%s: %s", w.URL, outcome(t))
	now := h.cfg.Now()
	if now.Sub(d.Since) >= giveUpAfter {
		entry := h.entry("system", w, "webhook.given_up")
		entry.Detail = fmt.Sprintf("%s %s to %s", t.Type, t.EventID, failure)
		return errors.Join(failure, h.cfg.Outbox.GiveUp(ctx, d.ID, entry))
	}
	return errors.Join(failure, h.cfg.Outbox.PutOff(ctx, d.ID, now.Add(Backoff(d.Tries, d.Urgent)), outcome(t)))
}

// outcome is how a try went, in words.
func outcome(t outbox.Try) string {
	if t.Status == 0 {
		return t.Failure
	}
	return "answered " + strconv.Itoa(t.Status)
}

// switchOff switches a webhook off that has asked for that.
func (h *Webhooks) switchOff(ctx context.Context, w outbox.Webhook) error {
	h.changing.Lock()
	defer h.changing.Unlock()
	w.Disabled, w.Why = true, "it has answered 410 Gone"
	if err := h.cfg.Store.PutWebhook(ctx, w, h.entry("system", w, "webhook.switched_off")); err != nil {
		return err
	}
	return h.Load(ctx)
}

// Send sends an event to a webhook now, whether or not it is switched off: what
// was sent in a try before, or an event of the type "test" when that is nil. It
// is not sent again when it fails. The try it returns is in the log.
func (h *Webhooks) Send(ctx context.Context, w outbox.Webhook, again *outbox.Try) (outbox.Try, error) {
	domain, _ := h.cfg.Directory.Domain(w.DomainID)
	t := outbox.Try{EventID: directory.NewID(), Type: "test"}
	if again != nil {
		t.EventID, t.Type, t.Body = again.EventID, again.Type, again.Body
	} else {
		var err error
		event := resource.Event{ID: t.EventID, Type: t.Type, Timestamp: h.cfg.Now().UTC().Truncate(time.Millisecond), Domain: domain.Name, Data: struct{}{}}
		if t.Body, err = json.Marshal(event); err != nil {
			return t, fmt.Errorf("write an event: %w", err)
		}
	}
	t = h.send(ctx, w, t)
	return t, h.cfg.Store.AddTry(context.WithoutCancel(ctx), t, t.At.Add(-keepTries))
}

// send makes one request.
func (h *Webhooks) send(ctx context.Context, w outbox.Webhook, t outbox.Try) outbox.Try {
	t.ID, t.WebhookID, t.At = directory.NewID(), w.ID, h.cfg.Now().UTC().Truncate(time.Millisecond)
	begun := time.Now()
	status, answer, err := h.post(ctx, w, t)
	t.Took, t.Status, t.Answer = time.Since(begun).Truncate(time.Millisecond), status, answer
	if err != nil {
		t.Failure = wordsOf(err)
	}
	return t
}

func (h *Webhooks) post(ctx context.Context, w outbox.Webhook, t outbox.Try) (status int, answer string, err error) {
	if err := checkURL(w.URL, w.Anywhere, h.cfg.Networks); err != nil { // the server's networks may be others than when it was made
		return 0, "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, bytes.NewReader(t.Body))
	if err != nil {
		return 0, "", err
	}
	at := strconv.FormatInt(t.At.Unix(), 10)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Hotdesk")
	req.Header.Set("Webhook-Id", t.EventID)
	req.Header.Set("Webhook-Timestamp", at)
	req.Header.Set("Webhook-Signature", Sign(w.Secret, t.EventID, at, t.Body))
	resp, err := h.client(w).Do(req)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, longestAnswer))
	if err != nil { // its status is what counts
		text = nil
	}
	return resp.StatusCode, strings.ToValidUTF8(string(text), "\uFFFD"), nil
}

func (h *Webhooks) client(w outbox.Webhook) *http.Client {
	switch {
	case w.Anywhere:
		return h.anywhere
	case schemeOf(w.URL) == "https":
		return h.secure
	default:
		return h.clear
	}
}

// Sign is the signature of a webhook's request as Standard Webhooks says:
// HMAC-SHA256 over the event's ID, the time in seconds and the body.
func Sign(secret, id, at string, body []byte) string {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, outbox.SecretPrefix))
	if err != nil {
		return ""
	}
	mac := hmac.New(sha256.New, key)
	_, _ = fmt.Fprintf(mac, "%s.%s.%s", id, at, body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
