package restapi

import (
	"context"
	"errors"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
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

func (a *API) listMyCalls(ctx context.Context, in *struct {
	Direction string `query:"direction" enum:"inbound,outbound,missed" doc:"Only those."`
	Text      string `query:"text" doc:"Only those with that in a number or name, in any case."`
	Open      bool   `query:"open" doc:"Only those that go on."`
	Span
	Page
},
) (*list[resource.Call], error) {
	d, user, err := a.me(ctx)
	if err != nil {
		return nil, err
	}
	q := callrecord.Query{DomainID: d.ID, UserID: user.ID, Direction: callrecord.Direction(in.Direction), Text: in.Text, Open: in.Open, Limit: in.Limit + 1}
	after, err := parsePlace(in.After)
	if err != nil {
		return nil, err
	}
	q.After = callrecord.Cursor{StartedAt: after.at, ID: after.id}
	if q.From, q.To, err = in.times(zoneOf(d)); err != nil {
		return nil, err
	}
	found, err := a.cfg.Calls.Records(ctx, q)
	if err != nil {
		return nil, a.problem(ctx, err, "")
	}
	at := func(r callrecord.Record) place { return place{r.StartedAt, r.ID} }
	return newest(ctx, in.Page, found, at, func(r callrecord.Record) (resource.Call, bool) { return a.viewCall(&r, user.ID), true }), nil
}
