package portal

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
)

// triesAPage is how many deliveries a page shows.
const triesAPage = 50

// Webhooks tells programs outside of events; notify.Webhooks does.
type Webhooks interface {
	List(ctx context.Context, domainID string) ([]outbox.Webhook, error)
	Find(ctx context.Context, domainID, id string) (outbox.Webhook, error)
	Change(ctx context.Context, actor directory.Actor, domainID, id string, change func(*outbox.Webhook) error) (outbox.Webhook, error)
	Remove(ctx context.Context, actor directory.Actor, w outbox.Webhook) error
	Send(ctx context.Context, w outbox.Webhook, again *outbox.Try) (outbox.Try, error)
	Tries(ctx context.Context, q outbox.TryQuery) ([]outbox.Try, error)
}

func webhookRoutes(hooks string) []route {
	const needs, one = directory.ActManageDomain, "/{webhook}"
	return []route{
		{Pattern: "GET " + hooks, needs: needs, do: (*visit).webhooks},
		{Pattern: "GET " + hooks + "/add", needs: needs, do: (*visit).addWebhookPage},
		{Pattern: "POST " + hooks + "/add", needs: needs, do: (*visit).addWebhook},
		{Pattern: "GET " + hooks + one, needs: needs, do: (*visit).webhookPage},
		{Pattern: "POST " + hooks + one, needs: needs, do: (*visit).saveWebhook},
		{Pattern: "POST " + hooks + one + "/delete", needs: needs, do: (*visit).deleteWebhook},
		{Pattern: "POST " + hooks + one + "/secret", needs: needs, do: (*visit).renewWebhookSecret},
		{Pattern: "POST " + hooks + one + "/test", needs: needs, do: (*visit).testWebhook},
		{Pattern: "POST " + hooks + one + "/deliveries/{delivery}/replay", needs: needs, do: (*visit).replayDelivery},
	}
}

func webhooksPath(domain directory.Domain) string { return domainPath(domain) + "/settings/webhooks" }

func webhookPath(domain directory.Domain, w outbox.Webhook) string {
	return webhooksPath(domain) + "/" + w.ID
}

// webhookView is a webhook and what was sent to it.
type webhookView struct {
	outbox.Webhook

	Domain directory.Domain
	Tries  []tryView // the newest first
	Older  string    // the address of those before; "" for none
}

func (w webhookView) path() string { return webhookPath(w.Domain, w.Webhook) }

// tryView is a request to a webhook in words.
type tryView struct {
	outbox.Try

	When, Which, Result string
	Took                string
	Arrived             bool
}

func (v *visit) viewTry(t outbox.Try) tryView {
	view := tryView{
		Try: t, When: v.clock(v.domain, t.At), Which: "try " + strconv.Itoa(t.Number), Took: milliseconds(t.Took),
		Result: "answered " + strconv.Itoa(t.Status), Arrived: t.Status/100 == 2,
	}
	if t.Number == 0 {
		view.Which = "asked for"
	}
	if t.Status == 0 {
		view.Result = "no answer: " + t.Failure
	}
	return view
}

// webhooks lists the webhooks of a domain, each with what was last sent to it.
func (v *visit) webhooks() error {
	hooks, err := v.cfg.Webhooks.List(v.r.Context(), v.domain.ID)
	if err != nil {
		return err
	}
	views := make([]webhookView, len(hooks))
	for i, w := range hooks {
		if views[i], err = v.viewWebhook(w, outbox.TryQuery{Limit: 1}); err != nil {
			return err
		}
	}
	return v.show(http.StatusOK, "Webhooks", webhookList(v.domain, v.settingsPlaces("Webhooks"), views))
}

// viewWebhook reads of the log of a webhook what a query says.
func (v *visit) viewWebhook(w outbox.Webhook, q outbox.TryQuery) (webhookView, error) {
	view := webhookView{Webhook: w, Domain: v.domain}
	if w.ID == "" {
		return view, nil
	}
	q.WebhookID = w.ID
	most := q.Limit
	q.Limit++
	tries, err := v.cfg.Webhooks.Tries(v.r.Context(), q)
	if len(tries) > most {
		last := tries[most-1]
		view.Older = view.path() + "?before=" + strconv.FormatInt(last.At.UnixMilli(), 10) + "." + last.ID + "#deliveries"
		tries = tries[:most]
	}
	for _, t := range tries {
		view.Tries = append(view.Tries, v.viewTry(t))
	}
	return view, err
}

// webhook is the webhook that the address names.
func (v *visit) webhook() (outbox.Webhook, error) {
	w, err := v.cfg.Webhooks.Find(v.r.Context(), v.domain.ID, v.r.PathValue("webhook"))
	if errors.Is(err, outbox.ErrNoWebhook) {
		return w, errNowhere
	}
	return w, err
}

// webhookTag leaves out the secret, and what the server finds out itself.
func webhookTag(w outbox.Webhook) string { return directory.Tag(w.URL, w.Events, w.Disabled) }

// addWebhookPage shows an empty form.
func (v *visit) addWebhookPage() error {
	return v.showWebhook(outbox.Webhook{}, newForm(seedField, newSeed(), "enabled", "true"))
}

// webhookPage shows a webhook to be changed, and what was sent to it.
func (v *visit) webhookPage() error {
	w, err := v.webhook()
	if err != nil {
		return err
	}
	f := newForm("url", w.URL, "enabled", strconv.FormatBool(!w.Disabled), tagField, webhookTag(w))
	f.Values["events"] = w.Events
	return v.showWebhook(w, f)
}

