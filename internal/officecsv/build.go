package officecsv

import (
	"slices"
	"strings"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// builder changes an office as a table says. All that takes long, the hashing,
// is done before: see [Sheet.prepare].
type builder struct {
	Sheet

	lines    []prepared
	actor    directory.Actor
	domain   directory.Domain
	problems []Problem       // of the last build
	at       map[string]int  // ID of an object -> its line
	devices  map[string]bool // the IDs in it that are those of devices
}

// prepared is a line with what its secrets become; nil leaves what is there.
type prepared struct {
	entry

	pin, password *string            // hashes
	made          []directory.Device // without HA1 values where a device keeps its password
	generated     []Secret
}

func (b *builder) add(line int, field, wrong, fix string) {
	if p := (Problem{line, field, wrong, fix}); !slices.Contains(b.problems[max(len(b.problems)-1, 0):], p) {
		b.problems = append(b.problems, p)
	}
}

// build changes the office. It may be called again.
func (b *builder) build(o *directory.Office) error {
	b.problems, b.at, b.devices = nil, map[string]int{}, map[string]bool{}
	if b.phones {
		b.buildPhones(o)
		return nil
	}
	users := make(map[string]int, len(o.Users))
	for i := range o.Users {
		users[o.Users[i].Extension] = i
	}
	devices := make(map[string]int, len(o.Devices))
	for i := range o.Devices {
		devices[o.Devices[i].Name] = i
	}
	for _, l := range b.lines {
		i, found := users[l.name]
		if !found {
			i = len(o.Users)
			o.Users = append(o.Users, directory.User{ID: l.id, Extension: l.name, Site: b.actor.Site, Scope: directory.ScopeBasicUser})
		}
		u := &o.Users[i]
		if found {
			b.mayChange(l.line, u.Site, u.Scope)
		}
		b.setUser(l, u)
		b.mayChange(l.line, u.Site, u.Scope)
		b.at[u.ID] = l.line
		for _, device := range l.made {
			b.setDevice(o, devices, l, u.ID, device)
		}
	}
	return nil
}

// mayChange refuses, at its line, what is not the actor's: the directory would
// refuse the table as a whole.
func (b *builder) mayChange(line int, site string, scope directory.Scope) {
	if !directory.May(b.actor, directory.ActManageAccounts, directory.Target{DomainID: b.domain.ID, Site: site}) {
		b.add(line, "site", "this belongs to another site, and is not yours to change", "leave the line out")
	} else if slices.Contains(directory.Scopes(), scope) && !directory.MayGrant(b.actor, scope) {
		b.add(line, "scope", string(scope)+" is not yours to give", "choose a narrower scope, or leave the line out")
	}
}

func (b *builder) setUser(l prepared, u *directory.User) {
	l.set("name", &u.Name)
	l.set("email", &u.Email)
	if scope, _ := l.text("scope"); scope != "" {
		u.Scope = directory.Scope(strings.ReplaceAll(strings.ToLower(scope), " ", "_"))
	}
	if site, given := l.text("site"); given && (site != "" || b.actor.Scope != directory.ScopeSiteManager) {
		u.Site = site
	}
	l.set("place", &u.Place)
	l.set("caller_id", &u.CallerID)
	b.flag(l, "disabled", &u.Disabled)
	hotDesking := !u.NoHotDesking
	b.flag(l, "hot_desking", &hotDesking)
	u.NoHotDesking = !hotDesking
	if l.pin != nil {
		u.PINHash = *l.pin
	}
	if l.password != nil {
		u.PasswordHash = *l.password
	}
}

// flag reads a yes or no; an empty cell leaves what is there.
func (b *builder) flag(l prepared, column string, to *bool) {
	text, _ := l.text(column)
	switch strings.ToLower(text) {
	case "":
	case "yes", "true", "1", "x":
		*to = true
	case "no", "false", "0", "-":
		*to = false
	default:
		b.add(l.line, column, "this is neither yes nor no", "write yes or no")
	}
}

// setDevice gives a user a device, which is made where it is not there.
func (b *builder) setDevice(o *directory.Office, devices map[string]int, l prepared, ownerID string, wanted directory.Device) {
	i, found := devices[wanted.Name]
	if !found {
		wanted.OwnerID = ownerID
		devices[wanted.Name] = len(o.Devices)
		o.Devices = append(o.Devices, wanted)
		b.at[wanted.ID], b.devices[wanted.ID] = l.line, true
		return
	}
	d := &o.Devices[i]
	b.at[d.ID], b.devices[d.ID] = l.line, true
	if d.OwnerID != "" && d.OwnerID != ownerID {
		b.add(l.line, "devices", "the device "+d.Name+" belongs to somebody else", "choose another name, or unassign it there first")
		return
	}
	d.OwnerID = ownerID
	if wanted.HA1MD5 != "" {
		d.HA1MD5, d.HA1SHA256, d.FullHA1MD5, d.FullHA1SHA256 = wanted.HA1MD5, wanted.HA1SHA256, wanted.FullHA1MD5, wanted.FullHA1SHA256
	}
}

func (b *builder) buildPhones(o *directory.Office) {
	phones := make(map[string]int, len(o.Phones))
	for i := range o.Phones {
		phones[o.Phones[i].MAC] = i
	}
	for _, l := range b.lines {
		i, found := phones[l.name]
		if !found {
			i = len(o.Phones)
			o.Phones = append(o.Phones, directory.Phone{ID: l.id, MAC: l.name, Site: b.actor.Site})
		}
		p := &o.Phones[i]
		if found {
			b.mayChange(l.line, p.Site, "")
		}
		l.set("model", &p.Model)
		l.set("name", &p.Name)
		if site, given := l.text("site"); given && (site != "" || b.actor.Scope != directory.ScopeSiteManager) {
			p.Site = site
		}
		l.set("place", &p.Place)
		if text, given := l.text("devices"); given {
			p.Devices = names(text)
		}
		b.mayChange(l.line, p.Site, "")
		b.at[p.ID] = l.line
	}
}

// names are the names of devices in a cell, whatever stands between them.
func names(cell string) []string {
	return strings.FieldsFunc(strings.ToLower(cell), func(r rune) bool { return strings.ContainsRune(" ,;|\n\r\t", r) })
}
