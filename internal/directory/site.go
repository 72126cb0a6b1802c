package directory

import (
	"cmp"
	"slices"
	"strings"
)

// ActorOf is a user who wants to do something.
func (s *Service) ActorOf(user User) Actor {
	actor := Actor{Name: user.ID, Scope: user.Scope, UserID: user.ID, DomainID: user.DomainID, Site: user.Site}
	if user.Scope == ScopeReseller {
		for _, d := range s.Domains() {
			if d.ResellerID == user.ID {
				actor.Domains = append(actor.Domains, d.ID)
			}
		}
	}
	return actor
}

// MayWithin reports whether an actor may do something in a domain, or in the
// actor's site of it. What belongs to another site is then still to be kept
// back: see [Service.SiteOf].
func MayWithin(actor Actor, act Act, domainID string) bool {
	return May(actor, act, Target{DomainID: domainID, Site: actor.Site, UserID: actor.UserID})
}

// SiteOf is the site of a device: its owner's, else that of the phone it is on;
// "" for none.
func (s *Service) SiteOf(d Device) string {
	if o := s.officeOf(d.DomainID); o != nil {
		return o.siteOf(&d)
	}
	return ""
}

func (o *office) siteOf(d *Device) string {
	var site string
	if owner := o.users[d.OwnerID]; owner != nil {
		site = owner.Site
	}
	if phone := o.phoneOf[d.ID]; phone != nil {
		site = cmp.Or(site, phone.Site)
	}
	return site
}

// Sites lists the sites that the users and phones of a domain belong to, by name.
func (s *Service) Sites(domainID string) []string {
	o := s.officeOf(domainID)
	if o == nil {
		return nil
	}
	found := map[string]bool{"": true}
	var sites []string
	add := func(site string) {
		if !found[site] {
			found[site] = true
			sites = append(sites, site)
		}
	}
	for i := range o.Users {
		add(o.Users[i].Site)
	}
	for i := range o.Phones {
		add(o.Phones[i].Site)
	}
	slices.Sort(sites)
	return sites
}

// Account finds a user by extension and domain: "1001@acme.test".
func (s *Service) Account(name string) (User, bool) {
	extension, domainName, _ := strings.Cut(strings.TrimSpace(name), "@")
	domain, found := s.DomainByName(domainName)
	if !found {
		return User{}, false
	}
	return s.UserByExtension(domain.ID, extension)
}

// AccountName is the name by which [Service.Account] finds a user; "" for who
// is not there.
func (s *Service) AccountName(userID string) string {
	user, found := s.User(userID)
	if !found {
		return ""
	}
	domain, _ := s.Domain(user.DomainID)
	return user.Extension + "@" + domain.Name
}

// mayManageAll reports whether all that an edit changes belongs, before and
// after, to what an actor manages: nobody moves anything into another site or
// out of one.
func mayManageAll(actor Actor, e Edit) bool {
	domain := e.After.Domain.ID
	if May(actor, ActManageAccounts, Target{DomainID: domain}) {
		return true
	}
	s := siteCheck{was: newOffice(e.Before), is: newOffice(e.After), within: func(site string) bool {
		return May(actor, ActManageAccounts, Target{DomainID: domain, Site: site})
	}}
	return s.users(e) && s.phones(e) && s.devices(e) && s.numbers(e)
}

// siteCheck checks an edit against the sites that an actor manages.
type siteCheck struct {
	was, is *office
	within  func(site string) bool
}

func (s siteCheck) users(e Edit) bool {
	for _, id := range touched(e.Change.DropUsers, e.Change.PutUsers, userID) {
		was, is := s.was.users[id], s.is.users[id]
		if was != nil && !s.within(was.Site) || is != nil && !s.within(is.Site) {
			return false
		}
	}
	return true
}

func (s siteCheck) phones(e Edit) bool {
	was, is := byID(s.was.Phones, phoneID), byID(s.is.Phones, phoneID)
	for _, id := range touched(e.Change.DropPhones, e.Change.PutPhones, phoneID) {
		if was[id] != nil && !s.within(was[id].Site) || is[id] != nil && !s.within(is[id].Site) {
			return false
		}
	}
	return true
}

// devices checks also those on a phone that changes: whose phone stands in a
// site, that one must not draw the device of somebody elsewhere there.
func (s siteCheck) devices(e Edit) bool {
	ids := touched(e.Change.DropDevices, e.Change.PutDevices, deviceID)
	for i := range e.Change.PutPhones {
		for _, name := range e.Change.PutPhones[i].Devices {
			if d := s.is.names[name]; d != nil {
				ids = append(ids, d.ID)
			}
		}
	}
	for _, id := range ids {
		was, is := s.was.devices[id], s.is.devices[id]
		if was != nil && !s.within(s.was.siteOf(was)) || is != nil && !s.mayEndIn(was != nil, s.is.siteOf(is)) {
			return false
		}
	}
	return true
}

func (s siteCheck) numbers(e Edit) bool {
	was, is := byID(s.was.Numbers, numberID), byID(s.is.Numbers, numberID)
	siteOf := func(o *office, n *Number) string {
		if u := o.users[n.UserID]; u != nil {
			return u.Site
		}
		return ""
	}
	for _, id := range touched(e.Change.DropNumbers, e.Change.PutNumbers, numberID) {
		if was[id] != nil && !s.within(siteOf(s.was, was[id])) || is[id] != nil && !s.mayEndIn(was[id] != nil, siteOf(s.is, is[id])) {
			return false
		}
	}
	return true
}

// mayEndIn reports whether a device or number may come to a site. One that was
// there may lose its site, as when its owner is removed.
func (s siteCheck) mayEndIn(existed bool, site string) bool {
	return s.within(site) || existed && site == ""
}
