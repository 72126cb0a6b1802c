package main

import (
	"context"

	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// numberCommand manages public numbers.
type numberCommand struct {
	List   numberList   `cmd:"" help:"List the public numbers."`
	Add    numberAdd    `cmd:"" help:"Add a public number."`
	Set    numberSet    `cmd:"" help:"Lead a public number to another user."`
	Delete numberDelete `cmd:"" help:"Remove a public number."`
}

// Help is printed below the flags.
func (numberCommand) Help() string {
	return `Examples:
  hotdesk number add +14165550101 --user 1001
  hotdesk number set +14165550101 --user 1002
  hotdesk number set +14165550101 --user ""
  hotdesk number list
  hotdesk number delete +14165550101`
}

type numberList struct {
	inDomain `embed:""`
}

// Run lists the numbers.
func (c *numberList) Run(ctx context.Context, con console) error {
	server, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer server.Close()
	all, err := server.Numbers(server.domain).List(ctx)
	if err != nil {
		return err
	}
	t := table{heading: "NUMBER\tUSER"}
	for _, n := range all {
		t.add(n.Number, n.User)
	}
	return c.show(con, all, t)
}

type numberAdd struct {
	inDomain `embed:""`

	Number string  `arg:"" help:"The number with + and the country."`
	User   *string `help:"Extension of the user it leads to." placeholder:"EXTENSION"`
}

// Run adds a number.
func (c *numberAdd) Run(ctx context.Context, con console) error {
	server, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer server.Close()
	n, err := server.Numbers(server.domain).Add(ctx, resource.NumberInput{Number: &c.Number, User: c.User})
	if err != nil {
		return err
	}
	return c.tellNumber(con, n)
}

func (d inDomain) tellNumber(con console, n resource.Number) error {
	leads := "nowhere"
	if n.User != "" {
		leads = "to " + n.User
	}
	return d.tell(con, n, "number %s leads %s", n.Number, leads)
}

type numberSet struct {
	inDomain `embed:""`

	Number string `arg:"" help:"The number with + and the country."`
	User   string `help:"Extension of the user it leads to; empty: nowhere." required:"" placeholder:"EXTENSION"`
}

// Run leads a number elsewhere.
func (c *numberSet) Run(ctx context.Context, con console) error {
	server, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer server.Close()
	n, err := server.Numbers(server.domain).Set(ctx, c.Number, resource.NumberInput{User: &c.User})
	if err != nil {
		return err
	}
	return c.tellNumber(con, n)
}

type numberDelete struct {
	inDomain `embed:""`

	Number string `arg:"" help:"The number with + and the country."`
}

// Run removes a number.
func (c *numberDelete) Run(ctx context.Context, con console) error {
	server, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer server.Close()
	if err := server.Numbers(server.domain).Delete(ctx, c.Number); err != nil {
		return err
	}
	return c.tell(con, map[string]string{"deleted": c.Number}, "number %s is gone", c.Number)
}
