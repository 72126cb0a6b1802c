package restapi

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/report"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
	"github.com/hotdesk-pbx/hotdesk/internal/usage"
)

// InReport is the part of a request that asks for a report: the days it is about.
type InReport struct {
	InDomain
	From string `query:"from" doc:"The first day, in the domain's time zone; without it, four weeks back." example:"2026-11-01"`
	To   string `query:"to" doc:"The last day; without it, today. A report is about a year at most."`
}

// reportRoutes are the operations on how desks were used.
func (a *API) reportRoutes(r router) {
	const reports = domain + "/reports"
	add(r, calls, route("report-hours", get, reports+"/hours", "Tell how many desks were in use by hour and day of the week"), a.reportHours)
	add(r, calls, route("report-levels", get, reports+"/levels", "Tell how many desks were in use over time: by hour up to a week, else by day"), a.reportLevels)
	add(r, calls, route("report-desks", get, reports+"/desks", "Tell how each desk was used, the one that was used longest first"), a.reportDesks)
	add(r, calls, route("report-people", get, reports+"/people", "Tell how each person used desks and called"), a.reportPeople)
	add(r, calls, route("report-timeline", get, reports+"/timeline", "Tell what happened at a desk or to a person, newest first: sessions, refusals, emergencies and calls"), a.reportTimeline)
	add(r, calls, export("export-report-timeline", reports+"/timeline.csv", "text/csv", "Write that timeline as a file for spreadsheets (RFC 4180)"), a.exportTimeline)
	for _, table := range usage.Tables() {
		add(r, calls, export("export-report-"+table, reports+"/"+table+".csv", "text/csv", "Write that report as a file for spreadsheets (RFC 4180): "+table), a.exportReport(table))
	}
}

// scope is what a peer asks for a report of, as far as the peer may see it.
func (a *API) scope(ctx context.Context, in InReport) (usage.Scope, error) {
	d, err := a.domain(ctx, in.Domain)
	if err != nil {
		return usage.Scope{}, err
	}
	of := usage.Scope{Domain: d, Reader: peerOf(ctx).actor}
	of.Span, err = usage.Days(in.From, in.To, a.cfg.Now(), of.Zone())
	if wrong, is := errors.AsType[*usage.DayError](err); is {
		return of, inQuery(wrong.Field, wrong)
	}
	return of, err
}

func (a *API) occupancy(ctx context.Context, in InReport) (usage.Occupancy, error) {
	of, err := a.scope(ctx, in)
	if err != nil {
		return usage.Occupancy{}, err
	}
	o, err := a.cfg.Usage.Occupancy(ctx, of)
	if err != nil {
		err = a.problem(ctx, err, "")
	}
	return o, err
}

func (a *API) reportHours(ctx context.Context, in *InReport) (*list[resource.HourUse], error) {
	o, err := a.occupancy(ctx, *in)
	if err != nil {
		return nil, err
	}
	var hours []resource.HourUse
	for _, day := range usage.Weekdays() {
		for hour, desks := range o.Week[day] {
			if desks >= 0 {
				hours = append(hours, resource.HourUse{Day: day.String(), Hour: hour, Desks: desks})
			}
		}
	}
	return listOf(ctx, hours, ""), nil
}

func (a *API) reportLevels(ctx context.Context, in *InReport) (*list[resource.Level], error) {
	o, err := a.occupancy(ctx, *in)
	if err != nil {
		return nil, err
	}
	levels := make([]resource.Level, len(o.Levels))
	for i, l := range o.Levels {
		levels[i] = resource.Level(l)
	}
	return listOf(ctx, levels, ""), nil
}

func (a *API) reportDesks(ctx context.Context, in *InReport) (*list[resource.DeskUse], error) {
	of, err := a.scope(ctx, *in)
	if err != nil {
		return nil, err
	}
	desks, err := a.cfg.Usage.Desks(ctx, of)
	if err != nil {
		return nil, a.problem(ctx, err, "")
	}
	views := make([]resource.DeskUse, len(desks))
	for i, d := range desks {
		views[i] = resource.DeskUse{Device: d.Device, Name: d.Name, Place: d.Place, Sessions: d.Sessions, Seconds: seconds(d.For), LastLogin: unlessZero(d.Last)}
	}
	return listOf(ctx, views, ""), nil
}

func (a *API) reportPeople(ctx context.Context, in *InReport) (*list[resource.PersonUse], error) {
	of, err := a.scope(ctx, *in)
	if err != nil {
		return nil, err
	}
	people, err := a.cfg.Usage.People(ctx, of)
	if err != nil {
		return nil, a.problem(ctx, err, "")
	}
	views := make([]resource.PersonUse, len(people))
	for i, p := range people {
		views[i] = resource.PersonUse{
			User: p.Extension, Name: p.Name, Sessions: p.Sessions, Seconds: seconds(p.For), LastLogin: unlessZero(p.Last),
			Made: p.Made, Received: p.Received, Missed: p.Missed, TalkSeconds: seconds(p.Talk),
		}
	}
	return listOf(ctx, views, ""), nil
}

