package main

import (
	"context"

	"github.com/hotdesk-pbx/hotdesk/internal/client"
)

// auditCommand shows the audit log.
type auditCommand struct {
	List auditList `cmd:"" help:"List who did what, newest first."`
}

// Help is printed below the flags.
func (auditCommand) Help() string {
	return `Actions are session.login, session.extended, session.ended, session.refused,
user.added, user.changed, user.removed, user.unlocked, the same of device, and
domain.added, domain.changed, call.emergency, and the added, changed and removed of phone,
number and trunk.

Examples:
  hotdesk audit list
  hotdesk audit list --user 1001 --limit 20
  hotdesk audit list --device 5401 --action session.refused --json`
}

type auditList struct {
	inDomain `embed:""`

	User   string `help:"Only those that concern this user; the ID of one who is gone." placeholder:"EXTENSION"`
	Device string `help:"Only those that concern this device; the ID of one that is gone." placeholder:"NAME"`
	Action string `help:"Only those of this action." placeholder:"ACTION"`
	Limit  int    `help:"At most so many; 0: all. (default ${default})" default:"100" placeholder:"NUMBER"`
}

// Run lists entries, with times in the domain's time zone.
func (c *auditList) Run(ctx context.Context, con console) error {
	server, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer server.Close()
	all, err := server.Audit(ctx, server.domain, client.AuditFilter{User: c.User, Device: c.Device, Action: c.Action, Limit: c.Limit})
	if err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(con.out, all)
	}
	zone, err := zoneOf(ctx, server)
	if err != nil {
		return err
	}
	t := table{heading: "WHEN\tWHO\tWHAT\tUSER\tDEVICE\tDETAIL"}
	for _, e := range all {
		t.add(clock(&e.At, zone), e.Actor, e.Action, e.User, e.Device, e.Detail)
	}
	return c.show(con, all, t)
}
