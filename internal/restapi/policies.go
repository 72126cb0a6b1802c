package restapi

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

func (a *API) viewDomain(d directory.Domain) resource.Domain {
	h := d.HotDesking
	return resource.Domain{
		ID: d.ID, Name: d.Name, TimeZone: d.TimeZone, Country: d.Country, Language: d.Language, Default: d.Default,
		Reseller:   a.cfg.Directory.AccountName(d.ResellerID),
		MainNumber: d.MainNumber, KeepCalls: d.KeepCalls, Codes: viewCodes(d.Codes),
		HotDesking: resource.HotDesking{
			Enabled: h.Enabled, ActivatePhone: h.ActivatePhone, DeskRange: h.DeskRange.String(),
			LoginCode: h.LoginCode, ReleaseCode: h.ReleaseCode, MailboxCode: h.MailboxCode, AnyMailboxCode: h.AnyMailboxCode,
			AskRinging: h.AskRinging, WarnMinutes: h.WarnMinutes,
			ReleaseAt: h.ReleaseAt.String(), MaxHours: h.MaxHours, IdleMinutes: h.IdleMinutes,
			WhenTaken: string(h.WhenTaken), TakeOverIdle: h.TakeOverIdle, WhenElsewhere: string(h.WhenElsewhere),
		},
		Mailboxes: resource.Mailboxes{Enabled: d.Mailboxes.Enabled, MaxMessages: d.Mailboxes.MaxMessages, MaxSeconds: d.Mailboxes.MaxSeconds},
		Outside: resource.Outside{
			Class: string(d.Outside.Class), DeskClass: string(d.Outside.DeskClass), Premium: d.Outside.Premium,
			MaxCalls: d.Outside.MaxCalls, UserCalls: d.Outside.UserCalls,
		},
		Emergency: resource.Emergency{NotifyExtension: d.Emergency.NotifyExtension, NotifyEmail: d.Emergency.NotifyEmail},
		Mail:      resource.Mail{Address: d.Mail.Address, From: d.Mail.From, User: d.Mail.User, HasPassword: d.Mail.Password != ""},
		SignOn:    resource.SignOn{Issuer: d.SignOn.Issuer, ClientID: d.SignOn.ClientID, HasSecret: d.SignOn.ClientSecret != ""},
	}
}

func viewCodes(codes directory.Codes) resource.Codes {
	view := resource.Codes{}
	for _, c := range codes.Named() {
		view[c.Name] = *c.Code
	}
	return view
}

// set overwrites a value with one that was given.
func set[T any](to, given *T) {
	if given != nil {
		*to = *given
	}
}

// setNot does so with a flag that is kept turned round.
func setNot(to, given *bool) {
	if given != nil {
		*to = !*given
	}
}

// fillDomain changes a domain as a request says.
func (a *API) fillDomain(d *directory.Domain, in resource.DomainInput) error {
	if in.Reseller != nil {
		user, found := a.cfg.Directory.Account(*in.Reseller)
		if !found && *in.Reseller != "" {
			return inField("reseller", errors.New("there is no user "+*in.Reseller+"; write it as extension@domain"))
		}
		d.ResellerID = user.ID
	}
	return setDomain(d, in)
}

func setDomain(d *directory.Domain, in resource.DomainInput) error {
	set(&d.Name, in.Name)
	set(&d.TimeZone, in.TimeZone)
	set(&d.Country, in.Country)
	set(&d.Language, in.Language)
	set(&d.Default, in.Default)
	set(&d.MainNumber, in.MainNumber)
	set(&d.KeepCalls, in.KeepCalls)
	setPolicies(d, in)
	if in.HotDesking != nil {
		if err := setHotDesking(&d.HotDesking, *in.HotDesking); err != nil {
			return err
		}
	}
	return setCodes(&d.Codes, in.Codes)
}

func setCodes(codes *directory.Codes, in resource.Codes) error {
	known := map[string]*string{}
	for _, c := range codes.Named() {
		known[c.Name] = c.Code
	}
	for _, name := range slices.Sorted(maps.Keys(in)) {
		if known[name] == nil {
			return inField("codes."+name, errors.New("there is no star code of this name; known are "+strings.Join(slices.Sorted(maps.Keys(known)), ", ")))
		}
		*known[name] = in[name]
	}
	return nil
}

func setPolicies(d *directory.Domain, in resource.DomainInput) {
	if m := in.Mailboxes; m != nil {
		set(&d.Mailboxes.Enabled, m.Enabled)
		set(&d.Mailboxes.MaxMessages, m.MaxMessages)
		set(&d.Mailboxes.MaxSeconds, m.MaxSeconds)
	}
	if o := in.Outside; o != nil {
		set((*string)(&d.Outside.Class), o.Class)
		set((*string)(&d.Outside.DeskClass), o.DeskClass)
		set(&d.Outside.Premium, o.Premium)
		set(&d.Outside.MaxCalls, o.MaxCalls)
		set(&d.Outside.UserCalls, o.UserCalls)
	}
	if e := in.Emergency; e != nil {
		set(&d.Emergency.NotifyExtension, e.NotifyExtension)
		set(&d.Emergency.NotifyEmail, e.NotifyEmail)
	}
	if in.Mail != nil {
		setMail(&d.Mail, *in.Mail)
	}
	if in.SignOn != nil {
		setSignOn(&d.SignOn, *in.SignOn)
	}
}

func setMail(m *directory.MailServer, in resource.MailInput) {
	address, user := m.Address, m.User
	set(&address, in.Address)
	set(&user, in.User)
	m.SetServer(address, user)
	set(&m.From, in.From)
	set(&m.Password, in.Password)
}

// setSignOn changes the provider.
func setSignOn(s *directory.SignOn, in resource.SignOnInput) {
	issuer, clientID := s.Issuer, s.ClientID
	set(&issuer, in.Issuer)
	set(&clientID, in.ClientID)
	s.SetProvider(issuer, clientID)
	set(&s.ClientSecret, in.ClientSecret)
}

func setHotDesking(h *directory.HotDesking, in resource.HotDeskingInput) (err error) {
	set(&h.Enabled, in.Enabled)
	set(&h.ActivatePhone, in.ActivatePhone)
	set(&h.LoginCode, in.LoginCode)
	set(&h.ReleaseCode, in.ReleaseCode)
	set(&h.MailboxCode, in.MailboxCode)
	set(&h.AnyMailboxCode, in.AnyMailboxCode)
	set(&h.AskRinging, in.AskRinging)
	set(&h.WarnMinutes, in.WarnMinutes)
	set(&h.MaxHours, in.MaxHours)
	set(&h.IdleMinutes, in.IdleMinutes)
	set((*string)(&h.WhenTaken), in.WhenTaken)
	set(&h.TakeOverIdle, in.TakeOverIdle)
	set((*string)(&h.WhenElsewhere), in.WhenElsewhere)
	if in.DeskRange != nil {
		if h.DeskRange, err = directory.ParseExtensionRange(*in.DeskRange); err != nil {
			return inField("hot_desking.desk_range", err)
		}
	}
	if in.ReleaseAt != nil {
		h.ReleaseAt, err = directory.ParseClockTime(*in.ReleaseAt)
	}
	return inField("hot_desking.release_at", err)
}
