package portal

import (
	"cmp"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/history"
)

const (
	callsOnPage = 50
	callsAtOnce = 500 // of a file, so that no long read keeps the database from its work
)

// callRow is a call in a list.
type callRow struct {
	ID      string
	When    string
	Person  callrecord.Entry // as the person sees it whose list it is; zero in the list of a domain
	Missed  bool
	From    string
	To      string
	Desk    string // where it was made and taken
	Talk    string // "1:07", or ""
	Outcome string
	Dial    string // to call back
}

// callsView is a page of calls.
type callsView struct {
	Title, Path string
	Of          string // the domain's name; "" in a person's list
	Whole       bool   // the domain's, not a person's
	Narrow      bool   // who looks sees a part of the domain only, and must name it
	Form        *form
	Rows        []callRow
	Filtered    bool
	Older       string // the address of what comes behind
	File        string
}

// ownCalls is a person's call history.
func (v *visit) ownCalls() error {
	return v.showCalls(callsView{Title: "Calls", Path: "/calls", Form: v.callFilter()}, v.ownQuery)
}

func (v *visit) ownCallsCSV() error { return v.writeCalls(v.ownQuery) }

// allCalls are those of a domain, for who may see the calls of others.
func (v *visit) allCalls() error {
	view := callsView{Title: "Calls", Of: v.domain.Name, Path: domainPath(v.domain) + "/calls", Whole: true, Narrow: !v.sees(directory.ActSeeCalls, ""), Form: v.callFilter()}
	return v.showCalls(view, v.domainQuery)
}

func (v *visit) allCallsCSV() error { return v.writeCalls(v.domainQuery) }

// callFilter is what the address asks for.
func (v *visit) callFilter() *form {
	f := newForm()
	f.Values = v.r.URL.Query()
	return f
}

func (v *visit) ownQuery(f *form) callrecord.Query {
	q := v.baseQuery(f)
	q.UserID = v.user.ID
	return q
}

// domainQuery selects calls of the domain. Who sees one site only must name a
// person or a desk of it.
func (v *visit) domainQuery(f *form) callrecord.Query {
	q := v.baseQuery(f)
	v.ends(f, &q)
	if q.Direction != "" && q.UserID == "" {
		f.refuse("user", "Whose? Give an extension too.")
	}
	if q.UserID == "" && q.DeviceID == "" && !v.sees(directory.ActSeeCalls, "") {
		f.refuse("user", "Give the extension of a person, or a desk, of your site.")
	}
	return q
}

// ends finds the user and the device that a filter names.
func (v *visit) ends(f *form, q *callrecord.Query) {
	if extension := f.text("user"); extension != "" {
		user, found := v.cfg.Directory.UserByExtension(v.domain.ID, extension)
		if !found || !v.sees(directory.ActSeeCalls, user.Site) {
			f.refuse("user", "There is no user with extension "+extension+".")
		}
		q.UserID = user.ID
	}
	if name := strings.ToLower(f.text("device")); name != "" {
		device, found := v.cfg.Directory.DeviceByName(v.domain.ID, name)
		if !found || !v.sees(directory.ActSeeCalls, v.cfg.Directory.SiteOf(device)) {
			f.refuse("device", "There is no device "+name+".")
		}
		q.DeviceID = device.ID
	}
}

// baseQuery is what every list can be narrowed by.
func (v *visit) baseQuery(f *form) callrecord.Query {
	q := callrecord.Query{DomainID: v.domain.ID, Text: f.text("text")}
	if number := directory.NormalNumber(q.Text); number != "" && strings.Trim(number, "+0123456789") == "" {
		q.Text = number // which people write with what records do not have
	}
	switch d := callrecord.Direction(f.text("direction")); d {
	case "", callrecord.Made, callrecord.Received, callrecord.Missed:
		q.Direction = d
	default:
		f.refuse("direction", "Choose one of these.")
	}
	var err error
	if text := f.text("from"); text != "" {
		if q.From, err = history.ParseFrom(text, v.zone()); err != nil {
			f.refuse("from", "Give a day such as 2026-11-25.")
		}
	}
	if text := f.text("to"); text != "" {
		if q.To, err = history.ParseTo(text, v.zone()); err != nil {
			f.refuse("to", "Give a day such as 2026-11-25.")
		}
	}
	if q.After, err = callrecord.ParseCursor(f.text("after")); err != nil {
		f.refuse("", "This address leads to no place in the list. Begin at its start.")
	}
	return q
}

