package directory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
	"github.com/hotdesk-pbx/hotdesk/internal/credential"
)

// Edit is what an edit made of an office.
type Edit struct {
	Before Office
	After  Office
	Change Change // what was, or for [Service.Try] would be, written
}

// Empty reports whether the edit left everything as it was.
func (e Edit) Empty() bool {
	c := e.Change
	return e.Before.Domain == e.After.Domain && !c.DropDomain && c.accounts()+c.trunks() == 0
}

// maxTries bounds how often an edit starts anew because somebody else's was
// faster. Each time one of them gets through, so that only very many at once
// could use it up.
const maxTries = 100

// Create makes a domain. The function fills an empty office, whose Domain it
// should take from [Defaults].
func (s *Service) Create(ctx context.Context, actor Actor, fill func(*Office) error) (Edit, error) {
	return s.edit(ctx, actor, "", fill)
}

// Edit changes an office: the function changes a copy, which is checked and
// stored whole or not at all. It may be called again on a newer copy when
// somebody else was faster, and must not keep what it is given. Whatever is
// new may leave its ID empty.
//
// It fails with what the function returned, with [*InvalidError],
// [ErrForbidden] or [ErrNotFound].
func (s *Service) Edit(ctx context.Context, actor Actor, domainID string, change func(*Office) error) (Edit, error) {
	if domainID == "" {
		return Edit{}, fmt.Errorf("domain: %w", ErrNotFound)
	}
	return s.edit(ctx, actor, domainID, change)
}

// Try does all that [Service.Edit] does, or [Service.Create] when the domain's
// ID is "", except to store the outcome.
func (s *Service) Try(actor Actor, domainID string, change func(*Office) error) (Edit, error) {
	base, err := s.base(domainID)
	if err != nil {
		return Edit{}, err
	}
	return s.work(actor, base, change)
}

// Drop removes a domain with all that belongs to it.
func (s *Service) Drop(ctx context.Context, actor Actor, domainID string) error {
	if !May(actor, ActManageServer, Target{DomainID: domainID}) {
		return ErrForbidden
	}
	base, err := s.base(domainID)
	if err != nil {
		return err
	}
	for range maxTries {
		change := Change{Domain: base.Domain, DropDomain: true}
		change.Audit = []audit.Entry{s.entry(actor, base.Domain.ID, "domain.removed", base.Domain.Name)}
		err = s.store.Save(ctx, change)
		if !errors.Is(err, ErrStale) {
			break
		}
		if base, err = s.newer(ctx, base.Domain); err != nil {
			return err
		}
	}
	if err != nil {
		return fmt.Errorf("remove domain %s: %w", base.Domain.Name, err)
	}
	s.uninstall(base.Domain)
	s.bus.Publish(Changed{DomainID: base.Domain.ID, Version: base.Domain.Version + 1, Settings: true, Dropped: true})
	return nil
}

func (s *Service) edit(ctx context.Context, actor Actor, domainID string, change func(*Office) error) (Edit, error) {
	base, err := s.base(domainID)
	if err != nil {
		return Edit{}, err
	}
	for range maxTries {
		var e Edit
		if e, err = s.work(actor, base, change); err != nil || e.Empty() {
			return e, err
		}
		if err = s.store.Save(ctx, e.Change); err == nil {
			e.After.Domain.Version++
			s.install(e.After.Clone())
			s.bus.Publish(e.fact())
			return e, nil
		}
		if !errors.Is(err, ErrStale) {
			return Edit{}, s.explain(err, e.After)
		}
		if base, err = s.newer(ctx, base.Domain); err != nil {
			return Edit{}, err
		}
	}
	return Edit{}, fmt.Errorf("change domain %s: %w", base.Domain.Name, err)
}

// base is the office an edit starts from, an empty one to make a domain.
func (s *Service) base(domainID string) (Office, error) {
	if domainID == "" {
		return Office{}, nil
	}
	if o := s.officeOf(domainID); o != nil {
		return o.Office, nil
	}
	return Office{}, fmt.Errorf("domain %s: %w", domainID, ErrNotFound)
}

