package demo

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/app"
	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/events"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/location"
	"github.com/hotdesk-pbx/hotdesk/internal/switchboard"
)

// mood is how a line of the picture looks.
type mood int

const (
	away mood = iota // no phone is registered
	quiet
	ringing
	talking
)

// row is one phone in the picture.
type row struct {
	phone  string
	holder string // "" at a free desk
	until  string // "" where there is no end
	now    string // "" when it is quiet
	mood   mood
}

// liveCall is a call as far as facts have told of it.
type liveCall struct {
	started switchboard.Started
	ringing map[string]bool // by device
	callee  callrecord.Party
	talks   bool
}

// picture is what is known of the office now, out of the server's facts.
type picture struct {
	directory *directory.Service
	locations *location.Service
	domain    directory.Domain
	zone      *time.Location

	mu    sync.Mutex
	seats map[string]sitting // by name of the desk
	calls map[string]*liveCall
}

// sitting is who sits at a desk.
type sitting struct{ holder, until string }

func newPicture(server *app.App, domain directory.Domain, zone *time.Location) *picture {
	p := &picture{directory: server.Directory(), locations: server.Locations(), domain: domain, zone: zone}
	p.forget()
	return p
}

// forget makes it blank again.
func (p *picture) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seats, p.calls = map[string]sitting{}, map[string]*liveCall{}
}

// sit notes who sits at a desk, until when.
func (p *picture) sit(desk, extension, name string, until *time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := sitting{holder: name + " " + extension}
	if until != nil && !until.IsZero() {
		s.until = until.In(p.zone).Format("15:04")
	}
	p.seats[desk] = s
}

// apply changes the picture as a fact says.
func (p *picture) apply(fact events.Fact) {
	switch f := fact.(type) {
	case hotdesk.LoggedIn:
		p.seat(f.Session)
	case hotdesk.Extended:
		p.seat(f.Session)
	case hotdesk.Ended:
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.seats, p.name(f.Session.DeviceID))
	default:
		p.mu.Lock()
		defer p.mu.Unlock()
		p.applyCall(fact)
	}
}

func (p *picture) seat(s hotdesk.Session) {
	if user, ok := p.directory.User(s.UserID); ok {
		p.sit(p.name(s.DeviceID), user.Extension, user.Name, &s.EndsAt)
	}
}

// applyCall changes the calls. Facts of a call whose start was missed are
// about nothing that could be shown.
func (p *picture) applyCall(fact events.Fact) {
	switch f := fact.(type) {
	case switchboard.Started:
		p.calls[f.CallID] = &liveCall{started: f, ringing: map[string]bool{}}
	case switchboard.Ringing:
		if c := p.calls[f.CallID]; c != nil {
			c.ringing[f.DeviceID] = true
		}
	case switchboard.Answered:
		if c := p.calls[f.CallID]; c != nil {
			c.callee, c.talks = f.Callee, true
		}
	case switchboard.Ended:
		delete(p.calls, f.Record.ID)
	}
}

// name is a device's name.
func (p *picture) name(deviceID string) string {
	device, _ := p.directory.Device(deviceID)
	return device.Name
}

// title is what people call a device.
func (p *picture) title(deviceID string) string { return titleOf(p.name(deviceID)) }

func titleOf(device string) string {
	switch {
	case device == anaMobile:
		return "Ana's mobile"
	case device == benPhone:
		return "Ben's phone"
	case device == cleoPhone:
		return "Cleo's phone"
	case strings.HasPrefix(device, "54"):
		return "Desk " + device
	default:
		return device
	}
}

// rows is the picture: the desks first.
func (p *picture) rows() []row {
	p.mu.Lock()
	defer p.mu.Unlock()
	var rows []row
	for _, name := range []string{leftDesk, rightDesk, yourDesk, anaMobile, benPhone, cleoPhone} {
		if device, ok := p.directory.DeviceByName(p.domain.ID, name); ok {
			rows = append(rows, p.row(device))
		}
	}
	return rows
}

func (p *picture) row(device directory.Device) row {
	r := row{phone: titleOf(device.Name), mood: quiet}
	s := p.seats[device.Name]
	r.holder, r.until = s.holder, s.until
	if owner, ok := p.directory.User(device.OwnerID); ok && !owner.IsDeskAccount(p.domain.HotDesking) {
		r.holder = owner.Name + " " + owner.Extension
	}
	if len(p.locations.Lookup(device.ID)) == 0 {
		r.mood, r.now = away, "no phone connected"
	}
	for _, id := range slices.Sorted(maps.Keys(p.calls)) { // in the order of time
		if now, does := p.calls[id].at(device.ID); now != "" {
			r.now, r.mood = now, does
		}
	}
	return r
}

// at is what a call is for one device; nothing when it has no part in it.
func (c *liveCall) at(deviceID string) (string, mood) {
	caller := c.started.Caller
	makes := caller.DeviceID == deviceID
	switch {
	case c.talks && makes:
		return "talks to " + who(c.callee), talking
	case c.talks && c.callee.DeviceID == deviceID:
		return "talks to " + who(caller), talking
	case c.talks:
		return "", quiet
	case makes && strings.HasPrefix(c.started.Dialled, "*"):
		return "has dialled " + c.started.Dialled, talking
	case makes:
		return "calls " + c.started.Dialled, talking
	case c.ringing[deviceID]:
		return "rings: " + who(caller), ringing
	}
	return "", quiet
}

func who(p callrecord.Party) string { return fmt.Sprintf("%s %s", p.Name, p.Number) }
