package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	api "github.com/hotdesk-pbx/hotdesk/client"
	"github.com/hotdesk-pbx/hotdesk/internal/client"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// sessionCommand shows who sits where, and changes it.
type sessionCommand struct {
	List  sessionList  `cmd:"" help:"List who is logged in where."`
	Start sessionStart `cmd:"" help:"Log a person in at a hot desk."`
	End   sessionEnd   `cmd:"" help:"End the session at a hot desk."`
}

// Help is printed below the flags.
func (sessionCommand) Help() string {
	return `Examples:
  hotdesk session list
  hotdesk session list --all --user 1001
  hotdesk session start 5401 1001
  hotdesk session end 5401`
}

type sessionList struct {
	inDomain `embed:""`

	All    bool   `help:"Also those that are over."`
	Device string `help:"Only those at this device." placeholder:"NAME"`
	User   string `help:"Only those of this person." placeholder:"EXTENSION"`
}

// Run lists sessions, with times in the domain's time zone.
func (c *sessionList) Run(ctx context.Context, con console) error {
	server, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer server.Close()
	all, err := server.Sessions(ctx, server.domain, client.SessionFilter{Device: c.Device, User: c.User, Open: !c.All})
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
	t := table{heading: "DESK\tUSER\tNAME\tSINCE\tUNTIL\tENDED\tREASON\tID"}
	for _, s := range all {
		t.add(s.Device, s.User, s.UserName, clock(&s.StartedAt, zone), clock(s.EndsAt, zone), clock(s.EndedAt, zone), s.Reason, s.ID)
	}
	return c.show(con, all, t)
}

// zoneOf is the time zone of the domain; UTC where this machine does not know it.
func zoneOf(ctx context.Context, server office) (*time.Location, error) {
	d, err := server.Domains().Get(ctx, server.domain)
	if err != nil {
		return nil, err
	}
	if zone, err := time.LoadLocation(d.TimeZone); err == nil {
		return zone, nil
	}
	return time.UTC, nil
}

// clock writes a time of a domain; nothing for one that is not set.
func clock(t *time.Time, zone *time.Location) string {
	if t == nil {
		return ""
	}
	return t.In(zone).Format("2006-01-02 15:04 MST")
}

type sessionStart struct {
	inDomain `embed:""`

	Device   string `arg:"" help:"The name of the hot desk's device."`
	User     string `arg:"" help:"The person's extension."`
	TakeOver bool   `help:"Take the desk from whoever holds it, where the policy offers that."`
}

// Run logs a person in.
func (c *sessionStart) Run(ctx context.Context, con console) error {
	server, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer server.Close()
	s, err := server.StartSession(ctx, server.domain, resource.SessionInput{Device: c.Device, User: c.User, TakeOver: c.TakeOver})
	if isNotFound(err) {
		return fmt.Errorf("%w: the name of the desk's device comes first, then the person's extension", err)
	}
	if err != nil {
		return err
	}
	zone, err := zoneOf(ctx, server)
	if err != nil {
		return err
	}
	until := ""
	if s.EndsAt != nil {
		until = " until " + clock(s.EndsAt, zone)
	}
	return c.tell(con, s, "%s (%s) is logged in at %s%s", s.User, s.UserName, s.Device, until)
}

type sessionEnd struct {
	inDomain `embed:""`

	Session string `arg:"" help:"The name of the hot desk's device, or the session's ID."`
}

// Run ends a session.
func (c *sessionEnd) Run(ctx context.Context, con console) error {
	server, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer server.Close()
	s, err := server.EndSession(ctx, server.domain, c.Session)
	if isNotFound(err) {
		return fmt.Errorf("%w: \"hotdesk session list\" shows the desks with somebody at them", err)
	}
	if err != nil {
		return err
	}
	return c.tell(con, s, "%s (%s) is logged out of %s", s.User, s.UserName, s.Device)
}

func isNotFound(err error) bool {
	problem, is := errors.AsType[*api.ProblemError](err)
	return is && problem.Status == http.StatusNotFound
}
