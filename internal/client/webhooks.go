package client

import (
	"context"

	api "github.com/hotdesk-pbx/hotdesk/client"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// Webhooks makes, lists, changes and removes webhooks of a domain, which are
// named by their IDs.
func (c *Client) Webhooks(domain string) Collection[resource.Webhook, resource.WebhookInput] {
	return Collection[resource.Webhook, resource.WebhookInput]{
		list:   listed(domain, c.api.ListWebhooksWithResponse),
		get:    named(domain, c.api.GetWebhookWithResponse),
		add:    made(domain, c.api.AddWebhookWithBodyWithResponse),
		set:    changed(domain, c.api.SetWebhookWithBodyWithResponse),
		remove: named(domain, c.api.DeleteWebhookWithResponse),
	}
}

// TestWebhook sends a test event to a webhook, and tells how that went.
func (c *Client) TestWebhook(ctx context.Context, domain, id string) (resource.WebhookTry, error) {
	return read[resource.WebhookTry](c.api.TestWebhookWithResponse(ctx, domain, id, nil))
}

// ReplayWebhook sends to a webhook again what was sent before.
func (c *Client) ReplayWebhook(ctx context.Context, domain, id, delivery string) (resource.WebhookTry, error) {
	return read[resource.WebhookTry](c.api.ReplayDeliveryWithResponse(ctx, domain, id, delivery, nil))
}

// WebhookTries lists what was sent to a webhook, newest first; at most so many, 0: all.
func (c *Client) WebhookTries(ctx context.Context, domain, id string, most int) ([]resource.WebhookTry, error) {
	return pages[resource.WebhookTry](most, func(page api.RequestEditorFn) (answer, error) {
		return c.api.ListDeliveriesWithResponse(ctx, domain, id, nil, page)
	})
}
