package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// keyCommand manages API keys.
type keyCommand struct {
	List   keyList   `cmd:"" help:"List the API keys."`
	Add    keyAdd    `cmd:"" help:"Make an API key, which is shown this once."`
	Remove keyRemove `cmd:"" help:"Revoke an API key at once."`
}

// Help is printed below the flags.
func (keyCommand) Help() string {
	return `Examples:
  hotdesk key add wallboard --scope call_center_supervisor --expires 365d
  hotdesk key add "Ana's script" --user 1001
  hotdesk key add provisioning --scope super_user
  hotdesk key list
  hotdesk key remove 0190f5fe-0000-7000-8000-000000000000`
}

type keyList struct {
	remote `embed:""`
}

// Run lists the keys.
func (c *keyList) Run(ctx context.Context, con console) error {
	server := c.open()
	defer server.Close()
	all, err := server.Keys().List(ctx)
	if err != nil {
		return err
	}
	t := table{heading: "KEY\tNAME\tSCOPE\tDOMAIN\tUSER\tMADE BY\tUSED\tEXPIRES\tID"}
	for _, k := range all {
		t.add(k.Start+"…", k.Name, k.Scope, k.Domain, k.User, k.CreatedBy, clock(k.UsedAt, time.UTC), clock(k.ExpiresAt, time.UTC), k.ID)
	}
	return c.show(con, all, t)
}

type keyAdd struct {
	inDomain `embed:""`

	Name    string `arg:"" help:"What it is for."`
	Scope   string `help:"What it may do: super_user (every domain), reseller, office_manager, site_manager, call_center_supervisor, call_center_agent, basic_user. (default: basic_user)" default:"basic_user" placeholder:"SCOPE"`
	User    string `help:"The user it acts for, whose own things it opens too." placeholder:"EXTENSION"`
	Expires string `help:"When it ends: a number of days such as 90d, or a day such as 2027-01-31, at its beginning in UTC; empty: never." placeholder:"WHEN"`
}

// Run makes a key.
func (c *keyAdd) Run(ctx context.Context, con console) error {
	in := resource.KeyInput{Name: c.Name, Scope: c.Scope, User: c.User}
	var err error
	if in.ExpiresAt, err = parseExpiry(c.Expires, time.Now()); err != nil {
		return err
	}
	server := office{Client: c.remote.open(), domain: c.Domain}
	if c.Scope != string(directory.ScopeSuperUser) {
		if server, err = c.open(ctx); err != nil {
			return err
		}
	}
	defer server.Close()
	in.Domain = server.domain
	k, err := server.Keys().Add(ctx, in)
	if err != nil {
		return err
	}
	return c.tell(con, k, "key %s is there, shown only now: %s", k.Name, k.Key)
}

// parseExpiry reads when a key ends; nil for never.
func parseExpiry(text string, now time.Time) (*time.Time, error) {
	if text == "" {
		return nil, nil
	}
	if number, inDays := strings.CutSuffix(text, "d"); inDays {
		if days, err := strconv.Atoi(number); err == nil && days > 0 {
			at := now.AddDate(0, 0, days)
			return &at, nil
		}
	}
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return nil, fmt.Errorf("%q is no number of days such as 90d and no day such as 2027-01-31", text)
	}
	return &at, nil
}

type keyRemove struct {
	remote `embed:""`

	ID string `arg:"" help:"The ID of the key, as the list shows it."`
}

// Run revokes a key.
func (c *keyRemove) Run(ctx context.Context, con console) error {
	server := c.open()
	defer server.Close()
	if err := server.Keys().Delete(ctx, c.ID); err != nil {
		return err
	}
	return c.tell(con, map[string]string{"revoked": c.ID}, "key %s opens nothing any more", c.ID)
}
