package restapi

import (
	"context"
	"strings"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

func (a *API) listSessions(ctx context.Context, in *struct {
	InDomain
	Device string `query:"device" doc:"Only those at the device of that name."`
	User   string `query:"user" doc:"Only those of the person with that extension."`
	Open   bool   `query:"open" doc:"Only those that last."`
	Span
	Page
},
) (*list[resource.Session], error) {
	q := hotdesk.Query{Open: in.Open, Limit: in.Limit + 1}
	d, err := a.domain(ctx, in.Domain)
	if err != nil {
		return nil, err
	}
	q.DomainID = d.ID
	after, err := parsePlace(in.After)
	if err != nil {
		return nil, err
	}
	q.After = hotdesk.Cursor{StartedAt: after.at, ID: after.id}
	if q.From, q.To, err = in.times(zoneOf(d)); err != nil {
		return nil, err
	}
	if in.Device != "" {
		if _, device, err := a.device(ctx, InDevice{in.InDomain, in.Device}); err == nil {
			q.DeviceID = device.ID
		} else {
			return nil, err
		}
	}
	if in.User != "" {
		if _, user, err := a.user(ctx, InUser{in.InDomain, in.User}); err == nil {
			q.UserID = user.ID
		} else {
			return nil, err
		}
	}
	found, err := a.cfg.Sessions.Sessions(ctx, q)
	if err != nil {
		return nil, a.problem(ctx, err, "")
	}
	at := func(s hotdesk.Session) place { return place{s.StartedAt, s.ID} }
	return newest(ctx, in.Page, found, at, func(s hotdesk.Session) (resource.Session, bool) { return a.viewSession(s), a.seesSession(ctx, s) }), nil
}

// seesSession tells whether the peer manages the desk of a session.
func (a *API) seesSession(ctx context.Context, s hotdesk.Session) bool {
	device, _ := a.cfg.Directory.Device(s.DeviceID)
	return a.manages(ctx, s.DomainID, a.cfg.Directory.SiteOf(device))
}

func (a *API) startSession(ctx context.Context, in *struct {
	InDomain
	Body resource.SessionInput
},
) (*one[resource.Session], error) {
	_, device, err := a.device(ctx, InDevice{in.InDomain, in.Body.Device})
	if err != nil {
		return nil, err
	}
	_, user, err := a.user(ctx, InUser{in.InDomain, in.Body.User})
	if err != nil {
		return nil, err
	}
	result, err := a.cfg.Sessions.Login(ctx, hotdesk.LoginRequest{
		DeviceID: device.ID, UserID: user.ID, TakeOver: in.Body.TakeOver, By: by(ctx),
	})
	if err != nil {
		return nil, a.problem(ctx, err, "")
	}
	return oneOf(a.viewSession(result.Session)), nil
}

func (a *API) endSession(ctx context.Context, in *struct {
	InDomain
	Session string `path:"session" doc:"The session's ID, or the name of the device it is at."`
},
) (*one[resource.Session], error) {
	d, err := a.domain(ctx, in.Domain)
	if err != nil {
		return nil, err
	}
	id := in.Session
	if device, found := a.cfg.Directory.DeviceByName(d.ID, strings.ToLower(id)); found {
		if !a.manages(ctx, d.ID, a.cfg.Directory.SiteOf(device)) {
			return nil, none("session or device", id)
		}
		id = device.ID
	} else {
		// An ID is good in its own domain only.
		sessions, err := a.cfg.Sessions.Sessions(ctx, hotdesk.Query{ID: id, DomainID: d.ID})
		if err != nil {
			return nil, a.problem(ctx, err, "")
		}
		if len(sessions) == 0 || !a.seesSession(ctx, sessions[0]) {
			return nil, none("session or device", id)
		}
	}
	ended, err := a.cfg.Sessions.End(ctx, id, by(ctx))
	if err != nil {
		return nil, a.problem(ctx, err, "")
	}
	return oneOf(a.viewSession(ended)), nil
}

func (a *API) viewSession(s hotdesk.Session) resource.Session {
	view := resource.Session{
		ID: s.ID, Device: a.deviceName(s.DeviceID), User: s.UserID, Door: string(s.Door),
		StartedAt: s.StartedAt, UsedAt: s.UsedAt, EndsAt: unlessZero(s.EndsAt), EndedAt: unlessZero(s.EndedAt),
		Reason: string(s.Ended), EndedBy: s.EndedBy,
	}
	if user, found := a.cfg.Directory.User(s.UserID); found {
		view.User, view.UserName = user.Extension, user.Name
	}
	return view
}

// deviceName is a device's name, or its ID when it is gone.
func (a *API) deviceName(id string) string {
	if d, found := a.cfg.Directory.Device(id); found {
		return d.Name
	}
	return id
}

func unlessZero(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