func (v *visit) showCalls(view callsView, query func(*form) callrecord.Query) error {
	q := query(view.Form)
	if view.Narrow && len(view.Form.Values) == 0 {
		view.Form.Wrong = map[string]string{} // nothing was asked for yet
		return v.show(http.StatusOK, view.Title, callsPage(view))
	}
	if !view.Form.right() {
		return v.show(view.Form.status, view.Title, callsPage(view))
	}
	q.Limit = callsOnPage + 1 // one more tells whether there is more
	found, err := v.cfg.Records.Records(v.r.Context(), q)
	if err != nil {
		return err
	}
	asked := url.Values{}
	for name := range view.Form.Values {
		if text := view.Form.text(name); text != "" && name != "after" {
			asked.Set(name, text)
		}
	}
	view.Filtered = len(asked) > 0
	view.File = view.Path + ".csv?" + asked.Encode()
	if len(found) > callsOnPage {
		found = found[:callsOnPage]
		asked.Set("after", found[callsOnPage-1].Cursor().String())
		view.Older = view.Path + "?" + asked.Encode()
	}
	for i := range found {
		view.Rows = append(view.Rows, v.viewCall(&found[i], q.UserID))
	}
	return v.show(http.StatusOK, view.Title, callsPage(view))
}

// viewCall is a call in words: as a person sees it, or with userID "" as it was.
func (v *visit) viewCall(r *callrecord.Record, userID string) callRow {
	callee := r.Callee
	callee.Number = cmp.Or(callee.Number, r.Dialled)
	row := callRow{
		ID: r.ID, When: v.clock(v.domain, r.StartedAt), From: partyName(r.Caller), To: partyName(callee),
		Desk: places(r.Caller.DeviceName, r.Callee.DeviceName), Outcome: outcomeName(string(cmp.Or(r.Result, "ongoing"))),
	}
	talk := r.Talk()
	if e, is := callrecord.View(r, userID); is {
		row.Person, row.Missed, row.Desk, talk = e, e.Missed(), e.Own.DeviceName, e.Talk
		row.From, row.Dial, row.Outcome = partyName(e.Other), e.Other.Number, outcomeName(string(e.Outcome))
	}
	if talk > 0 {
		row.Talk = minutes(talk)
	}
	if r.MessageID != "" {
		row.Outcome = "left a message"
	}
	return row
}

// places are the devices at both ends.
func places(from, to string) string {
	switch {
	case from == "" || to == "":
		return from + to
	default:
		return from + " → " + to
	}
}

// outcomeName is how people call the end of a call, of the words of records and
// of what people see of them.
func outcomeName(outcome string) string {
	switch outcome {
	case string(callrecord.OutcomeVoicemail):
		return "mailbox"
	case string(callrecord.OutcomeService):
		return "phone service"
	default:
		return strings.ReplaceAll(outcome, "_", " ")
	}
}

// writeCalls answers with the calls that are asked for as a file.
func (v *visit) writeCalls(query func(*form) callrecord.Query) error {
	f := v.callFilter()
	q := query(f)
	if !f.right() {
		return &badRequestError{err: errors.New("this list cannot be narrowed so")}
	}
	q.Limit = callsAtOnce
	page, err := v.cfg.Records.Records(v.r.Context(), q)
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "text/csv; charset=utf-8; header=present")
	v.w.Header().Set("Content-Disposition", `attachment; filename="calls.csv"`)
	file := history.NewCSV(v.w, history.Sheet{Zone: v.zone(), UserID: q.UserID, Trunk: v.trunkName})
	for {
		if err = file.Write(page); err != nil || len(page) < q.Limit {
			break
		}
		q.After = page[len(page)-1].Cursor()
		if page, err = v.cfg.Records.Records(v.r.Context(), q); err != nil {
			break
		}
	}
	if err != nil { // a file that is cut off must not look like a whole one
		v.cfg.Log.Error("a list of calls was cut off", slog.Any("error", err))
		return http.NewResponseController(v.w).SetWriteDeadline(time.Unix(1, 0))
	}
	return nil
}

func (v *visit) trunkName(id string) string {
	if trunk, found := v.cfg.Directory.Trunk(id); found {
		return trunk.Name
	}
	return id
}
