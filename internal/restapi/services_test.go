package restapi_test

import (
	"context"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/checksync"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/location"
	"github.com/hotdesk-pbx/hotdesk/internal/trunk"
)

// disk takes every change, for one server.
type disk struct{ err error }

func (*disk) Offices(context.Context) ([]directory.Office, error) { return nil, nil }

func (d *disk) Office(context.Context, string) (directory.Office, error) {
	return directory.Office{}, d.err
}

func (d *disk) Save(context.Context, directory.Change) error { return d.err }

// desks keeps the sessions of one desk at a time, and the calls.
type desks struct {
	open  map[string]hotdesk.Session // by device
	err   error
	asked hotdesk.Query
}

func (d *desks) Login(_ context.Context, req hotdesk.LoginRequest) (hotdesk.LoginResult, error) {
	if d.err != nil {
		return hotdesk.LoginResult{}, d.err
	}
	s := hotdesk.Session{ID: "s1", DeviceID: req.DeviceID, UserID: req.UserID, Door: req.By.Door, StartedAt: now(), UsedAt: now(), EndsAt: now().Add(time.Hour)}
	d.open[req.DeviceID] = s
	return hotdesk.LoginResult{Session: s, Started: true}, nil
}

func (d *desks) End(_ context.Context, id string, by hotdesk.By) (hotdesk.Session, error) {
	for device, s := range d.open {
		if device == id || s.ID == id {
			delete(d.open, device)
			s.Ended, s.EndedBy, s.EndedAt = hotdesk.EndedByAdmin, by.Actor, now()
			return s, nil
		}
	}
	return hotdesk.Session{}, hotdesk.ErrNoSession
}

func (d *desks) Effect(context.Context, directory.Edit) (hotdesk.Effect, error) {
	return hotdesk.Effect{}, d.err
}

func (d *desks) Sessions(_ context.Context, q hotdesk.Query) ([]hotdesk.Session, error) {
	d.asked = q
	var all []hotdesk.Session
	for _, s := range d.open {
		if q.ID == "" || q.ID == s.ID {
			all = append(all, s)
		}
	}
	return all, d.err
}

func (d *desks) Records(context.Context, callrecord.Query) ([]callrecord.Record, error) {
	return nil, d.err
}

// lines all have the wrong password.
type lines struct{}

func (lines) State(id string) (trunk.State, bool) {
	return trunk.State{TrunkID: id, Reason: "403 Forbidden", Since: now()}, true
}

func (lines) Lookup(string) []location.Binding { return nil }

// handsets all take what they are asked to do, but for one that is not registered.
type handsets struct{}

func (handsets) Tell(_ context.Context, _ string, act checksync.Act, d directory.Device) ([]checksync.Answer, error) {
	if d.Name == "window" {
		return nil, checksync.ErrNotRegistered
	}
	return []checksync.Answer{{UserAgent: "Phone", Contact: "sip:" + d.Name + "@192.0.2.1", Status: 200, Reason: string(act)}}, nil
}

func (handsets) TellPhone(_ context.Context, _ string, act checksync.Act, p directory.Phone) ([]checksync.Answer, error) {
	return []checksync.Answer{{Contact: "sip:" + p.MAC + "@192.0.2.1", Reason: string(act)}}, nil
}

// locks writes down whom it was asked to unlock.
type locks struct {
	audit []audit.Entry
	err   error
}

func (l *locks) LiftUser(_ context.Context, by string, u directory.User) error {
	l.audit = append(l.audit, audit.Entry{DomainID: u.DomainID, Actor: by, Action: "user.unlocked", UserID: u.ID})
	return l.err
}

func (l *locks) LiftDevice(_ context.Context, by string, d directory.Device) error {
	l.audit = append(l.audit, audit.Entry{DomainID: d.DomainID, Actor: by, Action: "device.unlocked", DeviceID: d.ID})
	return l.err
}

func (l *locks) Entries(_ context.Context, q audit.Query) ([]audit.Entry, error) {
	matches := func(want, is string) bool { return want == "" || want == is }
	var found []audit.Entry
	for _, e := range l.audit {
		if e.DomainID == q.DomainID && matches(q.UserID, e.UserID) && matches(q.DeviceID, e.DeviceID) && matches(q.Action, e.Action) {
			found = append(found, e)
		}
	}
	return found, l.err
}
