package main

import (
	"context"
	"io"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/client"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// callsCommand shows the call history.
type callsCommand struct {
	List   callsList   `cmd:"" help:"List calls, newest first."`
	Export callsExport `cmd:"" help:"Write calls as a file for spreadsheets (CSV)."`
}

// Help is printed below the flags.
func (callsCommand) Help() string {
	return `With --user, direction, result and time are as that person sees the call,
wherever the person sat. With --device, they are the calls made or taken at that
desk, whoever held it.

Examples:
  hotdesk calls list --user 1001 --direction missed
  hotdesk calls list --device 5401 --from 2026-11-25
  hotdesk calls list --text 4165550101 --limit 20
  hotdesk calls export --from 2026-11-01 --to 2026-11-30 --output november.csv`
}

type callFilter struct {
	User      string `help:"Only those of this person; the ID of one who is gone." placeholder:"EXTENSION"`
	Direction string `help:"Of that person: inbound, outbound or missed." placeholder:"WORD"`
	Device    string `help:"Only those made or taken at this device; the ID of one that is gone." placeholder:"NAME"`
	From      string `help:"Only from this day or moment on." placeholder:"2026-11-25"`
	To        string `help:"Only until the end of this day, or before this moment." placeholder:"2026-11-25"`
	Result    string `help:"Only those that went so, such as answered or no_answer." placeholder:"WORD"`
	Way       string `help:"Only those inside, inbound from outside, or outbound to it." placeholder:"WORD"`
	Text      string `help:"Only those with this in a number or name." placeholder:"TEXT"`
	Open      bool   `help:"Only those that go on."`
}

type callsList struct {
	inDomain   `embed:""`
	callFilter `embed:""`

	Limit int `help:"At most so many; 0: all. (default ${default})" default:"100" placeholder:"NUMBER"`
}

// Run lists calls, with times in the domain's time zone.
func (c *callsList) Run(ctx context.Context, con console) error {
	server, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer server.Close()
	found, err := server.Calls(ctx, server.domain, client.CallFilter(c.callFilter), c.Limit)
	if err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(con.out, found)
	}
	zone, err := zoneOf(ctx, server)
	if err != nil {
		return err
	}
	t := table{heading: "WHEN\tDIRECTION\tCALLER\tNAME\tDESK\tCALLED\tNAME\tDESK\tRESULT\tTALK"}
	for i := range found {
		t.add(callLine(&found[i], zone)...)
	}
	return c.show(con, found, t)
}

// callLine is a call in the words of the table.
func callLine(call *resource.Call, zone *time.Location) []string {
	direction, result, talk := call.Way, call.Result, call.TalkSeconds
	if v := call.View; v != nil {
		direction, result, talk = v.Direction, v.Outcome, v.TalkSeconds
	}
	callee := call.Callee
	if callee.Number == "" {
		callee.Number = call.Dialled
	}
	return []string{
		clock(&call.StartedAt, zone), direction, call.Caller.Number, call.Caller.Name, call.Caller.Device,
		callee.Number, callee.Name, callee.Device, result, (time.Duration(talk) * time.Second).String(),
	}
}

type callsExport struct {
	inDomain   `embed:""`
	callFilter `embed:""`

	Output string `short:"o" help:"Write to this file, which only its owner can read." placeholder:"FILE"`
}

// Run writes the file.
func (c *callsExport) Run(ctx context.Context, con console) error {
	server, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer server.Close()
	write := func(to io.Writer) error {
		return server.ExportCalls(ctx, server.domain, client.CallFilter(c.callFilter), to)
	}
	if c.Output == "" {
		return write(con.out)
	}
	return writeWhole(c.Output, write)
}
