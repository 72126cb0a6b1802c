package portal

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/emergency"
	"github.com/hotdesk-pbx/hotdesk/internal/switchboard"
)

// Emergencies tells of emergency calls; emergency.Service does.
type Emergencies interface {
	Lately(ctx context.Context, domainID string) ([]emergency.Call, error)
}

// Lockouts tells where nobody may try a PIN now; login.Service does.
type Lockouts interface {
	LockedDevices(ctx context.Context) (map[string]time.Time, error)
}

// alarms are what a desk may be in trouble for besides what it is doing, by device.
type alarms struct {
	emergency map[string]time.Time // when somebody last called for help there
	locked    map[string]time.Time // until when nobody may try a PIN there
}

func (p *Portal) alarms(ctx context.Context, domainID string) (alarms, error) {
	calls, err := p.cfg.Emergencies.Lately(ctx, domainID)
	if err != nil {
		return alarms{}, err
	}
	locked, err := p.cfg.Lockouts.LockedDevices(ctx)
	if err != nil {
		return alarms{}, err
	}
	a := alarms{emergency: map[string]time.Time{}, locked: locked}
	for _, c := range calls {
		if c.At.After(a.emergency[c.DeviceID]) {
			a.emergency[c.DeviceID] = c.At
		}
	}
	return a, nil
}

// watched is a desk with its troubles.
func (p *Portal) watched(domain directory.Domain, d deskView, a alarms) deskView {
	called, locked := a.emergency[d.DeviceID], a.locked[d.DeviceID]
	d.Passing = !called.IsZero() || !locked.IsZero()
	d.Troubles = troubles(d, condition{
		bound: len(p.cfg.Locations.Bindings(d.DeviceID)) > 0, answers: len(p.cfg.Locations.Lookup(d.DeviceID)) > 0,
		called: p.clock(domain, called), locked: p.clock(domain, locked),
	})
	return d
}

// condition is how a desk and its phone are, as far as that may be trouble.
type condition struct {
	bound, answers bool   // whether its phone is registered, and can be reached
	called         string // when somebody there called for help, within the hour; "" for nobody
	locked         string // until when wrong PINs have locked it; "" when they have not
}

// troubles are the reasons why somebody should look at a desk, the gravest first.
func troubles(d deskView, c condition) []string {
	var found []string
	for _, t := range []struct {
		is   bool
		text string
	}{
		{c.called != "", "Emergency call at " + c.called},
		{c.bound && !c.answers, "Its phone is registered and does not answer"},
		{!c.bound && d.Session != nil, "Its phone is not registered: no call rings here"},
		{c.locked != "", "Too many wrong PINs, locked until " + c.locked},
		{d.Place == "", "No place: emergency calls cannot say where it is"},
	} {
		if t.is {
			found = append(found, t.text)
		}
	}
	return found
}

// callsAt says what is spoken at a device, and what rings there.
func (p *Portal) callsAt(domain directory.Domain, deviceID string) []string {
	var said []string
	for _, call := range p.cfg.Telephony.CallsOf(deviceID) {
		if text := callAt(call, deviceID, func(at time.Time) string { return p.clock(domain, at) }); text != "" {
			said = append(said, text)
		}
	}
	return said
}

// callAt says what a call is to a device: "In a call with Bob Lee (1002) since
// 09:20". Of a conversation with the system there is nothing to say.
func callAt(call switchboard.LiveCall, deviceID string, clock func(time.Time) string) string {
	made, answered := call.Caller.DeviceID == deviceID, !call.AnsweredAt.IsZero()
	other := partyName(call.Caller)
	switch {
	case made:
		other = partyName(call.Callee)
	case call.Withheld:
		other = "somebody who withholds the number"
	}
	switch {
	case made && (strings.HasPrefix(call.Dialled, "*") || answered && call.Callee == callrecord.Party{}):
		return ""
	case answered:
		return "In a call with " + other + " since " + clock(call.AnsweredAt)
	case made:
		return "Calling " + call.Dialled
	default:
		return "Rings: " + other
	}
}

// partyName names one end of a call: "Ben Okafor (1002)".
func partyName(p callrecord.Party) string {
	switch {
	case p.Name == "" || p.Name == p.Number:
		return cmp.Or(p.Number, "somebody unknown")
	case p.Number == "":
		return p.Name
	default:
		return p.Name + " (" + p.Number + ")"
	}
}