// InTimeline is the part of a request that asks for a timeline.
type InTimeline struct {
	InReport
	Whose string `query:"of" required:"true" doc:"The extension of the person, or the name of the device."`
}

func (a *API) subject(ctx context.Context, in InTimeline) (of usage.Scope, whose usage.Subject, err error) {
	if of, err = a.scope(ctx, in.InReport); err != nil {
		return of, whose, err
	}
	if whose, err = a.cfg.Usage.Subject(of, in.Whose); err != nil {
		return of, whose, inQuery("of", err)
	}
	return of, whose, nil
}

func (a *API) reportTimeline(ctx context.Context, in *struct {
	InTimeline
	Page
},
) (*list[resource.Moment], error) {
	of, whose, err := a.subject(ctx, in.InTimeline)
	if err != nil {
		return nil, err
	}
	if in.After != "" {
		before, err := strconv.ParseInt(in.After, 10, 64)
		if err != nil {
			return nil, inQuery("after", errNoNext)
		}
		if at := time.UnixMilli(before); at.Before(of.Span.To) {
			of.Span.To = at
		}
	}
	moments, more, err := a.cfg.Usage.Moments(ctx, of, whose, in.Limit)
	if err != nil {
		return nil, a.problem(ctx, err, "")
	}
	views := make([]resource.Moment, len(moments))
	for i, m := range moments {
		views[i] = a.viewMoment(m, whose.User.ID)
	}
	next := ""
	if more {
		next = strconv.FormatInt(moments[len(moments)-1].At.UnixMilli(), 10)
	}
	return listOf(ctx, views, next), nil
}

func (a *API) viewMoment(m report.Moment, userID string) resource.Moment {
	view := resource.Moment{At: m.At}
	switch {
	case m.Session != nil:
		session := a.viewSession(*m.Session)
		view.Session = &session
	case m.Entry != nil:
		entry, _ := a.viewEntry(*m.Entry)
		view.Entry = &entry
	default:
		call := a.viewCall(m.Call, userID)
		view.Call = &call
	}
	return view
}

func (a *API) exportTimeline(ctx context.Context, in *InTimeline) (*file, error) {
	of, whose, err := a.subject(ctx, *in)
	if err != nil {
		return nil, err
	}
	moments, _, err := a.cfg.Usage.Moments(ctx, of, whose, 0)
	if err != nil {
		return nil, a.problem(ctx, err, "")
	}
	rows := [][]string{{"at", "what", "user", "device", "ended_at", "how"}}
	for _, m := range moments {
		rows = append(rows, row(of, a.viewMoment(m, whose.User.ID)))
	}
	return a.sheet(ctx, rows)
}

// row is a moment in a file for spreadsheets. Of a call it tells the caller.
func row(of usage.Scope, m resource.Moment) []string {
	at := of.Sheet(m.At)
	ended := func(at *time.Time) string {
		if at == nil {
			return ""
		}
		return of.Sheet(*at)
	}
	switch {
	case m.Session != nil:
		return []string{at, "session", m.Session.User, m.Session.Device, ended(m.Session.EndedAt), m.Session.Reason}
	case m.Entry != nil:
		return []string{at, m.Entry.Action, m.Entry.User, m.Entry.Device, "", m.Entry.Detail}
	default:
		return []string{at, "call", cmp.Or(m.Call.Caller.User, m.Call.Caller.Number), m.Call.Caller.Device, ended(m.Call.EndedAt), m.Call.Result}
	}
}

// exportReport makes the operation that writes a report as a file.
func (a *API) exportReport(table string) func(context.Context, *InReport) (*file, error) {
	return func(ctx context.Context, in *InReport) (*file, error) {
		of, err := a.scope(ctx, *in)
		if err != nil {
			return nil, err
		}
		rows, err := a.cfg.Usage.Table(ctx, of, table)
		if err != nil {
			return nil, a.problem(ctx, err, "")
		}
		return a.sheet(ctx, rows)
	}
}

// sheet answers with a file for spreadsheets.
func (a *API) sheet(ctx context.Context, rows [][]string) (*file, error) {
	var text bytes.Buffer
	if err := usage.WriteCSV(&text, rows); err != nil {
		return nil, a.problem(ctx, err, "")
	}
	return &file{ContentType: "text/csv; charset=utf-8; header=present", Body: text.Bytes()}, nil
}
