package directory

import "strings"

func normalName(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

// NormalNumber is a number without what people write between its digits for
// the eye (RFC 3966 5.1.1): "+1 (416) 555-0101" is "+14165550101".
func NormalNumber(text string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("-.() ", r) {
			return -1
		}
		return r
	}, strings.TrimSpace(text))
}

// normalize writes everything that can be written in several ways in one.
func (o *Office) normalize() {
	normalizeDomain(&o.Domain)
	for i := range o.Users {
		o.Users[i].DomainID = o.Domain.ID
		normalizeUser(&o.Users[i])
	}
	for i := range o.Devices {
		o.Devices[i].DomainID = o.Domain.ID
		o.Devices[i].Name = normalName(o.Devices[i].Name)
	}
	for i := range o.Phones {
		o.Phones[i].DomainID = o.Domain.ID
		o.Phones[i].normalize()
	}
	for i := range o.Numbers {
		o.Numbers[i].DomainID = o.Domain.ID
		o.Numbers[i].Number = NormalNumber(o.Numbers[i].Number)
	}
	for i := range o.Trunks {
		o.Trunks[i].DomainID = o.Domain.ID
		o.Trunks[i].normalize()
	}
}

func normalizeDomain(d *Domain) {
	d.Name = normalName(d.Name)
	d.Country = strings.ToUpper(strings.TrimSpace(d.Country))
	d.TimeZone = strings.TrimSpace(d.TimeZone)
	d.MainNumber = NormalNumber(d.MainNumber)
	d.Emergency.NotifyExtension = strings.TrimSpace(d.Emergency.NotifyExtension)
	d.Emergency.NotifyEmail = strings.TrimSpace(d.Emergency.NotifyEmail)
	d.Mail.Address, d.Mail.From = strings.TrimSpace(d.Mail.Address), strings.TrimSpace(d.Mail.From)
	d.SignOn.Issuer, d.SignOn.ClientID = strings.TrimSpace(d.SignOn.Issuer), strings.TrimSpace(d.SignOn.ClientID)
}

func normalizeUser(u *User) {
	u.Extension = strings.TrimSpace(u.Extension)
	u.Name, u.Email = strings.TrimSpace(u.Name), strings.TrimSpace(u.Email)
	u.Site, u.Place = strings.TrimSpace(u.Site), strings.TrimSpace(u.Place)
	u.CallerID = NormalNumber(u.CallerID)
	if u.Scope == "" {
		u.Scope = ScopeBasicUser
	}
	a := &u.Answering
	a.ForwardAll, a.ForwardBusy, a.ForwardNoAnswer = NormalNumber(a.ForwardAll), NormalNumber(a.ForwardBusy), NormalNumber(a.ForwardNoAnswer)
}

func (p *Phone) normalize() {
	p.MAC = NormalMAC(p.MAC)
	p.Model, p.Name = strings.TrimSpace(p.Model), strings.TrimSpace(p.Name)
	p.Site, p.Place = strings.TrimSpace(p.Site), strings.TrimSpace(p.Place)
	for j := range p.Devices {
		p.Devices[j] = normalName(p.Devices[j])
	}
}

func (t *Trunk) normalize() {
	t.Name, t.Host, t.Transport = normalName(t.Name), normalName(t.Host), normalName(t.Transport)
	if t.Transport == "" {
		t.Transport = "udp"
	}
}
