package main

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// deviceCommand manages devices.
type deviceCommand struct {
	List   deviceList   `cmd:"" help:"List the devices."`
	Add    deviceAdd    `cmd:"" help:"Make a device. Its password is made and shown once unless one is given."`
	Set    deviceSet    `cmd:"" help:"Change a device."`
	Unlock deviceUnlock `cmd:"" help:"Let people log in again at a device that was locked after wrong PINs."`
	Resync deviceResync `cmd:"" help:"Have a device's phone fetch its settings."`
	Reboot deviceReboot `cmd:"" help:"Have a device's phone start anew."`
	Delete deviceDelete `cmd:"" help:"Remove a device."`
}

// Help is printed below the flags.
func (deviceCommand) Help() string {
	return `A device is a SIP line: what a phone registers as. One that belongs to a desk
account, or to nobody, is a hot desk.

Examples:
  hotdesk device add 5401 --owner 5401
  hotdesk device add ana-mobile --owner 1001 --password ask
  hotdesk device set 5401 --password new
  hotdesk device set spare --owner ""
  hotdesk device unlock 5401
  hotdesk device resync 5401
  hotdesk device reboot 5401
  hotdesk device list --no-place
  hotdesk device delete ana-mobile`
}

type deviceFields struct {
	Owner    *string `help:"Extension of the owner; empty: nobody." placeholder:"EXTENSION"`
	Password *string `help:"SIP password; \"ask\" asks for it, \"new\" makes one." placeholder:"TEXT"`
	Disabled *bool   `help:"The device is switched off." negatable:""`
}

func (f deviceFields) input(con console) (resource.DeviceInput, error) {
	in := resource.DeviceInput{Owner: f.Owner, Disabled: f.Disabled}
	if f.Password != nil && *f.Password == newWord {
		in.NewPassword = true // the server makes it
		return in, nil
	}
	var err error
	in.Password, err = con.secret(f.Password, "password")
	return in, err
}

type deviceList struct {
	inDomain `embed:""`

	NoPlace bool `help:"Only those of which nobody has said where they stand: an emergency call from there tells no place."`
}

// Run lists the devices.
func (c *deviceList) Run(ctx context.Context, con console) error {
	server, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer server.Close()
	all, err := server.Devices(server.domain).List(ctx)
	if err != nil {
		return err
	}
	if c.NoPlace {
		all = slices.DeleteFunc(all, func(d resource.Device) bool { return d.Place != "" })
	}
	t := table{heading: "DEVICE\tOWNER\tHOT DESK\tPHONE\tPLACE\tDISABLED\tANSWERS AT"}
	for _, d := range all {
		t.add(d.Name, d.Owner, yes(d.HotDesk), d.Phone, d.Place, yes(d.Disabled), answersAt(d))
	}
	return c.show(con, all, t)
}

// answersAt is where a device answers now, or nothing: udp:192.0.2.1:5060.
func answersAt(d resource.Device) string {
	flows := make([]string, len(d.Registrations))
	for i, r := range d.Registrations {
		flows[i] = r.Flow
	}
	return strings.Join(flows, " ")
}

type deviceAdd struct {
	inDomain     `embed:""`
	deviceFields `embed:""`

	Name string `arg:"" help:"The SIP user name."`
}

// Run makes a device.
func (c *deviceAdd) Run(ctx context.Context, con console) error {
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
	d, err := server.Devices(server.domain).Add(ctx, in)
	if err != nil {
		return err
	}
	return c.tellDevice(con, d, "is there")
}

func (d inDomain) tellDevice(con console, device resource.Device, done string) error {
	if device.Password != "" {
		done += "; its password, shown only now: " + device.Password
	}
	return d.tell(con, device, "device %s %s", device.Name, done)
}

type deviceSet struct {
	inDomain     `embed:""`
	deviceFields `embed:""`

	Name    string  `arg:"" help:"The device."`
	NewName *string `help:"Another SIP user name; needs a new password." placeholder:"NAME"`
}

// Run changes a device.
func (c *deviceSet) Run(ctx context.Context, con console) error {
	if c.deviceFields == (deviceFields{}) && c.NewName == nil {
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
	d, err := server.Devices(server.domain).Set(ctx, c.Name, in)
	if err != nil {
		return err
	}
	return c.tellDevice(con, d, "is changed")
}

type deviceUnlock struct {
	inDomain `embed:""`

	Name string `arg:"" help:"The device."`
}

// Run lifts the lock-out of a device.
func (c *deviceUnlock) Run(ctx context.Context, con console) error {
	server, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer server.Close()
	if err := server.UnlockDevice(ctx, server.domain, c.Name); err != nil {
		return err
	}
	return c.tell(con, map[string]string{"unlocked": c.Name}, "people can log in at device %s again", c.Name)
}

type deviceResync struct {
	inDomain `embed:""`

	Name string `arg:"" help:"The device."`
}

// Run has the device's phone fetch its settings.
func (c *deviceResync) Run(ctx context.Context, con console) error {
	return c.order(ctx, con, func(server office) ([]resource.PhoneAnswer, error) { return server.Resync(ctx, server.domain, c.Name) })
}

type deviceReboot struct {
	inDomain `embed:""`

	Name string `arg:"" help:"The device."`
}

// Run has the device's phone start anew.
func (c *deviceReboot) Run(ctx context.Context, con console) error {
	return c.order(ctx, con, func(server office) ([]resource.PhoneAnswer, error) { return server.Reboot(ctx, server.domain, c.Name) })
}

// errNotTaken is the end of a command that no phone has obeyed.
var errNotTaken = errors.New("no phone has taken it")

// order asks phones to do something and tells how they took it.
func (d inDomain) order(ctx context.Context, con console, ask func(office) ([]resource.PhoneAnswer, error)) error {
	server, err := d.open(ctx)
	if err != nil {
		return err
	}
	defer server.Close()
	answers, err := ask(server)
	if err != nil {
		return err
	}
	taken, texts := false, make([]string, len(answers))
	for i, a := range answers {
		taken, texts[i] = taken || a.Taken, a.Text
	}
	if err := d.tell(con, answers, "%s", strings.Join(texts, "\n")); err != nil || taken {
		return err
	}
	return errNotTaken
}

type deviceDelete struct {
	inDomain `embed:""`

	Name string `arg:"" help:"The device."`
}

// Run removes a device.
func (c *deviceDelete) Run(ctx context.Context, con console) error {
	server, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer server.Close()
	if err := server.Devices(server.domain).Delete(ctx, c.Name); err != nil {
		return err
	}
	return c.tell(con, map[string]string{"deleted": c.Name}, "device %s is gone", c.Name)
}
