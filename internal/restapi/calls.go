package restapi

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/history"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// CallFilter is the part of a request that selects calls.
type CallFilter struct {
	InDomain
	User      string `query:"user" doc:"Only those of the user with that extension, or with that ID, who may be gone; then as that user sees them."`
	Direction string `query:"direction" enum:"inbound,outbound,missed" doc:"Of these, only those to or from the user, or missed by the user."`
	Device    string `query:"device" doc:"Only those made or taken at the device of that name, or with that ID, which may be gone."`
	Span
	Result string `query:"result" enum:"answered,busy,declined,no_answer,cancelled,not_found,not_reached,failed,service,voicemail,interrupted" doc:"Only those that went so."`
	Way    string `query:"way" enum:"inside,inbound,outbound" doc:"Only those inside the domain, from outside, or to it."`
	Text   string `query:"text" doc:"Only those with that in a number or name, in any case."`
	Open   bool   `query:"open" doc:"Only those that go on."`
}

// callQuery is the query of a filter.
func (a *API) callQuery(ctx context.Context, in *CallFilter) (directory.Domain, callrecord.Query, error) {
	d, err := a.callsOf(ctx, in.Domain)
	if err != nil {
		return d, callrecord.Query{}, err
	}
	q := callrecord.Query{
		DomainID: d.ID, UserID: in.User, Direction: callrecord.Direction(in.Direction), DeviceID: in.Device,
		Result: callrecord.Result(in.Result), Way: callrecord.Way(in.Way), Text: in.Text, Open: in.Open,
	}
	if number := directory.NormalNumber(q.Text); number != "" && strings.Trim(number, "+0123456789") == "" {
		q.Text = number // which people write with what records do not have
	}
	if in.User == "" && in.Direction != "" {
		return d, q, inQuery("direction", errors.New("whose direction? name a user too"))
	}
	if err = a.callEnds(&q, in); err == nil {
		q.From, q.To, err = in.times(zoneOf(d))
	}
	return d, q, err
}

// callEnds finds the user and the device by their names.
func (a *API) callEnds(q *callrecord.Query, in *CallFilter) error {
	if in.User != "" && uuid.Validate(in.User) != nil {
		u, found := a.cfg.Directory.UserByExtension(q.DomainID, in.User)
		if !found {
			return none("user", in.User)
		}
		q.UserID = u.ID
	}
	if in.Device != "" && uuid.Validate(in.Device) != nil {
		device, found := a.cfg.Directory.DeviceByName(q.DomainID, strings.ToLower(in.Device))
		if !found {
			return none("device", in.Device)
		}
		q.DeviceID = device.ID
	}
	return nil
}

// zoneOf is a domain's time zone; UTC where this machine does not know it.
func zoneOf(d directory.Domain) *time.Location {
	if zone, err := time.LoadLocation(d.TimeZone); err == nil {
		return zone
	}
	return time.UTC
}

// inQuery says which parameter of the query an error is about.
func inQuery(name string, err error) error {
	return huma.Error422UnprocessableEntity(name+": "+err.Error(), &huma.ErrorDetail{Message: err.Error(), Location: "query." + name})
}

func (a *API) listCalls(ctx context.Context, in *struct {
	CallFilter
	Page
},
) (*list[resource.Call], error) {
	_, q, err := a.callQuery(ctx, &in.CallFilter)
	if err != nil {
		return nil, err
	}
	return a.callPage(ctx, q, in.Page)
}

// callPage answers with a page of calls, newest first.
func (a *API) callPage(ctx context.Context, q callrecord.Query, of Page) (*list[resource.Call], error) {
	after, err := parsePlace(of.After)
	if err != nil {
		return nil, err
	}
	q.After, q.Limit = callrecord.Cursor{StartedAt: after.at, ID: after.id}, of.Limit+1
	found, err := a.cfg.Calls.Records(ctx, q)
	if err != nil {
		return nil, a.problem(ctx, err, "")
	}
	at := func(r callrecord.Record) place { return place{r.StartedAt, r.ID} }
	return newest(ctx, of, found, at, func(r callrecord.Record) (resource.Call, bool) { return a.viewCall(&r, q.UserID), true }), nil
}

