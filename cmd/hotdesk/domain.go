package main

import (
	"context"
	"errors"
	"reflect"

	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// domainCommand manages domains.
type domainCommand struct {
	List   domainList   `cmd:"" help:"List the domains."`
	Add    domainAdd    `cmd:"" help:"Make a domain."`
	Set    domainSet    `cmd:"" help:"Change a domain."`
	Delete domainDelete `cmd:"" help:"Remove a domain with all that belongs to it."`
}

// Help is printed below the flags.
func (domainCommand) Help() string {
	return `Examples:
  hotdesk domain add acme.test --timezone America/Toronto --country CA
  hotdesk domain set acme.test --release-at 03:00 --when-taken confirm
  hotdesk domain set acme.test --code "forward_all=*21" --code "withhold="
  hotdesk domain list --json
  hotdesk domain delete acme.test --yes`
}

type domainFields struct {
	TimeZone *string `name:"timezone" help:"Time zone, in which the release time counts." placeholder:"ZONE"`
	Country  *string `help:"Two letters, for the emergency numbers." placeholder:"CC"`
	Language *string `help:"Language of the prompts." placeholder:"en"`
	Default  *bool   `help:"Take requests whose host names no domain." negatable:""`

	Reseller *string `help:"User of any domain who manages this one as a reseller; empty: nobody." placeholder:"EXTENSION@DOMAIN"`

	MainNumber *string           `help:"Public number shown outside for whoever has none." placeholder:"+NUMBER" group:"Calls:"`
	KeepCalls  *int              `help:"How long the call history is kept; 0: for ever." placeholder:"DAYS" group:"Calls:"`
	Code       map[string]string `help:"Star code of a feature, such as pickup=**; may be given again, empty switches it off." placeholder:"NAME=CODE" group:"Calls:"`
	Class      *string           `help:"Which numbers outside people may call: inside, national, all." placeholder:"CLASS" group:"Calls:"`
	DeskClass  *string           `help:"The same, for a desk that nobody holds." placeholder:"CLASS" group:"Calls:"`
	Premium    *bool             `help:"Allow premium rate numbers." negatable:"" group:"Calls:"`
	MaxCalls   *int              `help:"Calls outside at once; 0: no limit." placeholder:"NUMBER" group:"Calls:"`
	UserCalls  *int              `help:"Calls outside at once for one user; 0: no limit." placeholder:"NUMBER" group:"Calls:"`

	EmergencyExtension *string `help:"Extension that is called when somebody calls for help; empty: none." placeholder:"EXTENSION" group:"Calls:"`
	EmergencyEmail     *string `help:"E-mail addresses that are told then." placeholder:"ADDRESS,…" group:"Calls:"`

	Mailboxes       *bool   `help:"People have mailboxes." negatable:"" group:"Voicemail:"`
	MailboxMessages *int    `help:"The most messages in one mailbox." placeholder:"NUMBER" group:"Voicemail:"`
	MailboxSeconds  *int    `help:"The longest message." placeholder:"SECONDS" group:"Voicemail:"`
	MailServer      *string `help:"Where e-mail goes out; empty: nowhere." placeholder:"HOST:PORT" group:"Voicemail:"`
	MailFrom        *string `help:"Address that e-mail comes from." placeholder:"ADDRESS" group:"Voicemail:"`
	MailUser        *string `help:"User name at the mail server." placeholder:"NAME" group:"Voicemail:"`
	MailPassword    *string `help:"Password at the mail server; \"ask\" asks for it." placeholder:"TEXT" group:"Voicemail:"`

	HotDesking     *bool   `help:"Switch hot desking on." negatable:"" group:"Hot desking:"`
	ActivatePhone  *bool   `help:"Switch on the portal's \"Activate Phone\" button." negatable:"" group:"Hot desking:"`
	DeskRange      *string `help:"Extensions of desk accounts." placeholder:"5400-5499" group:"Hot desking:"`
	LoginCode      *string `help:"Star code that logs in." placeholder:"*88" group:"Hot desking:"`
	ReleaseCode    *string `help:"Star code that gives the desk back." placeholder:"*89" group:"Hot desking:"`
	MailboxCode    *string `help:"Star code of the own mailbox." placeholder:"*97" group:"Hot desking:"`
	AnyMailboxCode *string `help:"Star code of any mailbox." placeholder:"*98" group:"Hot desking:"`
	AskRinging     *bool   `help:"Ask at login whether calls shall ring here only or everywhere." negatable:"" group:"Hot desking:"`
	WarnMinutes    *int    `help:"How long before an automatic end the desk is warned; 0: it is not." placeholder:"MINUTES" group:"Hot desking:"`
	ReleaseAt      *string `help:"When all desks are given back, or off." placeholder:"02:00" group:"Hot desking:"`
	MaxHours       *int    `help:"The longest session; 0: no limit." placeholder:"HOURS" group:"Hot desking:"`
	IdleMinutes    *int    `help:"The longest time without use; 0: no limit." placeholder:"MINUTES" group:"Hot desking:"`
	WhenTaken      *string `help:"At a desk somebody holds: refuse, confirm or idle." placeholder:"WORD" group:"Hot desking:"`
	TakeOverIdle   *int    `help:"How long a desk must be unused to be taken over, with idle." placeholder:"MINUTES" group:"Hot desking:"`
	WhenElsewhere  *string `help:"For somebody at another desk: move, allow or deny." placeholder:"WORD" group:"Hot desking:"`
}

func (f domainFields) input(con console) (resource.DomainInput, error) {
	password, err := con.secret(f.MailPassword, "password of the mail server")
	return resource.DomainInput{
		TimeZone: f.TimeZone, Country: f.Country, Language: f.Language, Default: f.Default, Reseller: f.Reseller,
		MainNumber: f.MainNumber, KeepCalls: f.KeepCalls, Codes: f.Code,
		HotDesking: &resource.HotDeskingInput{
			Enabled: f.HotDesking, ActivatePhone: f.ActivatePhone, DeskRange: f.DeskRange,
			LoginCode: f.LoginCode, ReleaseCode: f.ReleaseCode, MailboxCode: f.MailboxCode, AnyMailboxCode: f.AnyMailboxCode,
			AskRinging: f.AskRinging, WarnMinutes: f.WarnMinutes,
			ReleaseAt: f.ReleaseAt, MaxHours: f.MaxHours, IdleMinutes: f.IdleMinutes,
			WhenTaken: f.WhenTaken, TakeOverIdle: f.TakeOverIdle, WhenElsewhere: f.WhenElsewhere,
		},
		Mailboxes: &resource.MailboxesInput{Enabled: f.Mailboxes, MaxMessages: f.MailboxMessages, MaxSeconds: f.MailboxSeconds},
		Outside: &resource.OutsideInput{
			Class: f.Class, DeskClass: f.DeskClass, Premium: f.Premium, MaxCalls: f.MaxCalls, UserCalls: f.UserCalls,
		},
		Emergency: &resource.EmergencyInput{NotifyExtension: f.EmergencyExtension, NotifyEmail: f.EmergencyEmail},
		Mail:      &resource.MailInput{Address: f.MailServer, From: f.MailFrom, User: f.MailUser, Password: password},
	}, err
}

type domainList struct {
	remote `embed:""`
}

// Run lists the domains.
func (c *domainList) Run(ctx context.Context, con console) error {
	server := c.open()
	defer server.Close()
	all, err := server.Domains().List(ctx)
	if err != nil {
		return err
	}
	t := table{heading: "DOMAIN\tTIME ZONE\tCOUNTRY\tHOT DESKING\tDESKS\tRELEASE\tDEFAULT"}
	for _, d := range all {
		t.add(d.Name, d.TimeZone, d.Country, yes(d.HotDesking.Enabled), d.HotDesking.DeskRange, d.HotDesking.ReleaseAt, yes(d.Default))
	}
	return c.show(con, all, t)
}

type domainAdd struct {
	remote       `embed:""`
	domainFields `embed:""`

	Name string `arg:"" help:"The SIP domain, such as acme.test."`
}

// Run makes a domain.
func (c *domainAdd) Run(ctx context.Context, con console) error {
	in, err := c.input(con)
	if err != nil {
		return err
	}
	server := c.open()
	defer server.Close()
	in.Name = &c.Name
	d, err := server.Domains().Add(ctx, in)
	if err != nil {
		return err
	}
	return c.tell(con, d, "domain %s is there", d.Name)
}

type domainSet struct {
	remote       `embed:""`
	domainFields `embed:""`

	Name string `arg:"" help:"The domain."`
}

// Run changes a domain.
func (c *domainSet) Run(ctx context.Context, con console) error {
	if reflect.ValueOf(c.domainFields).IsZero() {
		return errNoChange
	}
	in, err := c.input(con)
	if err != nil {
		return err
	}
	server := c.open()
	defer server.Close()
	d, err := server.Domains().Set(ctx, c.Name, in)
	if err != nil {
		return err
	}
	return c.tell(con, d, "domain %s is changed", d.Name)
}

type domainDelete struct {
	remote `embed:""`

	Name string `arg:"" help:"The domain."`
	Yes  bool   `help:"Really remove it, with its users, devices and phones."`
}

// Run removes a domain.
func (c *domainDelete) Run(ctx context.Context, con console) error {
	if !c.Yes {
		return errors.New("this removes the domain with its users, devices and phones: save it with \"hotdesk export " + c.Name + "\", then say --yes")
	}
	server := c.open()
	defer server.Close()
	if err := server.Domains().Delete(ctx, c.Name); err != nil {
		return err
	}
	return c.tell(con, map[string]string{"deleted": c.Name}, "domain %s is gone", c.Name)
}
