package main

import (
	"context"
	"strings"

	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// phoneCommand manages the inventory of phones, and is a phone itself.
type phoneCommand struct {
	Use    softphoneCommand `cmd:"" default:"withargs" help:"Use a softphone on this terminal; the word \"use\" may be left out."`
	List   phoneList        `cmd:"" help:"List the phones of the inventory."`
	Add    phoneAdd         `cmd:"" help:"Put a phone into the inventory."`
	Set    phoneSet         `cmd:"" help:"Change a phone."`
	Export phoneExport      `cmd:"" help:"Write the inventory as a table for spreadsheets; \"user import\" reads it."`
	Delete phoneDelete      `cmd:"" help:"Take a phone out of the inventory; its devices stay."`
}

// Help is printed below the flags.
func (phoneCommand) Help() string {
	return `Examples:
  hotdesk phone 1002@192.0.2.10 --password ask
  hotdesk phone use --help
  hotdesk phone add 80:5e:c0:11:22:33 --model "Yealink T54W" --devices 5401
  hotdesk phone set 805ec0112233 --place "Floor 5, window side"
  hotdesk phone list
  hotdesk phone delete 805ec0112233`
}

type phoneFields struct {
	Model   *string   `help:"Make and model." placeholder:"TEXT"`
	Name    *string   `help:"What people call it." placeholder:"TEXT"`
	Site    *string   `help:"Part of the domain it belongs to." placeholder:"SITE"`
	Place   *string   `help:"Where it stands." placeholder:"TEXT"`
	Devices *[]string `help:"Names of the devices on it, all of them." placeholder:"NAME,…"`
}

func (f phoneFields) input() resource.PhoneInput {
	return resource.PhoneInput{Model: f.Model, Name: f.Name, Site: f.Site, Place: f.Place, Devices: f.Devices}
}

type phoneList struct {
	inDomain `embed:""`
}

// Run lists the phones.
func (c *phoneList) Run(ctx context.Context, con console) error {
	server, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer server.Close()
	all, err := server.Phones(server.domain).List(ctx)
	if err != nil {
		return err
	}
	t := table{heading: "MAC\tMODEL\tNAME\tSITE\tPLACE\tDEVICES"}
	for _, p := range all {
		t.add(p.MAC, p.Model, p.Name, p.Site, p.Place, strings.Join(p.Devices, " "))
	}
	return c.show(con, all, t)
}

type phoneAdd struct {
	inDomain    `embed:""`
	phoneFields `embed:""`

	MAC string `arg:"" name:"mac" help:"The MAC address on the label, written in any way."`
}

// Run puts a phone into the inventory.
func (c *phoneAdd) Run(ctx context.Context, con console) error {
	server, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer server.Close()
	in := c.input()
	in.MAC = &c.MAC
	p, err := server.Phones(server.domain).Add(ctx, in)
	if err != nil {
		return err
	}
	return c.tell(con, p, "phone %s is there", p.MAC)
}

type phoneSet struct {
	inDomain    `embed:""`
	phoneFields `embed:""`

	MAC string `arg:"" name:"mac" help:"The phone's MAC address."`
}

// Run changes a phone.
func (c *phoneSet) Run(ctx context.Context, con console) error {
	if c.phoneFields == (phoneFields{}) {
		return errNoChange
	}
	server, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer server.Close()
	p, err := server.Phones(server.domain).Set(ctx, c.MAC, c.input())
	if err != nil {
		return err
	}
	return c.tell(con, p, "phone %s is changed", p.MAC)
}

type phoneDelete struct {
	inDomain `embed:""`

	MAC string `arg:"" name:"mac" help:"The phone's MAC address."`
}

// Run takes a phone out of the inventory.
func (c *phoneDelete) Run(ctx context.Context, con console) error {
	server, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer server.Close()
	if err := server.Phones(server.domain).Delete(ctx, c.MAC); err != nil {
		return err
	}
	return c.tell(con, map[string]string{"deleted": c.MAC}, "phone %s is gone", c.MAC)
}