func (a *API) viewCall(r *callrecord.Record, userID string) resource.Call {
	call := resource.Call{
		ID: r.ID, Caller: a.viewParty(r.Caller), Dialled: r.Dialled, Callee: a.viewParty(r.Callee),
		StartedAt: r.StartedAt, AnsweredAt: unlessZero(r.AnsweredAt), EndedAt: unlessZero(r.EndedAt),
		Result: string(r.Result), Cause: r.Cause, EndedBy: r.EndedBy, TalkSeconds: seconds(r.Talk()),
		Way: string(cmp.Or(r.Way, callrecord.Inside)), Via: string(r.Via), Trunk: a.trunkName(r.TrunkID), MessageID: r.MessageID,
		FirstCalled: a.viewAnyParty(r.Diverted), TransferredTo: a.viewAnyParty(r.Transferred),
		TransferredAt: unlessZero(r.TransferredAt), TransferredBy: r.TransferredBy,
	}
	for _, t := range r.Earlier {
		call.Earlier = append(call.Earlier, resource.Transfer{To: a.viewParty(t.Transferred), At: t.TransferredAt, By: t.TransferredBy})
	}
	if e, is := callrecord.View(r, userID); is {
		call.View = &resource.CallView{
			Direction: string(e.Direction), Outcome: string(e.Outcome), TalkSeconds: seconds(e.Talk),
			Own: a.viewParty(e.Own), Other: a.viewParty(e.Other),
		}
	}
	return call
}

func seconds(d time.Duration) int { return int(d.Seconds()) }

func (a *API) viewParty(p callrecord.Party) resource.Party {
	return resource.Party{
		Number: p.Number, Name: p.Name, User: a.userName(p.UserID), Device: cmp.Or(p.DeviceName, a.deviceName(p.DeviceID)), Session: p.SessionID,
	}
}

func (a *API) viewAnyParty(p callrecord.Party) *resource.Party {
	if p == (callrecord.Party{}) {
		return nil
	}
	view := a.viewParty(p)
	return &view
}

// trunkName is a trunk's name, or its ID when it is gone.
func (a *API) trunkName(id string) string {
	if t, found := a.cfg.Directory.Trunk(id); found {
		return t.Name
	}
	return id
}

// exportPage is how many calls of an export are read at once: no long read
// keeps the database from its work.
const exportPage = 500

func (a *API) exportCalls(ctx context.Context, in *CallFilter) (*huma.StreamResponse, error) {
	d, q, err := a.callQuery(ctx, in)
	if err != nil {
		return nil, err
	}
	return a.callSheet(ctx, d, q)
}

// callSheet answers with calls as a file for spreadsheets.
func (a *API) callSheet(ctx context.Context, d directory.Domain, q callrecord.Query) (*huma.StreamResponse, error) {
	q.Limit = exportPage
	page, err := a.cfg.Calls.Records(ctx, q) // before the answer begins, so that it can be a problem
	if err != nil {
		return nil, a.problem(ctx, err, "")
	}
	return &huma.StreamResponse{Body: func(out huma.Context) {
		out.SetHeader("Content-Type", "text/csv; charset=utf-8; header=present")
		out.SetHeader("Content-Disposition", `attachment; filename="calls.csv"`)
		sheet := history.NewCSV(out.BodyWriter(), history.Sheet{Zone: zoneOf(d), UserID: q.UserID, Trunk: a.trunkName})
		if err := a.writeCalls(ctx, sheet, q, page); err != nil {
			a.cfg.Log.ErrorContext(ctx, "a list of calls was cut off", slog.Any("error", err))
			cutOff(out)
		}
	}}, nil
}

// writeCalls writes a page of calls and all that follow it.
func (a *API) writeCalls(ctx context.Context, to *history.CSV, q callrecord.Query, page []callrecord.Record) error {
	for {
		if err := to.Write(page); err != nil {
			return err
		}
		if len(page) < q.Limit {
			return nil
		}
		q.After = page[len(page)-1].Cursor()
		var err error
		if page, err = a.cfg.Calls.Records(ctx, q); err != nil {
			return err
		}
	}
}
