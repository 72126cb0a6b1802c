package restapi

import (
	"context"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// Webhooks tells programs outside of events: [*notify.Webhooks].
type Webhooks interface {
	List(ctx context.Context, domainID string) ([]outbox.Webhook, error)
	Find(ctx context.Context, domainID, id string) (outbox.Webhook, error)
	Change(ctx context.Context, actor directory.Actor, domainID, id string, change func(*outbox.Webhook) error) (outbox.Webhook, error)
	Remove(ctx context.Context, actor directory.Actor, w outbox.Webhook) error
	Send(ctx context.Context, w outbox.Webhook, again *outbox.Try) (outbox.Try, error)
	Tries(ctx context.Context, q outbox.TryQuery) ([]outbox.Try, error)
}

// InWebhook is the part of a request that names a webhook.
type InWebhook struct {
	InDomain
	Webhook string `path:"webhook" doc:"The webhook's ID."`
}

// webhook finds the webhook that a request names.
func (a *API) webhook(ctx context.Context, in InWebhook) (outbox.Webhook, error) {
	d, err := a.whole(ctx, in.Domain)
	if err != nil {
		return outbox.Webhook{}, err
	}
	w, err := a.cfg.Webhooks.Find(ctx, d.ID, in.Webhook)
	if err != nil {
		return w, a.problem(ctx, err, "")
	}
	return w, nil
}

func (a *API) listWebhooks(ctx context.Context, in *struct {
	InDomain
	Page
	Q        string `query:"q" doc:"Only those with that in their address, in any case."`
	Disabled Flag   `query:"disabled" doc:"Only those that are switched off, or are not."`
},
) (*list[resource.Webhook], error) {
	d, err := a.whole(ctx, in.Domain)
	if err != nil {
		return nil, err
	}
	all, err := a.cfg.Webhooks.List(ctx, d.ID)
	if err != nil {
		return nil, a.problem(ctx, err, "")
	}
	found := filtered(all, a.viewWebhook, func(w resource.Webhook) bool { return has(in.Q, w.URL) && in.Disabled.is(w.Disabled) })
	return pageOf(ctx, in.Page, found, func(w resource.Webhook) string { return w.ID })
}

func (a *API) getWebhook(ctx context.Context, in *InWebhook) (*one[resource.Webhook], error) {
	w, err := a.webhook(ctx, *in)
	if err != nil {
		return nil, err
	}
	return oneOf(a.viewWebhook(w)), nil
}

func (a *API) addWebhook(ctx context.Context, in *struct {
	InDomain
	Body resource.WebhookInput
},
) (*one[resource.Webhook], error) {
	d, err := a.whole(ctx, in.Domain)
	if err != nil {
		return nil, err
	}
	return a.saveWebhook(ctx, d.ID, "", in.Body)
}

func (a *API) setWebhook(ctx context.Context, in *struct {
	InWebhook
	Body resource.WebhookInput
},
) (*one[resource.Webhook], error) {
	w, err := a.webhook(ctx, in.InWebhook)
	if err != nil {
		return nil, err
	}
	return a.saveWebhook(ctx, w.DomainID, w.ID, in.Body)
}

// saveWebhook makes or changes a webhook, and shows its secret when that is new.
func (a *API) saveWebhook(ctx context.Context, domainID, id string, in resource.WebhookInput) (*one[resource.Webhook], error) {
	shown := id == "" || in.NewSecret
	saved, err := a.cfg.Webhooks.Change(ctx, peerOf(ctx).actor, domainID, id, func(w *outbox.Webhook) error {
		if id != "" {
			if err := matches(ctx, a.viewWebhook(*w)); err != nil {
				return err
			}
		}
		set(&w.URL, in.URL)
		set(&w.Events, in.Events)
		set(&w.Disabled, in.Disabled)
		if in.NewSecret {
			w.Secret = ""
		}
		return nil
	})
	if err != nil {
		return nil, a.problem(ctx, err, id)
	}
	answer := oneOf(a.viewWebhook(saved))
	if shown {
		answer.Body.Secret = saved.Secret
	}
	return answer, nil
}

func (a *API) deleteWebhook(ctx context.Context, in *InWebhook) (*struct{}, error) {
	w, err := a.webhook(ctx, *in)
	if err == nil {
		err = matches(ctx, a.viewWebhook(w))
	}
	if err == nil {
		err = a.cfg.Webhooks.Remove(ctx, peerOf(ctx).actor, w)
	}
	if err != nil {
		return nil, a.problem(ctx, err, "")
	}
	return &struct{}{}, nil
}

func (a *API) testWebhook(ctx context.Context, in *InWebhook) (*one[resource.WebhookTry], error) {
	return a.sendWebhook(ctx, *in, nil)
}

func (a *API) replayWebhook(ctx context.Context, in *struct {
	InWebhook
	Delivery string `path:"delivery" doc:"The ID of the try."`
},
) (*one[resource.WebhookTry], error) {
	w, err := a.webhook(ctx, in.InWebhook)
	if err != nil {
		return nil, err
	}
	found, err := a.cfg.Webhooks.Tries(ctx, outbox.TryQuery{ID: in.Delivery, WebhookID: w.ID, Limit: 1})
	if err != nil {
		return nil, a.problem(ctx, err, "")
	}
	if len(found) == 0 {
		return nil, none("delivery", in.Delivery)
	}
	return a.sendWebhook(ctx, in.InWebhook, &found[0])
}

func (a *API) sendWebhook(ctx context.Context, in InWebhook, again *outbox.Try) (*one[resource.WebhookTry], error) {
	w, err := a.webhook(ctx, in)
	if err != nil {
		return nil, err
	}
	t, err := a.cfg.Webhooks.Send(ctx, w, again)
	if err != nil {
		return nil, a.problem(ctx, err, "")
	}
	return oneOf(viewTry(t)), nil
}

func (a *API) listDeliveries(ctx context.Context, in *struct {
	InWebhook
	Page
},
) (*list[resource.WebhookTry], error) {
	w, err := a.webhook(ctx, in.InWebhook)
	if err != nil {
		return nil, err
	}
	after, err := parsePlace(in.After)
	if err != nil {
		return nil, err
	}
	found, err := a.cfg.Webhooks.Tries(ctx, outbox.TryQuery{WebhookID: w.ID, AfterAt: after.at, AfterID: after.id, Limit: in.Limit + 1})
	if err != nil {
		return nil, a.problem(ctx, err, "")
	}
	at := func(t outbox.Try) place { return place{t.At, t.ID} }
	return newest(ctx, in.Page, found, at, func(t outbox.Try) (resource.WebhookTry, bool) { return viewTry(t), true }), nil
}

func (a *API) viewWebhook(w outbox.Webhook) resource.Webhook {
	return resource.Webhook{
		ID: w.ID, URL: w.URL, Events: append([]string{}, w.Events...), Disabled: w.Disabled, Why: w.Why, CreatedBy: a.userName(w.CreatedBy), CreatedAt: w.CreatedAt,
	}
}

func viewTry(t outbox.Try) resource.WebhookTry {
	return resource.WebhookTry{
		ID: t.ID, Event: t.EventID, Type: t.Type, At: t.At, Number: t.Number, Status: t.Status, Seconds: t.Took.Seconds(),
		Answer: t.Answer, Failure: t.Failure, Body: string(t.Body),
	}
}
