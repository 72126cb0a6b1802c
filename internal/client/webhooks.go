package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// Webhooks makes, lists, changes and removes webhooks of a domain, which are
// named by their IDs.
func (c *Client) Webhooks(domain string) Collection[resource.Webhook, resource.WebhookInput] {
	return Collection[resource.Webhook, resource.WebhookInput]{c, []string{"domains", domain, "webhooks"}}
}

// TestWebhook sends a test event to a webhook, and tells how that went.
func (c *Client) TestWebhook(ctx context.Context, domain, id string) (resource.WebhookTry, error) {
	var t resource.WebhookTry
	err := c.call(ctx, http.MethodPost, path("domains", domain, "webhooks", id, "test"), nil, &t)
	return t, err
}

// ReplayWebhook sends to a webhook again what was sent before.
func (c *Client) ReplayWebhook(ctx context.Context, domain, id, delivery string) (resource.WebhookTry, error) {
	var t resource.WebhookTry
	err := c.call(ctx, http.MethodPost, path("domains", domain, "webhooks", id, "deliveries", delivery, "replay"), nil, &t)
	return t, err
}

// WebhookTries lists what was sent to a webhook, newest first; at most so many, 0: all.
func (c *Client) WebhookTries(ctx context.Context, domain, id string, limit int) ([]resource.WebhookTry, error) {
	return pages[resource.WebhookTry](ctx, c, path("domains", domain, "webhooks", id, "deliveries"), url.Values{}, limit)
}
