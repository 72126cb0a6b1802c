package restapi

import (
	"context"
	"errors"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
	"github.com/hotdesk-pbx/hotdesk/internal/switchboard"
)

// Activations rings hot desks for people: [*switchboard.Switchboard].
type Activations interface {
	Activate(ctx context.Context, user directory.User, desk string) (switchboard.Activation, error)
	ActivationOf(userID string) (switchboard.Activation, bool)
	CancelActivation(userID, id string)
}

func (a *API) activate(ctx context.Context, in *struct{ Body resource.ActivationInput }) (*one[resource.Activation], error) {
	_, user, err := a.me(ctx)
	if err != nil {
		return nil, err
	}
	begun, err := a.cfg.Activations.Activate(ctx, user, in.Body.Desk)
	if errors.Is(err, directory.ErrNotFound) {
		return nil, a.problem(ctx, inField("desk", errors.New("there is no desk "+in.Body.Desk)), "")
	}
	if notNow(err) {
		return nil, huma.Error409Conflict(err.Error())
	}
	if err != nil {
		return nil, a.problem(ctx, err, "")
	}
	return oneOf(a.viewActivation(begun)), nil
}

// notNow reports whether a desk cannot be rung as things are.
func notNow(err error) bool {
	if _, several := errors.AsType[*switchboard.SeveralError](err); several {
		return true
	}
	for _, refusal := range []error{
		switchboard.ErrActivateOff, switchboard.ErrNotRegistered, switchboard.ErrInCall, switchboard.ErrDeskActivating, switchboard.ErrAlreadyActivating,
	} {
		if errors.Is(err, refusal) {
			return true
		}
	}
	return hotdesk.RefusalCode(err) != ""
}

// InActivation is the part of a request that names an activation.
type InActivation struct {
	Activation string `path:"activation" doc:"Its ID."`
}

func (a *API) getActivation(ctx context.Context, in *InActivation) (*one[resource.Activation], error) {
	_, user, err := a.me(ctx)
	if err != nil {
		return nil, err
	}
	now, found := a.cfg.Activations.ActivationOf(user.ID)
	if !found || now.ID != in.Activation {
		return nil, none("activation", in.Activation)
	}
	return oneOf(a.viewActivation(now)), nil
}

func (a *API) cancelActivation(ctx context.Context, in *InActivation) (*struct{}, error) {
	if _, err := a.getActivation(ctx, in); err != nil {
		return nil, err
	}
	a.cfg.Activations.CancelActivation(peerOf(ctx).actor.UserID, in.Activation)
	return &struct{}{}, nil
}

func (a *API) viewActivation(now switchboard.Activation) resource.Activation {
	view := resource.Activation{ID: now.ID, Device: a.deviceName(now.DeviceID), StartedAt: now.StartedAt, Stage: string(now.Stage), Session: now.Session.ID}
	if now.Err != nil {
		view.Failure = now.Err.Error()
	}
	return view
}
