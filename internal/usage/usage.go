// Package usage reads what reports tell: how the desks of a domain were used, by
// whom, and what happened there. The arithmetic is that of package report. It
// knows nothing of SIP, SQL or HTTP.
package usage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/report"
)

// ErrNoSubject says that nobody has that extension and no device that name, or
// that it is not for the reader to see.
var ErrNoSubject = errors.New("nobody here has this extension, and no desk this name")

// Sessions reads the sessions at desks; hotdesk.Service does.
type Sessions interface {
	Sessions(ctx context.Context, q hotdesk.Query) ([]hotdesk.Session, error)
}

// Records reads the call history; callrecord.Store is one.
type Records interface {
	Records(ctx context.Context, q callrecord.Query) ([]callrecord.Record, error)
}

// AuditLog reads what was written down about acts; audit.Log is one.
type AuditLog interface {
	Entries(ctx context.Context, q audit.Query) ([]audit.Entry, error)
}

// Service reads reports. It is safe for concurrent use.
type Service struct {
	directory *directory.Service
	sessions  Sessions
	records   Records
	audit     AuditLog
}

// New makes a service.
func New(d *directory.Service, sessions Sessions, records Records, log AuditLog) *Service {
	return &Service{directory: d, sessions: sessions, records: records, audit: log}
}

// Scope is what somebody reads reports of: some time of a domain, or of the
// sites in it that the reader may see.
type Scope struct {
	Domain directory.Domain
	Span   report.Span
	Reader directory.Actor
}

func (s Scope) sees(site string) bool {
	return directory.May(s.Reader, directory.ActSeeCalls, directory.Target{DomainID: s.Domain.ID, Site: site})
}

// Zone is the domain's time zone.
func (s Scope) Zone() *time.Location {
	zone, err := time.LoadLocation(s.Domain.TimeZone)
	if err != nil {
		return time.UTC
	}
	return zone
}

// Occupancy is when desks were in use.
type Occupancy struct {
	Desks    int // there are now
	Sessions int
	Peak     int // desks in use at once
	Average  float64
	Week     report.Week
	Levels   []report.Level
	Daily    bool // each level is a day; else an hour
}

// hourly is how long at most is told hour by hour.
const hourly = 7 * 24 * time.Hour

// Occupancy tells when desks were in use.
func (s *Service) Occupancy(ctx context.Context, of Scope) (Occupancy, error) {
	sessions, err := s.used(ctx, of)
	if err != nil {
		return Occupancy{}, err
	}
	steps := report.Steps(sessions, of.Span)
	o := Occupancy{Desks: len(s.desks(of)), Sessions: len(sessions), Week: report.ByHour(steps, of.Span, of.Zone())}
	cuts := report.Hours(of.Span, of.Zone())
	if o.Daily = of.Span.To.Sub(of.Span.From) > hourly; o.Daily {
		cuts = report.Midnights(of.Span, of.Zone())
	}
	o.Levels = report.Levels(steps, of.Span, cuts)
	for _, whole := range report.Levels(steps, of.Span, nil) {
		o.Average, o.Peak = whole.Average, whole.Peak
	}
	return o, nil
}

// used are the sessions at desks that the reader may see.
func (s *Service) used(ctx context.Context, of Scope) ([]hotdesk.Session, error) {
	sessions, err := s.sessions.Sessions(ctx, hotdesk.Query{DomainID: of.Domain.ID, Since: of.Span.From, To: of.Span.To})
	if err != nil {
		return nil, fmt.Errorf("read the sessions of a report: %w", err)
	}
	if of.sees("") {
		return sessions, nil
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(sessions, func(session hotdesk.Session) bool {
		sees, known := seen[session.DeviceID]
		if !known {
			device, _ := s.directory.Device(session.DeviceID)
			sees = of.sees(s.directory.SiteOf(device))
			seen[session.DeviceID] = sees
		}
		return !sees
	}), nil
}

// Desk is how one desk was used.
type Desk struct {
	report.Use

	DeviceID string
	Device   string // the name its phone registers with
	Name     string // "Window 1", or the device's
	Place    string // where it stands; "" when nobody has said
}

// Desks tells how each desk was used, the one that was used longest first.
func (s *Service) Desks(ctx context.Context, of Scope) ([]Desk, error) {
	sessions, err := s.used(ctx, of)
	if err != nil {
		return nil, err
	}
	uses := report.UseBy(sessions, of.Span, func(s hotdesk.Session) string { return s.DeviceID })
	desks := s.desks(of)
	for i := range desks {
		desks[i].Use = uses[desks[i].DeviceID]
	}
	slices.SortStableFunc(desks, func(a, b Desk) int { return cmp.Compare(b.For, a.For) })
	return desks, nil
}

// desks are those that there are now, as far as the reader may see them.
func (s *Service) desks(of Scope) []Desk {
	office, _ := s.directory.Office(of.Domain.ID)
	var desks []Desk
	for _, device := range office.Devices {
		if !s.directory.IsHotDesk(device) || !of.sees(s.directory.SiteOf(device)) {
			continue
		}
		owner, owned := s.directory.User(device.OwnerID)
		phone, _ := s.directory.PhoneOf(device.ID)
		desk := Desk{DeviceID: device.ID, Device: device.Name, Name: device.Name, Place: of.Domain.PlaceOf(phone, owner)}
		if owned {
			desk.Name = owner.Name
		}
		desks = append(desks, desk)
	}
	slices.SortFunc(desks, func(a, b Desk) int { return strings.Compare(a.Device, b.Device) })
	return desks
}

// Person is how one person used desks and called.
type Person struct {
	directory.User
	report.Use
	report.Calls
}

// People tells how each person used desks and called, by name.
func (s *Service) People(ctx context.Context, of Scope) ([]Person, error) {
	sessions, err := s.sessions.Sessions(ctx, hotdesk.Query{DomainID: of.Domain.ID, Since: of.Span.From, To: of.Span.To})
	if err != nil {
		return nil, fmt.Errorf("read the sessions of a report: %w", err)
	}
	records, err := s.records.Records(ctx, callrecord.Query{DomainID: of.Domain.ID, From: of.Span.From, To: of.Span.To})
	if err != nil {
		return nil, fmt.Errorf("read the calls of a report: %w", err)
	}
	uses := report.UseBy(sessions, of.Span, func(s hotdesk.Session) string { return s.UserID })
	calls := report.CallsBy(records)
	office, _ := s.directory.Office(of.Domain.ID)
	var people []Person
	for _, u := range office.Users {
		if !u.IsDeskAccount(of.Domain.HotDesking) && of.sees(u.Site) {
			people = append(people, Person{User: u, Use: uses[u.ID], Calls: calls[u.ID]})
		}
	}
	slices.SortStableFunc(people, func(a, b Person) int { return strings.Compare(a.Name, b.Name) })
	return people, nil
}
