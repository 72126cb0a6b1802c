package officefile

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hotdesk-pbx/hotdesk/internal/credential"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// Result is what applying a file did, or would do.
type Result struct {
	Domain    string
	Added     []string // "user 1001 (Ana Ruiz)", "device 5401", "phone 80:5e:c0:11:22:33"
	Changed   []string
	Removed   []string
	Passwords []Password // generated ones; they are shown here and never again
}

// Password is a password generated for a device.
type Password struct{ Device, Password string }

// Apply makes a domain as a plan says, all of it or nothing. What the file
// does not name is removed from the domain; a PIN or password that the file
// does not give stays as it is, and a new device without one gets one. It
// fails with [*ProblemsError], and otherwise as [directory.Service.Edit].
func Apply(ctx context.Context, dir *directory.Service, actor directory.Actor, plan Plan) (Result, error) {
	return plan.run(dir, func(domainID string, change func(*directory.Office) error) (directory.Edit, error) {
		if domainID == "" {
			return dir.Create(ctx, actor, change)
		}
		return dir.Edit(ctx, actor, domainID, change)
	}, actor)
}

// Try does all that [Apply] does except to store it. It generates no passwords.
func Try(dir *directory.Service, actor directory.Actor, plan Plan) (Result, error) {
	result, err := plan.run(dir, func(domainID string, change func(*directory.Office) error) (directory.Edit, error) {
		return dir.Try(actor, domainID, change)
	}, actor)
	result.Passwords = nil
	return result, err
}

type editor func(domainID string, change func(*directory.Office) error) (directory.Edit, error)

func (p Plan) run(dir *directory.Service, edit editor, actor directory.Actor) (Result, error) {
	domain, _ := dir.DomainByName(p.Domain.Name)
	base, _ := dir.Office(domain.ID)
	b, problems, err := p.prepare(base)
	if err != nil {
		return Result{}, err
	}
	problems = append(problems, p.problems...)
	if len(problems) > 0 { // tell the directory's problems along with these
		_, err = dir.Try(actor, domain.ID, b.build)
		return Result{}, b.explain(err, problems)
	}
	e, err := edit(domain.ID, b.build)
	if err != nil {
		return Result{}, b.explain(err, nil)
	}
	result := summary(e)
	for _, d := range e.Change.PutDevices {
		if password, ok := b.generated[d.Name]; ok && b.uses[d.Name] {
			result.Passwords = append(result.Passwords, Password{Device: d.Name, Password: password})
		}
	}
	slices.SortFunc(result.Passwords, func(a, b Password) int { return strings.Compare(a.Device, b.Device) })
	return result, nil
}

// builder makes the office of a plan from the office there is. All that takes
// long, the hashing, is done before.
type builder struct {
	plan      Plan
	hashes    []hashes          // of plan.users
	generated map[string]string // device name -> password
	uses      map[string]bool   // the generated passwords that went into the office
	tables    map[string]*table // ID of an object -> where the file has it
}

// build changes an office into the plan's. It may be called again.
func (b *builder) build(o *directory.Office) error {
	b.uses, b.tables = map[string]bool{}, map[string]*table{}
	old := o.Clone()
	have := index(old)
	domain := b.plan.Domain
	domain.ID, domain.Version = old.Domain.ID, old.Domain.Version
	*o = directory.Office{Domain: domain}
	for i, p := range b.plan.users {
		u := p.user
		before := take(have.users, u.Extension)
		u.ID, u.CreatedAt = before.ID, before.CreatedAt
		if u.ID == "" {
			u.ID = directory.NewID()
		}
		u.PINHash = or(b.hashes[i].pin, before.PINHash)
		u.PasswordHash = or(b.hashes[i].password, before.PasswordHash)
		b.tables[u.ID] = p.at
		o.Users = append(o.Users, u)
		for _, d := range p.devices {
			b.device(o, have, d, u.ID)
		}
	}
	for _, d := range b.plan.devices {
		b.device(o, have, d, "")
	}
	for _, p := range b.plan.phones {
		phone := p.phone
		phone.Devices = slices.Clone(phone.Devices)
		phone.ID = take(have.phones, phone.MAC).ID
		if phone.ID == "" {
			phone.ID = directory.NewID()
		}
		b.tables[phone.ID] = p.at
		o.Phones = append(o.Phones, phone)
	}
	return nil
}

func (b *builder) device(o *directory.Office, have existing, p devicePlan, ownerID string) {
	d := p.device
	before := take(have.devices, d.Name)
	d.ID, d.CreatedAt, d.OwnerID = before.ID, before.CreatedAt, ownerID
	if d.ID == "" {
		d.ID = directory.NewID()
	}
	password := ""
	switch {
	case p.password != nil:
		password = *p.password
	case d.HA1MD5+d.HA1SHA256 != "": // given as an export wrote it
	case before.HA1MD5 != "":
		d.HA1MD5, d.HA1SHA256 = before.HA1MD5, before.HA1SHA256
		d.FullHA1MD5, d.FullHA1SHA256 = before.FullHA1MD5, before.FullHA1SHA256
	default:
		password = b.generated[d.Name]
		b.uses[d.Name] = true
	}
	if password != "" {
		d.HA1MD5, d.HA1SHA256 = credential.HA1(d.Name, o.Domain.Name, password)
		d.FullHA1MD5, d.FullHA1SHA256 = credential.HA1(d.Name+"@"+o.Domain.Name, o.Domain.Name, password)
	}
	b.tables[d.ID] = p.at
	o.Devices = append(o.Devices, d)
}