// newer is an office as it is after a stale one: from memory when this server
// changed it, from the store when another one did.
func (s *Service) newer(ctx context.Context, stale Domain) (Office, error) {
	if o := s.officeOf(stale.ID); o != nil && o.Domain.Version > stale.Version {
		return o.Office, nil
	}
	o, err := s.store.Office(ctx, stale.ID)
	if errors.Is(err, ErrNotFound) {
		s.uninstall(stale)
	}
	if err != nil {
		return Office{}, fmt.Errorf("read domain %s again: %w", stale.Name, err)
	}
	o.order()
	s.install(o)
	return o, nil
}

// work makes, checks and compares the new office. It stores nothing.
func (s *Service) work(actor Actor, base Office, change func(*Office) error) (Edit, error) {
	after := base.Clone()
	if err := change(&after); err != nil {
		return Edit{}, err
	}
	s.complete(base, &after)
	e := Edit{Before: base, After: after}
	e.Change = diff(base, after)
	if !allowed(actor, e) { // before the problems, which may tell of what is not the actor's
		return e, ErrForbidden
	}
	if problems := slices.Concat(Validate(after), s.compare(base, after)); len(problems) > 0 {
		return e, &InvalidError{Problems: problems}
	}
	if !mayGrantAll(actor, e) {
		return e, ErrForbidden
	}
	e.Change.Audit = s.entries(actor, e)
	return e, nil
}

// complete fills in what an edit leaves to the directory.
func (s *Service) complete(base Office, after *Office) {
	if base.Domain.ID != "" {
		after.Domain.ID, after.Domain.Version = base.Domain.ID, base.Domain.Version
	} else if after.Domain.ID == "" {
		after.Domain.ID = NewID()
	}
	now := s.now().UTC().Truncate(time.Millisecond)
	for i := range after.Users {
		fill(&after.Users[i].ID, &after.Users[i].CreatedAt, now)
	}
	for i := range after.Devices {
		fill(&after.Devices[i].ID, &after.Devices[i].CreatedAt, now)
	}
	for i := range after.Phones {
		fill(&after.Phones[i].ID, nil, now)
	}
	for i := range after.Numbers {
		fill(&after.Numbers[i].ID, nil, now)
	}
	for i := range after.Trunks {
		fill(&after.Trunks[i].ID, nil, now)
	}
	after.normalize()
	after.order()
}

func fill(id *string, createdAt *time.Time, now time.Time) {
	if *id == "" {
		*id = NewID()
	}
	if createdAt != nil && createdAt.IsZero() {
		*createdAt = now
	}
}

// compare finds what is wrong not with the new office but with the step to it.
func (s *Service) compare(before, after Office) []Problem {
	var problems []Problem
	name, was := after.Domain.Name, before.Domain.Name
	if was != "" && name != was {
		problems = append(problems, Problem{
			KindDomain, after.Domain.ID, was, "name",
			"a domain keeps its name, because every device's stored password holds it",
			"make a new domain and give its devices new passwords",
		})
	}
	if other, ok := s.otherDefault(after.Domain); ok {
		problems = append(problems, Problem{
			KindDomain, after.Domain.ID, name, "default", other + " is the default domain already",
			"take it from that domain first",
		})
	}
	if problem := s.wrongReseller(before.Domain, after.Domain); problem != nil {
		problems = append(problems, *problem)
	}
	return slices.Concat(problems, renumbered(before, after), renamed(before, after))
}

// renumbered finds people whose new extension is the PIN they have.
func renumbered(before, after Office) []Problem {
	var problems []Problem
	users := byID(before.Users, userID)
	for _, u := range after.Users {
		old := users[u.ID]
		if old != nil && old.Extension != u.Extension && old.PINHash == u.PINHash && credential.Verify(u.Extension, u.PINHash) {
			problems = append(problems, Problem{
				KindUser, u.ID, u.Extension, "extension", "the new extension is this person's PIN",
				"choose a new PIN along with it",
			})
		}
	}
	return problems
}

