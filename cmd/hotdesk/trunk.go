package main

import (
	"context"
	"strconv"

	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// trunkCommand manages trunks.
type trunkCommand struct {
	List   trunkList   `cmd:"" help:"List the trunks in the order in which they are tried."`
	Add    trunkAdd    `cmd:"" help:"Add a trunk."`
	Set    trunkSet    `cmd:"" help:"Change a trunk."`
	Delete trunkDelete `cmd:"" help:"Remove a trunk."`
}

// Help is printed below the flags.
func (trunkCommand) Help() string {
	return `A trunk is a SIP connection to the public telephone network.

Examples:
  hotdesk trunk add carrier --host sip.carrier.example --register --user acme --password ask
  hotdesk trunk add spare --host 192.0.2.7:5060 --priority 10
  hotdesk trunk set spare --disabled
  hotdesk trunk list
  hotdesk trunk delete spare`
}

type trunkFields struct {
	Host      *string `help:"The carrier's host, with a port or without." placeholder:"HOST"`
	Transport *string `help:"udp or tcp." placeholder:"WORD"`
	Register  *bool   `help:"The carrier finds this server by registration, not by its address." negatable:""`
	User      *string `help:"User name at the carrier; empty: the carrier asks for none." placeholder:"NAME"`
	Password  *string `help:"Password at the carrier; \"ask\" asks for it." placeholder:"TEXT"`
	Priority  *int    `help:"The lowest is tried first." placeholder:"NUMBER"`
	MaxCalls  *int    `help:"Calls at once; 0: no limit." placeholder:"NUMBER"`
	Disabled  *bool   `help:"The trunk is switched off." negatable:""`
}

func (f trunkFields) input(con console) (resource.TrunkInput, error) {
	password, err := con.secret(f.Password, "password")
	return resource.TrunkInput{
		Host: f.Host, Transport: f.Transport, Register: f.Register, User: f.User, Password: password,
		Priority: f.Priority, MaxCalls: f.MaxCalls, Disabled: f.Disabled,
	}, err
}

type trunkList struct {
	inDomain `embed:""`
}

// Run lists the trunks.
func (c *trunkList) Run(ctx context.Context, con console) error {
	server, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer server.Close()
	all, err := server.Trunks(server.domain).List(ctx)
	if err != nil {
		return err
	}
	t := table{heading: "TRUNK\tHOST\tTRANSPORT\tREGISTERS\tUSER\tPRIORITY\tMAX CALLS\tSTATE\tWHY"}
	for _, k := range all {
		t.add(k.Name, k.Host, k.Transport, yes(k.Register), k.User, strconv.Itoa(k.Priority), strconv.Itoa(k.MaxCalls), string(k.State), k.Why)
	}
	return c.show(con, all, t)
}

type trunkAdd struct {
	inDomain    `embed:""`
	trunkFields `embed:""`

	Name string `arg:"" help:"What you call it."`
}

// Run adds a trunk.
func (c *trunkAdd) Run(ctx context.Context, con console) error {
	server, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer server.Close()
	in, err := c.input(con)
	if err != nil {
		return err
	}
	in.Name = &c.Name
	t, err := server.Trunks(server.domain).Add(ctx, in)
	if err != nil {
		return err
	}
	return c.tell(con, t, "trunk %s is there", t.Name)
}

type trunkSet struct {
	inDomain    `embed:""`
	trunkFields `embed:""`

	Name    string  `arg:"" help:"The trunk."`
	NewName *string `help:"Another name." placeholder:"NAME"`
}

// Run changes a trunk.
func (c *trunkSet) Run(ctx context.Context, con console) error {
	if c.trunkFields == (trunkFields{}) && c.NewName == nil {
		return errNoChange
	}
	server, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer server.Close()
	in, err := c.input(con)
	if err != nil {
		return err
	}
	in.Name = c.NewName
	t, err := server.Trunks(server.domain).Set(ctx, c.Name, in)
	if err != nil {
		return err
	}
	return c.tell(con, t, "trunk %s is changed", t.Name)
}

type trunkDelete struct {
	inDomain `embed:""`

	Name string `arg:"" help:"The trunk."`
}

// Run removes a trunk.
func (c *trunkDelete) Run(ctx context.Context, con console) error {
	server, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer server.Close()
	if err := server.Trunks(server.domain).Delete(ctx, c.Name); err != nil {
		return err
	}
	return c.tell(con, map[string]string{"deleted": c.Name}, "trunk %s is gone", c.Name)
}
