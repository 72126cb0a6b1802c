package portal

import (
	"cmp"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/usage"
)

// reportView is what every report is about: some days of a domain.
type reportView struct {
	usage.Scope

	Form *form
	now  time.Time
}

// query is the span as a page's address has it.
func (r reportView) query() string {
	return "?from=" + r.Form.text("from") + "&to=" + r.Form.text("to")
}

// dates reads the days that a report is asked for; the usual ones where those
// are none.
func (v *visit) dates() reportView {
	r := reportView{Scope: usage.Scope{Domain: v.domain, Reader: v.actor()}, now: v.cfg.Now()}
	today := r.now.In(r.Zone())
	given := v.r.URL.Query()
	r.Form = newForm(
		"from", cmp.Or(given.Get("from"), today.AddDate(0, 0, 1-usage.UsualDays).Format(time.DateOnly)), "to", cmp.Or(given.Get("to"), today.Format(time.DateOnly)))
	var err error
	if r.Span, err = usage.Days(r.Form.text("from"), r.Form.text("to"), r.now, r.Zone()); err != nil {
		if err := r.Form.take(err, ""); err != nil {
			r.Form.refuse("", err.Error())
		}
		r.Span, _ = usage.Days("", "", r.now, r.Zone())
	}
	return r
}

// zoneOf is a domain's time zone.
func zoneOf(domain directory.Domain) *time.Location { return usage.Scope{Domain: domain}.Zone() }

// occupancyView is when desks were in use.
type occupancyView struct {
	reportView
	usage.Occupancy
}

// reports shows when desks were in use.
func (v *visit) reports() error {
	view := occupancyView{reportView: v.dates()}
	var err error
	if view.Occupancy, err = v.cfg.Usage.Occupancy(v.r.Context(), view.Scope); err != nil {
		return err
	}
	return v.show(view.Form.status, "Reports", occupancyPage(view))
}

// deskReport shows how each desk was used, which never was, and where a place is
// missing.
func (v *visit) deskReport() error {
	view := v.dates()
	desks, err := v.cfg.Usage.Desks(v.r.Context(), view.Scope)
	if err != nil {
		return err
	}
	return v.show(view.Form.status, "Desks", deskReportPage(view, desks))
}

// peopleReport shows how each person used desks and called.
func (v *visit) peopleReport() error {
	view := v.dates()
	people, err := v.cfg.Usage.People(v.r.Context(), view.Scope)
	if err != nil {
		return err
	}
	return v.show(view.Form.status, "People", peopleReportPage(view, people))
}
