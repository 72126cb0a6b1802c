package main

import (
	"context"
	"crypto/rand"
	"strings"

	"github.com/hotdesk-pbx/hotdesk/internal/credential"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// userCommand manages users.
type userCommand struct {
	List   userList   `cmd:"" help:"List the users."`
	Add    userAdd    `cmd:"" help:"Make a user: a person, or a desk account when the extension lies in the desk range."`
	Set    userSet    `cmd:"" help:"Change a user."`
	Unlock userUnlock `cmd:"" help:"Let a user try again who was locked out after wrong PINs or passwords."`
	Import userImport `cmd:"" help:"Add and change people, desks or phones as a table of a spreadsheet says."`
	Export userExport `cmd:"" help:"Write the people and desks as a table for spreadsheets."`
	Delete userDelete `cmd:"" help:"Remove a user: a person's devices go too, a desk account's become unassigned."`
}

// Help is printed below the flags.
func (userCommand) Help() string {
	return `Examples:
  hotdesk user add 1001 --name "Ana Ruiz" --pin ask --caller-id +14165550101
  hotdesk user add 5401 --name "Window 1" --place "Floor 5, 100 King St W, Toronto"
  hotdesk user set 1001 --pin new
  hotdesk user set 1001 --forward-no-answer 1002 --ring-seconds 20
  hotdesk user set 1001 --do-not-disturb
  hotdesk user unlock 1001
  hotdesk user list --json
  hotdesk user import people.csv --dry-run
  hotdesk user export --output people.csv
  hotdesk user delete 1001`
}

type userFields struct {
	Email      *string `help:"E-mail address." placeholder:"ADDRESS"`
	Scope      *string `help:"What the user may do: super_user, reseller, office_manager, site_manager, call_center_supervisor, call_center_agent, basic_user, no_portal." placeholder:"SCOPE"`
	Site       *string `help:"Part of the domain it belongs to; a site manager manages its own." placeholder:"SITE"`
	Place      *string `help:"Where a desk account's phones stand." placeholder:"TEXT"`
	CallerID   *string `help:"Public number shown outside." placeholder:"+NUMBER"`
	PIN        *string `name:"pin" help:"PIN for hot desks; \"ask\" asks for it, \"new\" makes one, empty takes it away." placeholder:"DIGITS"`
	Password   *string `help:"Portal password; \"ask\" asks for it, \"new\" makes one, empty takes it away." placeholder:"TEXT"`
	HotDesking *bool   `help:"May log in at hot desks." negatable:""`
	Disabled   *bool   `help:"The account is switched off." negatable:""`

	Class           *string `help:"Which numbers outside may be called: inside, national, all; empty: as the domain says." placeholder:"CLASS" group:"Calls:"`
	RingSeconds     *int    `help:"How long the phones ring; 0: 25 seconds." placeholder:"SECONDS" group:"Calls:"`
	DoNotDisturb    *bool   `help:"Nothing rings." negatable:"" group:"Calls:"`
	ForwardAll      *string `help:"Extension or number that every call is led on to; empty: none." placeholder:"NUMBER" group:"Calls:"`
	ForwardBusy     *string `help:"The same, when busy." placeholder:"NUMBER" group:"Calls:"`
	ForwardNoAnswer *string `help:"The same, when nobody answers." placeholder:"NUMBER" group:"Calls:"`
	RingHereOnly    *bool   `help:"Own devices are silent while a hot desk is held." negatable:"" group:"Calls:"`
	Mailbox         *bool   `help:"The user has a mailbox." negatable:"" group:"Calls:"`
	MailboxPIN      *bool   `name:"mailbox-pin" help:"The mailbox asks for the PIN also on own devices and the desk held." negatable:"" group:"Calls:"`
}

func (f userFields) input(made *newSecrets, extension string) (in resource.UserInput, err error) {
	in = resource.UserInput{
		Email: f.Email, Scope: f.Scope, Site: f.Site, Place: f.Place, CallerID: f.CallerID, HotDesking: f.HotDesking, Disabled: f.Disabled, Class: f.Class,
		AnsweringInput: resource.AnsweringInput{
			RingSeconds: f.RingSeconds, DoNotDisturb: f.DoNotDisturb,
			ForwardAll: f.ForwardAll, ForwardBusy: f.ForwardBusy, ForwardNoAnswer: f.ForwardNoAnswer,
			RingHereOnly: f.RingHereOnly, Mailbox: f.Mailbox, MailboxPIN: f.MailboxPIN,
		},
	}
	newPIN := func() (string, error) { return credential.NewPIN(rand.Reader, extension) }
	if in.PIN, err = made.secret(f.PIN, "PIN", newPIN); err == nil {
		in.Password, err = made.secret(f.Password, "password", newPassword)
	}
	return in, err
}

type userList struct {
	inDomain `embed:""`
}

// Run lists the users.
func (c *userList) Run(ctx context.Context, con console) error {
	server, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer server.Close()
	all, err := server.Users(server.domain).List(ctx)
	if err != nil {
		return err
	}
	t := table{heading: "EXTENSION\tNAME\tSCOPE\tSITE\tDESK ACCOUNT\tPIN\tDISABLED\tDEVICES"}
	for _, u := range all {
		t.add(u.Extension, u.Name, u.Scope, u.Site, yes(u.DeskAccount), yes(u.HasPIN), yes(u.Disabled), strings.Join(u.Devices, " "))
	}
	return c.show(con, all, t)
}

type userAdd struct {
	inDomain   `embed:""`
	userFields `embed:""`

	Extension string `arg:"" help:"2 to 10 digits."`
	Name      string `help:"The name people see." required:"" placeholder:"NAME"`
}

// Run makes a user.
func (c *userAdd) Run(ctx context.Context, con console) error {
	server, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer server.Close()
	made := &newSecrets{console: con}
	in, err := c.input(made, c.Extension)
	if err != nil {
		return err
	}
	in.Extension, in.Name = &c.Extension, &c.Name
	u, err := server.Users(server.domain).Add(ctx, in)
	if err != nil {
		return err
	}
	if err := made.show(); err != nil {
		return err
	}
	kind := "user"
	if u.DeskAccount {
		kind = "desk account"
	}
	return c.tell(con, u, "%s %s (%s) is there", kind, u.Extension, u.Name)
}

type userSet struct {
	inDomain   `embed:""`
	userFields `embed:""`

	Extension    string  `arg:"" help:"The user's extension."`
	NewExtension *string `help:"Another extension." placeholder:"DIGITS"`
	Name         *string `help:"The name people see." placeholder:"NAME"`
}

// Run changes a user.
func (c *userSet) Run(ctx context.Context, con console) error {
	if c.userFields == (userFields{}) && c.NewExtension == nil && c.Name == nil {
		return errNoChange
	}
	server, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer server.Close()
	made := &newSecrets{console: con}
	in, err := c.input(made, c.Extension)
	if err != nil {
		return err
	}
	in.Extension, in.Name = c.NewExtension, c.Name
	u, err := server.Users(server.domain).Set(ctx, c.Extension, in)
	if err != nil {
		return err
	}
	if err := made.show(); err != nil {
		return err
	}
	return c.tell(con, u, "user %s (%s) is changed", u.Extension, u.Name)
}

type userUnlock struct {
	inDomain `embed:""`

	Extension string `arg:"" help:"The user's extension."`
}

// Run lifts the lock-out of a user.
func (c *userUnlock) Run(ctx context.Context, con console) error {
	server, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer server.Close()
	if err := server.UnlockUser(ctx, server.domain, c.Extension); err != nil {
		return err
	}
	return c.tell(con, map[string]string{"unlocked": c.Extension}, "user %s can log in again", c.Extension)
}

type userDelete struct {
	inDomain `embed:""`

	Extension string `arg:"" help:"The user's extension."`
}

// Run removes a user.
func (c *userDelete) Run(ctx context.Context, con console) error {
	server, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer server.Close()
	if err := server.Users(server.domain).Delete(ctx, c.Extension); err != nil {
		return err
	}
	return c.tell(con, map[string]string{"deleted": c.Extension}, "user %s is gone", c.Extension)
}
