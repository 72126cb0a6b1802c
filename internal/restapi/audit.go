package restapi

import (
	"context"

	"github.com/google/uuid"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

func (a *API) listAudit(ctx context.Context, in *struct {
	InDomain
	User   string `query:"user" doc:"Only those that concern the user with that extension, or with that ID, who may be gone."`
	Device string `query:"device" doc:"Only those that concern the device of that name, or with that ID, which may be gone."`
	Action string `query:"action" doc:"Only those of that action, such as session.refused."`
	Span
	Page
},
) (*list[resource.AuditEntry], error) {
	d, err := a.whole(ctx, in.Domain)
	if err != nil {
		return nil, err
	}
	q := audit.Query{DomainID: d.ID, UserID: in.User, DeviceID: in.Device, Action: in.Action, Limit: in.Limit + 1}
	after, err := parsePlace(in.After)
	if err != nil {
		return nil, err
	}
	q.After = audit.Cursor{At: after.at, ID: after.id}
	if q.From, q.To, err = in.times(zoneOf(d)); err != nil {
		return nil, err
	}
	if in.User != "" && uuid.Validate(in.User) != nil {
		_, u, err := a.user(ctx, InUser{in.InDomain, in.User})
		if err != nil {
			return nil, err
		}
		q.UserID = u.ID
	}
	if in.Device != "" && uuid.Validate(in.Device) != nil {
		_, device, err := a.device(ctx, InDevice{in.InDomain, in.Device})
		if err != nil {
			return nil, err
		}
		q.DeviceID = device.ID
	}
	found, err := a.cfg.Audit.Entries(ctx, q)
	if err != nil {
		return nil, a.problem(ctx, err, "")
	}
	return newest(ctx, in.Page, found, func(e audit.Entry) place { return place{e.At, e.ID} }, a.viewEntry), nil
}

func (a *API) viewEntry(e audit.Entry) (resource.AuditEntry, bool) {
	return resource.AuditEntry{
		ID: e.ID, At: e.At, Actor: a.userName(e.Actor), Action: e.Action, User: a.userName(e.UserID), Device: a.deviceName(e.DeviceID), Detail: e.Detail,
	}, true
}

// userName is a user's extension, or what was asked for when there is none: the
// ID of somebody who is gone, or an actor who is no user.
func (a *API) userName(id string) string {
	if user, found := a.cfg.Directory.User(id); found {
		return user.Extension
	}
	return id
}
