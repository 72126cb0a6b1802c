package portal

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
)

// deskState is what a desk is doing, in the word that stands on its badge.
type deskState string

const (
	deskFree         deskState = "Free"
	deskInUse        deskState = "In use"
	deskInCall       deskState = "In a call"
	deskUnregistered deskState = "Not registered"
)

// deskView is a hot desk as the pages show it.
type deskView struct {
	DomainName string
	DeviceID   string
	Device     string // the name its phone registers with
	Name       string // "Window 1", or the device's
	Site       string
	Place      string
	State      deskState
	Session    *hotdesk.Session
	Holder     directory.User
	Since      string   // in the domain's zone: "09:12"
	Until      string   // "" when nothing ends the session by itself
	Calls      []string // what is spoken there, or rings: "with Bob Lee (1002) since 09:20"
	Troubles   []string // what somebody should look at
	Passing    bool     // a trouble goes by itself, without a fact that tells
}

// label names a desk for people: "Window 1 (5401)".
func (d deskView) label() string { return deskLabel(d.Name, d.Device) }

func deskLabel(name, device string) string {
	if name == device {
		return device
	}
	return fmt.Sprintf("%s (%s)", name, device)
}

// span is when the session began and when it will end: "since 09:12, until 02:00".
func (d deskView) span() string {
	if d.Until == "" {
		return "since " + d.Since
	}
	return "since " + d.Since + ", until " + d.Until
}

// desks are the hot desks of a domain, by name.
func (p *Portal) desks(ctx context.Context, domain directory.Domain) ([]deskView, error) {
	office, found := p.cfg.Directory.Office(domain.ID)
	if !found {
		return nil, errNowhere
	}
	sessions, err := p.cfg.Sessions.Sessions(ctx, hotdesk.Query{DomainID: domain.ID, Open: true})
	if err != nil {
		return nil, err
	}
	alarms, err := p.alarms(ctx, domain.ID)
	if err != nil {
		return nil, err
	}
	open := make(map[string]*hotdesk.Session, len(sessions))
	for i, s := range sessions {
		open[s.DeviceID] = &sessions[i]
	}
	var desks []deskView
	for _, device := range office.Devices {
		if !p.cfg.Directory.IsHotDesk(device) {
			continue
		}
		desks = append(desks, p.watched(domain, p.desk(domain, device, open[device.ID]), alarms))
	}
	slices.SortFunc(desks, func(a, b deskView) int { return strings.Compare(a.Device, b.Device) })
	return desks, nil
}

// desksOf are some hot desks as they are now; what is none of the domain is not
// among them.
func (p *Portal) desksOf(ctx context.Context, domain directory.Domain, deviceIDs []string) ([]deskView, error) {
	alarms, err := p.alarms(ctx, domain.ID)
	if err != nil {
		return nil, err
	}
	var desks []deskView
	for _, id := range deviceIDs {
		desk, is, err := p.deskOf(ctx, domain, id)
		if err != nil {
			return nil, err
		}
		if is {
			desks = append(desks, p.watched(domain, desk, alarms))
		}
	}
	return desks, nil
}

// deskOf is one hot desk as it is now; false for a device that is none.
func (p *Portal) deskOf(ctx context.Context, domain directory.Domain, deviceID string) (deskView, bool, error) {
	device, found := p.cfg.Directory.Device(deviceID)
	if !found || device.DomainID != domain.ID || !p.cfg.Directory.IsHotDesk(device) {
		return deskView{}, false, nil
	}
	sessions, err := p.cfg.Sessions.Sessions(ctx, hotdesk.Query{DeviceID: deviceID, Open: true, Limit: 1})
	if err != nil {
		return deskView{}, false, err
	}
	if len(sessions) == 0 {
		return p.desk(domain, device, nil), true, nil
	}
	return p.desk(domain, device, &sessions[0]), true, nil
}

// desk is a device with the session that is open there, or nil.
func (p *Portal) desk(domain directory.Domain, device directory.Device, session *hotdesk.Session) deskView {
	d := deskView{DomainName: domain.Name, DeviceID: device.ID, Device: device.Name, Name: device.Name, State: deskFree, Session: session}
	d.Site = p.cfg.Directory.SiteOf(device)
	owner, owned := p.cfg.Directory.User(device.OwnerID)
	if owned {
		d.Name = owner.Name
	}
	phone, _ := p.cfg.Directory.PhoneOf(device.ID)
	d.Place = domain.PlaceOf(phone, owner)
	if session != nil {
		d.Holder, _ = p.cfg.Directory.User(session.UserID)
		d.Since, d.Until = p.clock(domain, session.StartedAt), p.clock(domain, session.EndsAt)
	}
	d.Calls = p.callsAt(domain, device.ID)
	switch {
	case p.cfg.Calls.InCall(device.ID):
		d.State = deskInCall
	case session != nil:
		d.State = deskInUse
	case len(p.cfg.Locations.Lookup(device.ID)) == 0:
		d.State = deskUnregistered
	}
	return d
}

// clock is a time as a wall clock in the domain's zone shows it, with the day
// where it is not today; "" for none.
func (p *Portal) clock(domain directory.Domain, at time.Time) string {
	if at.IsZero() {
		return ""
	}
	zone, err := time.LoadLocation(domain.TimeZone)
	if err != nil {
		zone = time.UTC
	}
	at, now := at.In(zone), p.cfg.Now().In(zone)
	if at.Format(time.DateOnly) == now.Format(time.DateOnly) || at.After(now) && at.Sub(now) < 24*time.Hour {
		return at.Format("15:04")
	}
	return at.Format("Mon 2 Jan 15:04")
}
