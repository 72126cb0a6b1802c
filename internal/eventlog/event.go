// Package eventlog tells programs outside what happens: it makes events of
// stored facts, the same for streams and webhooks, keeps those that are stored
// nowhere else, and feeds the streams that are open. It knows nothing of HTTP or SQL.
package eventlog

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// Directory is what is asked of the directory. It answers from memory.
type Directory interface {
	Domain(id string) (directory.Domain, bool)
	User(id string) (directory.User, bool)
	Device(id string) (directory.Device, bool)
	SiteOf(device directory.Device) string
}

// Told is an event and whom it concerns.
type Told struct {
	resource.Event

	domainID string
	users    []string // IDs
	sites    []string // of the devices
}

// kinds are the facts that events are made of.
func kinds() []string {
	return []string{
		outbox.KindLogin, outbox.KindEnded, outbox.KindRefused, outbox.KindMessageLeft, outbox.KindEmergencyCall,
		outbox.KindCallStarted, outbox.KindCallAnswered, outbox.KindCallEnded, outbox.KindRegistered, outbox.KindUnregistered,
	}
}

// May reports whether somebody may be told: who sees the calls and desks of the
// domain, or of the site, and each person of what is that person's own.
func (t *Told) May(actor directory.Actor) bool {
	own := func(id string) bool {
		return id != "" && directory.May(actor, directory.ActUseOwn, directory.Target{DomainID: t.domainID, UserID: id})
	}
	site := func(site string) bool {
		return directory.May(actor, directory.ActSeeCalls, directory.Target{DomainID: t.domainID, Site: site})
	}
	return site("") || slices.ContainsFunc(t.sites, site) || actor.DomainID == t.domainID && slices.ContainsFunc(t.users, own)
}

// reader makes an event of one fact.
type reader struct {
	dir   Directory
	told  Told
	wrong error
}

// Tell makes an event of a fact; false for one of which programs are not told.
func Tell(dir Directory, fact outbox.Fact) (Told, bool, error) {
	if !slices.Contains(kinds(), fact.Kind) {
		return Told{}, false, nil
	}
	domain, _ := dir.Domain(fact.DomainID)
	r := &reader{dir: dir, told: Told{domainID: fact.DomainID, Event: resource.Event{
		ID: fact.ID, Timestamp: fact.At, Domain: cmp.Or(domain.Name, fact.DomainID),
	}}}
	switch fact.Kind {
	case outbox.KindLogin, outbox.KindEnded:
		r.session(fact)
	case outbox.KindRefused:
		r.refusal(fact)
	case outbox.KindMessageLeft:
		r.message(fact)
	case outbox.KindEmergencyCall:
		r.emergency(fact)
	case outbox.KindRegistered, outbox.KindUnregistered:
		r.binding(fact)
	default:
		r.call(fact)
	}
	if r.wrong != nil {
		return Told{}, false, fmt.Errorf("read the fact %s: %w", fact.ID, r.wrong)
	}
	return r.told, true, nil
}

func read[T any](r *reader, fact outbox.Fact) T {
	var payload T
	r.wrong = json.Unmarshal(fact.Payload, &payload)
	return payload
}

// user notes that an event concerns a user, and returns the extension.
func (r *reader) user(id string) (extension, name string) {
	if id == "" {
		return "", ""
	}
	r.told.users = append(r.told.users, id)
	user, found := r.dir.User(id)
	if !found {
		return id, ""
	}
	return user.Extension, user.Name
}

// device notes that an event concerns a device, and returns its name.
func (r *reader) device(id string) string {
	if id == "" {
		return ""
	}
	device, found := r.dir.Device(id)
	if !found {
		return id
	}
	if site := r.dir.SiteOf(device); site != "" {
		r.told.sites = append(r.told.sites, site)
	}
	return device.Name
}

