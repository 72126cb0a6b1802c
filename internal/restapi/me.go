package restapi

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/login"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// me is the user for whom the peer acts.
func (a *API) me(ctx context.Context) (directory.Domain, directory.User, error) {
	user, found := a.cfg.Directory.User(peerOf(ctx).actor.UserID)
	if !found {
		return directory.Domain{}, user, huma.Error403Forbidden("this key acts for no user: nothing is its own")
	}
	d, _ := a.cfg.Directory.Domain(user.DomainID)
	return d, user, nil
}

func (a *API) getMe(ctx context.Context, _ *struct{}) (*one[resource.User], error) {
	d, user, err := a.me(ctx)
	if err != nil {
		return nil, err
	}
	return oneOf(a.viewUser(d, user)), nil
}

func (a *API) setMe(ctx context.Context, in *struct{ Body resource.MeInput }) (*one[resource.User], error) {
	d, user, err := a.me(ctx)
	if err != nil {
		return nil, err
	}
	changes := resource.UserInput{PIN: in.Body.PIN, Password: in.Body.Password, CallerID: in.Body.CallerID, AnsweringInput: resource.AnsweringInput{
		DoNotDisturb: in.Body.DoNotDisturb, RingHereOnly: in.Body.RingHereOnly,
		ForwardAll: in.Body.ForwardAll, ForwardBusy: in.Body.ForwardBusy, ForwardNoAnswer: in.Body.ForwardNoAnswer,
	}}
	answer, err := a.saveUser(ctx, d, user.ID, func(o *directory.Office) error {
		u := o.User(user.ID)
		if u == nil {
			return directory.ErrNotFound
		}
		if err := a.matchesUser(ctx, user.ID); err != nil {
			return err
		}
		return setUser(u, changes)
	})
	if status, is := errors.AsType[huma.StatusError](err); is && status.GetStatus() == 403 && in.Body.CallerID != nil {
		return nil, a.problem(ctx, inField("caller_id", errors.New("this is none of your numbers, nor the domain's main number")), user.ID)
	}
	return answer, err
}

func (a *API) listMyDevices(ctx context.Context, in *struct{ Page }) (*list[resource.Device], error) {
	_, user, err := a.me(ctx)
	if err != nil {
		return nil, err
	}
	all := filtered(a.cfg.Directory.DevicesOf(user.ID), a.viewDevice, func(resource.Device) bool { return true })
	return pageOf(ctx, in.Page, all, func(d resource.Device) string { return d.Name })
}

func (a *API) listMySessions(ctx context.Context, in *struct {
	Open bool `query:"open" doc:"Only those that last."`
	Span
	Page
},
) (*list[resource.Session], error) {
	d, user, err := a.me(ctx)
	if err != nil {
		return nil, err
	}
	q := hotdesk.Query{UserID: user.ID, Open: in.Open, Limit: in.Limit + 1}
	after, err := parsePlace(in.After)
	if err != nil {
		return nil, err
	}
	q.After = hotdesk.Cursor{StartedAt: after.at, ID: after.id}
	if q.From, q.To, err = in.times(zoneOf(d)); err != nil {
		return nil, err
	}
	found, err := a.cfg.Sessions.Sessions(ctx, q)
	if err != nil {
		return nil, a.problem(ctx, err, "")
	}
	at := func(s hotdesk.Session) place { return place{s.StartedAt, s.ID} }
	return newest(ctx, in.Page, found, at, func(s hotdesk.Session) (resource.Session, bool) { return a.viewSession(s), true }), nil
}

func (a *API) endMySession(ctx context.Context, in *struct {
	Session string `path:"session" doc:"The session's ID, or the name of the device it is at."`
},
) (*one[resource.Session], error) {
	_, user, err := a.me(ctx)
	if err != nil {
		return nil, err
	}
	open, err := a.cfg.Sessions.Sessions(ctx, hotdesk.Query{UserID: user.ID, Open: true})
	if err != nil {
		return nil, a.problem(ctx, err, "")
	}
	for _, s := range open {
		if s.ID != in.Session && a.deviceName(s.DeviceID) != strings.ToLower(in.Session) {
			continue
		}
		ended, err := a.cfg.Sessions.End(ctx, s.ID, by(ctx))
		if err != nil {
			return nil, a.problem(ctx, err, "")
		}
		return oneOf(a.viewSession(ended)), nil
	}
	return nil, none("session or device of yours", in.Session)
}

// MyCalls selects calls of one's own.
type MyCalls struct {
	Direction string `query:"direction" enum:"inbound,outbound,missed" doc:"Only those."`
	Text      string `query:"text" doc:"Only those with that in a number or name, in any case."`
	Open      bool   `query:"open" doc:"Only those that go on."`
	Span
}

func (a *API) myCalls(ctx context.Context, in *MyCalls) (directory.Domain, callrecord.Query, error) {
	d, user, err := a.me(ctx)
	if err != nil {
		return d, callrecord.Query{}, err
	}
	q := callrecord.Query{DomainID: d.ID, UserID: user.ID, Direction: callrecord.Direction(in.Direction), Text: in.Text, Open: in.Open}
	q.From, q.To, err = in.times(zoneOf(d))
	return d, q, err
}

func (a *API) exportMyCalls(ctx context.Context, in *MyCalls) (*huma.StreamResponse, error) {
	d, q, err := a.myCalls(ctx, in)
	if err != nil {
		return nil, err
	}
	return a.callSheet(ctx, d, q)
}

func (a *API) listMyCalls(ctx context.Context, in *struct {
	MyCalls
	Page
},
) (*list[resource.Call], error) {
	_, q, err := a.myCalls(ctx, &in.MyCalls)
	if err != nil {
		return nil, err
	}
	return a.callPage(ctx, q, in.Page)
}

// Browsers are where people are signed in to the portal.
type Browsers interface {
	Sessions(ctx context.Context, userID string) ([]login.WebSession, error)
	End(ctx context.Context, userID, id string) error
}

func (a *API) listBrowsers(ctx context.Context, in *struct{ Page }) (*list[resource.Browser], error) {
	_, user, err := a.me(ctx)
	if err != nil {
		return nil, err
	}
	sessions, err := a.cfg.Browsers.Sessions(ctx, user.ID)
	if err != nil {
		return nil, a.problem(ctx, err, "")
	}
	browsers := make([]resource.Browser, len(sessions))
	for i, s := range sessions {
		browsers[i] = resource.Browser{ID: s.ID, Address: s.Source, UserAgent: s.Agent, SignedInAt: s.CreatedAt, UsedAt: s.UsedAt}
	}
	return pageOf(ctx, in.Page, browsers, func(b resource.Browser) string { return b.ID })
}

func (a *API) endBrowser(ctx context.Context, in *struct {
	Browser string `path:"browser" doc:"The ID that the list tells."`
},
) (*struct{}, error) {
	_, user, err := a.me(ctx)
	if err != nil {
		return nil, err
	}
	sessions, err := a.cfg.Browsers.Sessions(ctx, user.ID)
	if err != nil {
		return nil, a.problem(ctx, err, "")
	}
	if !slices.ContainsFunc(sessions, func(s login.WebSession) bool { return s.ID == in.Browser }) {
		return nil, none("browser", in.Browser)
	}
	if err := a.cfg.Browsers.End(ctx, user.ID, in.Browser); err != nil {
		return nil, a.problem(ctx, err, "")
	}
	return &struct{}{}, nil
}
