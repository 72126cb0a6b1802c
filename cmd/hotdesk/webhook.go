package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// webhookCommand manages webhooks.
type webhookCommand struct {
	List   webhookList   `cmd:"" help:"List the webhooks."`
	Add    webhookAdd    `cmd:"" help:"Have a program told of events."`
	Set    webhookSet    `cmd:"" help:"Change a webhook."`
	Test   webhookTest   `cmd:"" help:"Send a test event now."`
	Log    webhookLog    `cmd:"" help:"Show what was sent, newest first."`
	Replay webhookReplay `cmd:"" help:"Send an event of the log again, now."`
	Remove webhookRemove `cmd:"" help:"Remove a webhook, with what was still to be sent to it."`
}

// Help is printed below the flags.
func (webhookCommand) Help() string {
	return `A webhook is the address of a program, which is told of events by signed
requests (Standard Webhooks): login, refused, released, moved, expired, message,
call, emergency.

Examples:
  hotdesk webhook add https://example.com/hook --events login,released
  hotdesk webhook set 0190f5fe-0000-7000-8000-000000000000 --no-disabled
  hotdesk webhook test 0190f5fe-0000-7000-8000-000000000000
  hotdesk webhook log 0190f5fe-0000-7000-8000-000000000000
  hotdesk webhook replay 0190f5fe-0000-7000-8000-000000000000 0190f5fe-0000-7000-8000-000000000001
  hotdesk webhook list
  hotdesk webhook remove 0190f5fe-0000-7000-8000-000000000000`
}

type webhookList struct {
	inDomain `embed:""`
}

// Run lists the webhooks.
func (c *webhookList) Run(ctx context.Context, con console) error {
	server, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer server.Close()
	all, err := server.Webhooks(server.domain).List(ctx)
	if err != nil {
		return err
	}
	t := table{heading: "URL\tEVENTS\tMADE BY\tDISABLED\tWHY\tID"}
	for _, w := range all {
		t.add(w.URL, strings.Join(w.Events, ","), w.CreatedBy, yes(w.Disabled), w.Why, w.ID)
	}
	return c.show(con, all, t)
}

type webhookAdd struct {
	inDomain `embed:""`

	URL    string   `arg:"" name:"url" help:"Where to, over https."`
	Events []string `help:"What of, with commas between." required:"" placeholder:"EVENT,…"`
}

// Run makes a webhook.
func (c *webhookAdd) Run(ctx context.Context, con console) error {
	server, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer server.Close()
	w, err := server.Webhooks(server.domain).Add(ctx, resource.WebhookInput{URL: &c.URL, Events: &c.Events})
	if err != nil {
		return err
	}
	return c.tell(con, w, "webhook %s is there; its secret, shown only now: %s", w.ID, w.Secret)
}

type webhookSet struct {
	inDomain `embed:""`

	ID        string    `arg:"" help:"The ID of the webhook, as the list shows it."`
	URL       *string   `name:"url" help:"Where to." placeholder:"URL"`
	Events    *[]string `help:"What of, with commas between." placeholder:"EVENT,…"`
	Disabled  *bool     `help:"It is switched off." negatable:""`
	NewSecret bool      `help:"Make a new secret."`
}

// Run changes a webhook.
func (c *webhookSet) Run(ctx context.Context, con console) error {
	if c.URL == nil && c.Events == nil && c.Disabled == nil && !c.NewSecret {
		return errNoChange
	}
	server, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer server.Close()
	w, err := server.Webhooks(server.domain).Set(ctx, c.ID, resource.WebhookInput{URL: c.URL, Events: c.Events, Disabled: c.Disabled, NewSecret: c.NewSecret})
	if err != nil {
		return err
	}
	if w.Secret != "" {
		return c.tell(con, w, "webhook %s is changed; its secret, shown only now: %s", w.ID, w.Secret)
	}
	return c.tell(con, w, "webhook %s is changed", w.ID)
}

type webhookTest struct {
	inDomain `embed:""`

	ID string `arg:"" help:"The ID of the webhook."`
}

// Run sends a test event.
func (c *webhookTest) Run(ctx context.Context, con console) error {
	server, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer server.Close()
	t, err := server.TestWebhook(ctx, server.domain, c.ID)
	if err != nil {
		return err
	}
	return c.tryTold(con, t)
}

// tryTold tells how a try went, and fails when it did.
func (d inDomain) tryTold(con console, t resource.WebhookTry) error {
	if t.Status/100 == 2 {
		return d.tell(con, t, "answered %d after %s", t.Status, tookOf(t))
	}
	if d.JSON {
		if err := writeJSON(con.out, t); err != nil {
			return err
		}
	}
	if t.Status == 0 {
		return fmt.Errorf("no answer: %s", t.Failure)
	}
	return fmt.Errorf("answered %d: %s", t.Status, t.Answer)
}

func tookOf(t resource.WebhookTry) time.Duration {
	return time.Duration(t.Seconds * float64(time.Second)).Round(time.Millisecond)
}

type webhookLog struct {
	inDomain `embed:""`

	ID    string `arg:"" help:"The ID of the webhook."`
	Limit int    `help:"At most so many; 0: all. (default ${default})" default:"100" placeholder:"NUMBER"`
}

// Run shows what was sent.
func (c *webhookLog) Run(ctx context.Context, con console) error {
	server, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer server.Close()
	all, err := server.WebhookTries(ctx, server.domain, c.ID, c.Limit)
	if err != nil {
		return err
	}
	zone, err := zoneOf(ctx, server)
	if err != nil {
		return err
	}
	t := table{heading: "WHEN\tEVENT\tTRY\tSTATUS\tTOOK\tFAILURE\tID"}
	for _, r := range all {
		t.add(clock(&r.At, zone), r.Type, strconv.Itoa(r.Number), strconv.Itoa(r.Status), tookOf(r).String(), r.Failure, r.ID)
	}
	return c.show(con, all, t)
}

type webhookReplay struct {
	inDomain `embed:""`

	ID       string `arg:"" help:"The ID of the webhook."`
	Delivery string `arg:"" help:"The ID of what was sent, as the log shows it."`
}

// Run sends an event again.
func (c *webhookReplay) Run(ctx context.Context, con console) error {
	server, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer server.Close()
	t, err := server.ReplayWebhook(ctx, server.domain, c.ID, c.Delivery)
	if err != nil {
		return err
	}
	return c.tryTold(con, t)
}

type webhookRemove struct {
	inDomain `embed:""`

	ID string `arg:"" help:"The ID of the webhook."`
}

// Run removes a webhook.
func (c *webhookRemove) Run(ctx context.Context, con console) error {
	server, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer server.Close()
	if err := server.Webhooks(server.domain).Delete(ctx, c.ID); err != nil {
		return err
	}
	return c.tell(con, map[string]string{"deleted": c.ID}, "webhook %s is gone", c.ID)
}