// renamed finds devices with a new name and a password for the old one.
func renamed(before, after Office) []Problem {
	var problems []Problem
	devices := byID(before.Devices, deviceID)
	for _, d := range after.Devices {
		if old := devices[d.ID]; old != nil && old.Name != d.Name && old.HA1MD5 == d.HA1MD5 {
			problems = append(problems, Problem{
				KindDevice, d.ID, d.Name, "name", "the stored password holds the old name, " + old.Name,
				"give a new password along with the new name",
			})
		}
	}
	return problems
}

// wrongReseller is what is wrong with a reseller whom a domain is given to.
func (s *Service) wrongReseller(before, after Domain) *Problem {
	if after.ResellerID == "" || after.ResellerID == before.ResellerID {
		return nil
	}
	if user, found := s.User(after.ResellerID); found && user.Scope == ScopeReseller {
		return nil
	}
	return &Problem{
		KindDomain, after.ID, after.Name, "reseller", "there is no such reseller",
		"name a user of any domain whose scope is reseller, such as \"1001@acme.test\"",
	}
}

// otherDefault is the name of another domain that is the default, when this
// one wants to be.
func (s *Service) otherDefault(domain Domain) (string, bool) {
	if !domain.Default {
		return "", false
	}
	for _, d := range s.Domains() {
		if d.Default && d.ID != domain.ID {
			return d.Name, true
		}
	}
	return "", false
}

// explain finds what is taken in another domain, in words.
func (s *Service) explain(err error, after Office) error {
	if !errors.Is(err, ErrTaken) {
		return fmt.Errorf("store domain %s: %w", after.Domain.Name, err)
	}
	if d, ok := s.DomainByName(after.Domain.Name); ok && d.ID != after.Domain.ID {
		return invalid(Problem{
			KindDomain, after.Domain.ID, d.Name, "name", "there is a domain of this name already", "choose another name",
		})
	}
	for _, d := range s.Domains() {
		if other := s.officeOf(d.ID); other != nil && d.ID != after.Domain.ID {
			if problems := other.owns(&after); len(problems) > 0 {
				return &InvalidError{Problems: problems}
			}
		}
	}
	return fmt.Errorf("store domain %s: %w", after.Domain.Name, err)
}

// owns finds what another office wants and this one has.
func (o *office) owns(wanted *Office) []Problem {
	var problems []Problem
	for i := range wanted.Phones {
		if p := &wanted.Phones[i]; o.PhoneByMAC(p.MAC) != nil {
			problems = append(problems, Problem{
				KindPhone, p.ID, FormatMAC(p.MAC), "mac", "the phone of this MAC address is in another domain",
				"check the label on the phone, or remove it there first",
			})
		}
	}
	for i := range wanted.Numbers {
		if n := &wanted.Numbers[i]; o.numbers[n.Number] != nil {
			problems = append(problems, Problem{
				KindNumber, n.ID, n.Number, "number", n.Number + " belongs to another domain", "check the number, or remove it there first",
			})
		}
	}
	return problems
}

// install makes a version of an office the one that is answered from, unless
// a newer one is there already.
func (s *Service) install(o Office) {
	domain, next := o.Domain, newOffice(o)
	for {
		x := s.index.Load()
		c := x.byID[domain.ID]
		if c == nil {
			c = &cell{}
			c.office.Store(next)
			if s.index.CompareAndSwap(x, x.put(domain, c)) {
				s.owners.replace(c, nil, next)
				return
			}
			continue
		}
		old := c.office.Load()
		if old == nil || old.Domain.Version >= domain.Version {
			return
		}
		if c.office.CompareAndSwap(old, next) {
			s.owners.replace(c, old, next)
			s.resettle(old.Domain.Default != domain.Default)
			return
		}
	}
}

// uninstall forgets an office.
func (s *Service) uninstall(domain Domain) {
	for {
		x := s.index.Load()
		c := x.byID[domain.ID]
		if c == nil {
			return
		}
		if s.index.CompareAndSwap(x, x.drop(domain)) {
			old := c.office.Swap(nil)
			s.owners.replace(c, old, nil)
			return
		}
	}
}

// resettle decides the fallback anew when a domain's default mark changed.
func (s *Service) resettle(changed bool) {
	for changed {
		x := s.index.Load()
		n := &index{byID: x.byID, byName: x.byName}
		changed = !s.index.CompareAndSwap(x, n.settle())
	}
}