func (r *reader) session(fact outbox.Fact) {
	s := read[outbox.Session](r, fact)
	r.told.Type = resource.EventLogin
	if fact.Kind == outbox.KindEnded {
		r.told.Type = endedAs(hotdesk.Reason(s.Reason))
	}
	data := resource.SessionEvent{
		Session: s.SessionID, Device: r.device(s.DeviceID), Door: s.Door, StartedAt: s.StartedAt, EndsAt: s.EndsAt, EndedAt: s.EndedAt, Reason: s.Reason, EndedBy: s.EndedBy,
	}
	data.User, data.UserName = r.user(s.UserID)
	if by, found := r.dir.User(s.EndedBy); found {
		data.EndedBy = by.Extension
	}
	r.told.Data = data
}

// endedAs is the event of a session that has ended for a reason.
func endedAs(reason hotdesk.Reason) string {
	switch reason {
	case hotdesk.Moved, hotdesk.TakenOver:
		return resource.EventMoved
	case hotdesk.Nightly, hotdesk.HourLimit, hotdesk.IdleLimit:
		return resource.EventExpired
	default:
		return resource.EventReleased
	}
}

func (r *reader) refusal(fact outbox.Fact) {
	f := read[outbox.Refusal](r, fact)
	r.told.Type = resource.EventRefused
	data := resource.RefusedEvent{Device: r.device(f.DeviceID), Account: f.Account, Door: f.Door, Reason: f.Reason}
	data.User, _ = r.user(f.UserID)
	r.told.Data = data
}

func (r *reader) message(fact outbox.Fact) {
	m := read[outbox.MessageLeft](r, fact)
	r.told.Type = resource.EventMessage
	data := resource.MessageEvent{Message: m.MessageID, CallerNumber: m.CallerNumber, CallerName: m.CallerName, Seconds: m.Seconds}
	data.User, _ = r.user(m.UserID)
	if user, found := r.dir.User(m.UserID); found && user.Site != "" {
		r.told.sites = append(r.told.sites, user.Site)
	}
	r.told.Data = data
}

func (r *reader) emergency(fact outbox.Fact) {
	e := read[outbox.EmergencyCall](r, fact)
	r.told.Type = resource.EventEmergency
	data := resource.EmergencyEvent{Call: e.CallID, Device: r.device(e.DeviceID), Dialled: e.Dialled, CallerID: e.CallerID, Place: e.Place, Trunk: e.Line}
	data.User, data.UserName = r.user(e.UserID)
	r.told.Data = data
}

func (r *reader) binding(fact outbox.Fact) {
	b := read[outbox.Binding](r, fact)
	r.told.Type = resource.EventRegistered
	if fact.Kind == outbox.KindUnregistered {
		r.told.Type = resource.EventUnregistered
	}
	device, _ := r.dir.Device(b.DeviceID)
	data := resource.RegistrationEvent{Device: r.device(b.DeviceID), Flow: b.Flow, UserAgent: b.UserAgent, Expired: b.Expired}
	data.User, _ = r.user(device.OwnerID)
	r.told.Data = data
}

func (r *reader) call(fact outbox.Fact) {
	c := read[outbox.Call](r, fact)
	switch fact.Kind {
	case outbox.KindCallStarted:
		r.told.Type = resource.EventCallStarted
	case outbox.KindCallAnswered:
		r.told.Type = resource.EventCallAnswered
	default:
		r.told.Type = resource.EventCall
	}
	r.told.Data = resource.CallEvent{
		Call: c.CallID, Caller: r.party(c.Caller), Dialled: c.Dialled, Callee: r.party(c.Callee),
		StartedAt: c.StartedAt, AnsweredAt: c.AnsweredAt, EndedAt: c.EndedAt, Result: c.Result, Way: c.Way, Message: c.MessageID,
	}
}

func (r *reader) party(p outbox.Party) resource.Party {
	user, _ := r.user(p.UserID)
	return resource.Party{Number: p.Number, Name: p.Name, User: user, Device: r.device(p.DeviceID), Session: p.SessionID}
}