func (v *visit) showWebhook(w outbox.Webhook, f *form) error {
	q := outbox.TryQuery{Limit: triesAPage}
	if at, id, is := strings.Cut(v.r.URL.Query().Get("before"), "."); is {
		if ms, err := strconv.ParseInt(at, 10, 64); err == nil {
			q.AfterAt, q.AfterID = time.UnixMilli(ms), id
		}
	}
	view, err := v.viewWebhook(w, q)
	if err != nil {
		return err
	}
	title := "Add webhook"
	if w.ID != "" {
		title = "Webhook"
	}
	return v.show(f.status, title, webhookForm(title, view, newForm(seedField, newSeed()), f))
}

// madeError says that a form was sent before, which has made a webhook.
type madeError struct{ made outbox.Webhook }

func (e *madeError) Error() string { return "the webhook is made already" }

// addWebhook makes a webhook and shows its secret once.
func (v *visit) addWebhook() error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	secret, err := f.webhookSecret()
	if err != nil {
		return err
	}
	ctx := v.r.Context()
	w, err := v.cfg.Webhooks.Change(ctx, v.actor(), v.domain.ID, "", func(w *outbox.Webhook) error {
		hooks, err := v.cfg.Webhooks.List(ctx, v.domain.ID)
		for _, made := range hooks {
			if made.Secret == secret {
				return &madeError{made}
			}
		}
		fillWebhook(w, f)
		w.Secret = secret
		return err
	})
	if made, is := errors.AsType[*madeError](err); is {
		w, err = made.made, nil
	}
	if err != nil {
		if err := f.take(err, ""); err != nil {
			return err
		}
		return v.showWebhook(outbox.Webhook{}, f)
	}
	return v.show(http.StatusOK, "Webhook", webhookSecretPage(v.domain, w))
}

// webhookSecret makes a secret, the same each time a form is sent.
func (f *form) webhookSecret() (string, error) {
	seed, err := f.seed()
	if err != nil {
		return "", err
	}
	random, err := seed.bytes("webhook")
	if err != nil {
		return "", err
	}
	return outbox.NewSecret(random)
}

func fillWebhook(w *outbox.Webhook, f *form) {
	w.URL, w.Events, w.Disabled = f.text("url"), f.Values["events"], !f.ticked("enabled")
}

// saveWebhook changes a webhook as a form says.
func (v *visit) saveWebhook() error {
	w, err := v.webhook()
	if err != nil {
		return err
	}
	f, err := v.readForm()
	if err != nil {
		return err
	}
	_, err = v.cfg.Webhooks.Change(v.r.Context(), v.actor(), v.domain.ID, w.ID, func(w *outbox.Webhook) error {
		if f.Values.Get(tagField) != webhookTag(*w) {
			return directory.ErrStale
		}
		fillWebhook(w, f)
		return nil
	})
	if err != nil {
		if err := f.take(err, ""); err != nil {
			return err
		}
		return v.showWebhook(w, f)
	}
	return v.done(webhookPath(v.domain, w), "The webhook is saved.")
}

// renewWebhookSecret gives a webhook another secret and shows it once.
func (v *visit) renewWebhookSecret() error {
	w, err := v.webhook()
	if err != nil {
		return err
	}
	f, err := v.readForm()
	if err != nil {
		return err
	}
	secret, err := f.webhookSecret()
	if err != nil {
		return err
	}
	w, err = v.cfg.Webhooks.Change(v.r.Context(), v.actor(), v.domain.ID, w.ID, func(w *outbox.Webhook) error {
		w.Secret = secret
		return nil
	})
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "Webhook", webhookSecretPage(v.domain, w))
}

// deleteWebhook removes a webhook.
func (v *visit) deleteWebhook() error {
	w, err := v.webhook()
	if err != nil {
		return err
	}
	if err := v.cfg.Webhooks.Remove(v.r.Context(), v.actor(), w); err != nil {
		return err
	}
	return v.done(webhooksPath(v.domain), "The webhook to "+w.URL+" is removed.")
}

// testWebhook sends a test event and says how that went.
func (v *visit) testWebhook() error {
	w, err := v.webhook()
	if err != nil {
		return err
	}
	return v.sendTo(w, nil, "The test")
}

// replayDelivery sends again what was sent before, and says how that went.
func (v *visit) replayDelivery() error {
	w, err := v.webhook()
	if err != nil {
		return err
	}
	tries, err := v.cfg.Webhooks.Tries(v.r.Context(), outbox.TryQuery{ID: v.r.PathValue("delivery"), WebhookID: w.ID, Limit: 1})
	switch {
	case err != nil:
		return err
	case len(tries) == 0:
		return errNowhere
	}
	return v.sendTo(w, &tries[0], "The event "+tries[0].Type)
}

func (v *visit) sendTo(w outbox.Webhook, again *outbox.Try, what string) error {
	t, err := v.cfg.Webhooks.Send(v.r.Context(), w, again)
	if err != nil {
		return err
	}
	return v.done(webhookPath(v.domain, w), sent(what, t))
}

// sent says in words how it went to send something.
func sent(what string, t outbox.Try) string {
	answer := strconv.Itoa(t.Status) + " " + http.StatusText(t.Status)
	switch {
	case t.Status == 0:
		return what + " did not arrive: " + t.Failure + "."
	case t.Status/100 == 2:
		return what + " has arrived: the program answered " + strings.TrimSpace(answer) + " after " + milliseconds(t.Took) + "."
	default:
		return what + " was not taken: the program answered " + strings.TrimSpace(answer) + ". Only 200 to 299 count as taken."
	}
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) + " ms" }
