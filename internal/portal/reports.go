package portal

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/report"
)

const (
	usualDays = 28  // of a report, unless somebody chooses others
	mostDays  = 366 // of a report
)

// Records reads the call history; callrecord.Store is one.
type Records interface {
	Records(ctx context.Context, q callrecord.Query) ([]callrecord.Record, error)
}

// AuditLog reads what was written down about acts; audit.Log is one.
type AuditLog interface {
	Entries(ctx context.Context, q audit.Query) ([]audit.Entry, error)
}

// reportView is what every report is about: some days of a domain.
type reportView struct {
	Domain directory.Domain
	Form   *form
	Zone   *time.Location
	Span   report.Span // as far as it is past
	now    time.Time
}

// query is the span as a page's address has it.
func (r reportView) query() string {
	return "?from=" + r.Form.text("from") + "&to=" + r.Form.text("to")
}

// dates reads the days that a report is asked for.
func (v *visit) dates() reportView {
	r := reportView{Domain: v.domain, Zone: zoneOf(v.domain), now: v.cfg.Now()}
	today := r.now.In(r.Zone)
	first, last := today.AddDate(0, 0, 1-usualDays), today
	given := v.r.URL.Query()
	r.Form = newForm("from", cmp.Or(given.Get("from"), first.Format(time.DateOnly)), "to", cmp.Or(given.Get("to"), last.Format(time.DateOnly)))
	from, wrongFrom := time.Parse(time.DateOnly, r.Form.text("from"))
	to, wrongTo := time.Parse(time.DateOnly, r.Form.text("to"))
	switch {
	case wrongFrom != nil:
		r.Form.refuse("from", "This is no day; write it as 2026-01-31")
	case wrongTo != nil:
		r.Form.refuse("to", "This is no day; write it as 2026-01-31")
	case to.Before(from):
		r.Form.refuse("to", "The last day is before the first")
	case to.Sub(from) > mostDays*24*time.Hour:
		r.Form.refuse("to", "A report is about a year at most")
	}
	if r.Form.right() {
		first, last = from, to
	}
	r.Span = report.Days(first, last, r.Zone).Until(r.now)
	return r
}

// zoneOf is a domain's time zone.
func zoneOf(domain directory.Domain) *time.Location {
	zone, err := time.LoadLocation(domain.TimeZone)
	if err != nil {
		return time.UTC
	}
	return zone
}

// used are the sessions of a span at desks that whoever is signed in may see.
func (v *visit) used(span report.Span) ([]hotdesk.Session, error) {
	sessions, err := v.cfg.Sessions.Sessions(v.r.Context(), hotdesk.Query{DomainID: v.domain.ID, Since: span.From, To: span.To})
	if err != nil || v.sees(directory.ActSeeCalls, "") {
		return sessions, err
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(sessions, func(s hotdesk.Session) bool {
		sees, known := seen[s.DeviceID]
		if !known {
			device, _ := v.cfg.Directory.Device(s.DeviceID)
			sees = v.sees(directory.ActSeeCalls, v.cfg.Directory.SiteOf(device))
			seen[s.DeviceID] = sees
		}
		return !sees
	}), nil
}

// occupancyView is when desks were in use.
type occupancyView struct {
	reportView

	Desks    int // there are now
	Sessions int
	Peak     int
	Average  float64
	Week     report.Week
	Levels   []report.Level
	Daily    bool // each level is a day; else an hour
}

// hourly is how many days at most are shown hour by hour.
const hourly = 7 * 24 * time.Hour

func (v *visit) occupancy() (occupancyView, error) {
	view := occupancyView{reportView: v.dates()}
	desks, err := v.seenDesks()
	if err != nil {
		return view, err
	}
	sessions, err := v.used(view.Span)
	if err != nil {
		return view, err
	}
	steps := report.Steps(sessions, view.Span)
	view.Desks, view.Sessions = len(desks), len(sessions)
	view.Week = report.ByHour(steps, view.Span, view.Zone)
	cuts := report.Hours(view.Span, view.Zone)
	if view.Daily = view.Span.To.Sub(view.Span.From) > hourly; view.Daily {
		cuts = report.Midnights(view.Span, view.Zone)
	}
	view.Levels = report.Levels(steps, view.Span, cuts)
	for _, whole := range report.Levels(steps, view.Span, nil) {
		view.Average, view.Peak = whole.Average, whole.Peak
	}
	return view, nil
}

// reports shows when desks were in use.
func (v *visit) reports() error {
	view, err := v.occupancy()
	if err != nil {
		return err
	}
	return v.show(view.Form.status, "Reports", occupancyPage(view))
}

// deskUse is how one desk was used.
type deskUse struct {
	deskView
	report.Use
}

func (v *visit) deskUses(span report.Span) ([]deskUse, error) {
	desks, err := v.seenDesks()
	if err != nil {
		return nil, err
	}
	sessions, err := v.used(span)
	if err != nil {
		return nil, err
	}
	uses := report.UseBy(sessions, span, func(s hotdesk.Session) string { return s.DeviceID })
	found := make([]deskUse, len(desks))
	for i, d := range desks {
		found[i] = deskUse{deskView: d, Use: uses[d.DeviceID]}
	}
	slices.SortStableFunc(found, func(a, b deskUse) int { return cmp.Compare(b.For, a.For) })
	return found, nil
}

// deskReport shows how each desk was used, which never was, and where a place is
// missing.
func (v *visit) deskReport() error {
	view := v.dates()
	desks, err := v.deskUses(view.Span)
	if err != nil {
		return err
	}
	return v.show(view.Form.status, "Desks", deskReportPage(view, desks))
}

// personUse is how one person used desks and called.
type personUse struct {
	directory.User
	report.Use
	report.Calls
}

func (v *visit) personUses(span report.Span) ([]personUse, error) {
	office, found := v.cfg.Directory.Office(v.domain.ID)
	if !found {
		return nil, errNowhere
	}
	sessions, err := v.cfg.Sessions.Sessions(v.r.Context(), hotdesk.Query{DomainID: v.domain.ID, Since: span.From, To: span.To})
	if err != nil {
		return nil, err
	}
	records, err := v.cfg.Records.Records(v.r.Context(), callrecord.Query{DomainID: v.domain.ID, From: span.From, To: span.To})
	if err != nil {
		return nil, err
	}
	uses := report.UseBy(sessions, span, func(s hotdesk.Session) string { return s.UserID })
	calls := report.CallsBy(records)
	var people []personUse
	for _, u := range office.Users {
		if !u.IsDeskAccount(v.domain.HotDesking) && v.sees(directory.ActSeeCalls, u.Site) {
			people = append(people, personUse{User: u, Use: uses[u.ID], Calls: calls[u.ID]})
		}
	}
	slices.SortStableFunc(people, func(a, b personUse) int { return strings.Compare(a.Name, b.Name) })
	return people, nil
}

// peopleReport shows how each person used desks and called.
func (v *visit) peopleReport() error {
	view := v.dates()
	people, err := v.personUses(view.Span)
	if err != nil {
		return err
	}
	return v.show(view.Form.status, "People", peopleReportPage(view, people))
}