// existing finds what an office has by the names that the file uses.
type existing struct {
	users   map[string]directory.User
	devices map[string]directory.Device
	phones  map[string]directory.Phone
}

func index(o directory.Office) existing {
	e := existing{map[string]directory.User{}, map[string]directory.Device{}, map[string]directory.Phone{}}
	for _, u := range o.Users {
		e.users[u.Extension] = u
	}
	for _, d := range o.Devices {
		e.devices[d.Name] = d
	}
	for _, p := range o.Phones {
		e.phones[p.MAC] = p
	}
	return e
}

// take finds an object once: of two in the file that have one name, the second
// is a new one, and refused as such.
func take[T any](all map[string]T, name string) T {
	t := all[name]
	delete(all, name)
	return t
}

func or(given *string, otherwise string) string {
	if given != nil {
		return *given
	}
	return otherwise
}

// explain gives the directory's problems the lines that they come from.
func (b *builder) explain(err error, problems []Problem) error {
	var refused *directory.InvalidError
	if err != nil && !errors.As(err, &refused) {
		return err
	}
	if refused != nil {
		for _, p := range refused.Problems {
			if b.follows(p) {
				continue
			}
			problems = append(problems, Problem{Line: b.line(p), Wrong: p.Field + ": " + p.Wrong, Fix: p.Fix})
		}
	}
	sortProblems(problems)
	return &ProblemsError{Problems: problems}
}

// follows reports whether a problem may only follow from one that was found
// while reading: a misspelt key makes its value missing, also for others that
// refer to it.
func (b *builder) follows(p directory.Problem) bool {
	if len(b.plan.problems) == 0 {
		return false
	}
	at, field := b.place(p)
	if at == nil || field == "devices" && b.flawedNames() || field == "owner" {
		return true
	}
	line, given := at.find(field)
	return at.flawed && (!given || slices.ContainsFunc(b.plan.problems, func(q Problem) bool { return q.Line == line }))
}

// flawedNames reports whether a device may be missing, or have another name
// than its writer meant.
func (b *builder) flawedNames() bool {
	flawed := func(d devicePlan) bool { return d.at.flawed }
	return b.plan.file.flawed || slices.ContainsFunc(b.plan.devices, flawed) || slices.ContainsFunc(b.plan.users, func(u userPlan) bool {
		return u.at.flawed && len(u.devices) == 0 || slices.ContainsFunc(u.devices, flawed)
	})
}

// place finds where the file has the field of a problem.
func (b *builder) place(p directory.Problem) (at *table, field string) {
	if p.Kind != directory.KindDomain {
		return b.tables[p.ID], p.Field
	}
	if rest, hot := strings.CutPrefix(p.Field, "hot_desking."); hot && b.plan.hot != nil {
		return b.plan.hot, rest
	}
	return b.plan.at, p.Field
}

func (b *builder) line(p directory.Problem) int {
	at, field := b.place(p)
	if at == nil {
		return 1
	}
	line, _ := at.find(field)
	return line
}

// summary says what an edit did, in the words of the file.
func summary(e directory.Edit) Result {
	r := Result{Domain: e.After.Domain.Name}
	put := func(text string, existed bool) {
		list := &r.Added
		if existed {
			list = &r.Changed
		}
		*list = append(*list, text)
	}
	before, after := e.Before.Domain, e.After.Domain
	before.Version = after.Version
	if e.Before.Domain.ID == "" || before != after {
		put("domain "+after.Name, e.Before.Domain.ID != "")
	}
	users, devices, phones := map[string]string{}, map[string]string{}, map[string]string{}
	for _, u := range e.Before.Users {
		users[u.ID] = nameOfUser(u)
	}
	for _, d := range e.Before.Devices {
		devices[d.ID] = "device " + d.Name
	}
	for _, p := range e.Before.Phones {
		phones[p.ID] = "phone " + directory.FormatMAC(p.MAC)
	}
	for _, u := range e.Change.PutUsers {
		put(nameOfUser(u), users[u.ID] != "")
	}
	for _, d := range e.Change.PutDevices {
		put("device "+d.Name, devices[d.ID] != "")
	}
	for _, p := range e.Change.PutPhones {
		put("phone "+directory.FormatMAC(p.MAC), phones[p.ID] != "")
	}
	r.Removed = slices.Concat(names(users, e.Change.DropUsers), names(devices, e.Change.DropDevices), names(phones, e.Change.DropPhones))
	return r
}

func names(all map[string]string, ids []string) []string {
	found := make([]string, len(ids))
	for i, id := range ids {
		found[i] = all[id]
	}
	return found
}

func nameOfUser(u directory.User) string { return fmt.Sprintf("user %s (%s)", u.Extension, u.Name) }

// generate makes a password for each device that has none in the plan.
func (p Plan) generate() (map[string]string, error) {
	generated := map[string]string{}
	all := slices.Clone(p.devices)
	for _, u := range p.users {
		all = append(all, u.devices...)
	}
	for _, d := range all {
		if d.password != nil || d.device.HA1MD5+d.device.HA1SHA256 != "" {
			continue
		}
		password, err := credential.DevicePassword(rand.Reader)
		if err != nil {
			return nil, err
		}
		generated[d.device.Name] = password
	}
	return generated, nil
}
