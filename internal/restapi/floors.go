package restapi

import (
	"context"
	"errors"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/floorplan"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// InFloor is the part of a request that names a floor.
type InFloor struct {
	InDomain
	Floor string `path:"floor" doc:"The floor's ID."`
}

// InSpot is the part of a request that names a desk on a floor.
type InSpot struct {
	InFloor
	Device string `path:"device" example:"5401"`
}

// floor finds the floor that a request names.
func (a *API) floor(ctx context.Context, in InFloor) (floorplan.Floor, error) {
	d, err := a.domain(ctx, in.Domain)
	if err != nil {
		return floorplan.Floor{}, err
	}
	floor, err := a.cfg.Floors.Floor(ctx, d.ID, in.Floor)
	if err != nil {
		return floor, a.floorProblem(ctx, err)
	}
	return floor, nil
}

func (a *API) listFloors(ctx context.Context, in *struct {
	InDomain
	Page
	Q string `query:"q" doc:"Only those with that in their name, in any case."`
},
) (*list[resource.Floor], error) {
	d, err := a.domain(ctx, in.Domain)
	if err != nil {
		return nil, err
	}
	all, err := a.cfg.Floors.Floors(ctx, d.ID)
	if err != nil {
		return nil, a.problem(ctx, err, "")
	}
	var found []resource.Floor
	for _, floor := range all {
		if !has(in.Q, floor.Name) {
			continue
		}
		view, err := a.viewFloor(ctx, floor)
		if err != nil {
			return nil, err
		}
		found = append(found, view)
	}
	return pageOf(ctx, in.Page, found, func(f resource.Floor) string { return f.ID })
}

func (a *API) getFloor(ctx context.Context, in *InFloor) (*one[resource.Floor], error) {
	floor, err := a.floor(ctx, *in)
	if err != nil {
		return nil, err
	}
	return a.oneFloor(ctx, floor)
}

func (a *API) oneFloor(ctx context.Context, floor floorplan.Floor) (*one[resource.Floor], error) {
	view, err := a.viewFloor(ctx, floor)
	if err != nil {
		return nil, err
	}
	return oneOf(view), nil
}

// picture is an answer that is no JSON.
type picture struct {
	Type string `header:"Content-Type"`
	Body []byte
}

func (a *API) getFloorPicture(ctx context.Context, in *InFloor) (*picture, error) {
	floor, err := a.floor(ctx, *in)
	if err != nil {
		return nil, err
	}
	bytes, err := a.cfg.Floors.Show(ctx, floor)
	if err != nil {
		return nil, a.floorProblem(ctx, err)
	}
	return &picture{Type: floor.Type, Body: bytes}, nil
}

func (a *API) addFloor(ctx context.Context, in *struct {
	InDomain
	Body resource.FloorInput
},
) (*one[resource.Floor], error) {
	d, err := a.whole(ctx, in.Domain)
	if err != nil {
		return nil, err
	}
	if len(in.Body.Picture) == 0 {
		return nil, a.floorProblem(ctx, floorplan.ErrNoPicture)
	}
	return a.saveFloor(ctx, floorplan.Floor{ID: directory.NewID(), DomainID: d.ID}, in.Body)
}

func (a *API) setFloor(ctx context.Context, in *struct {
	InFloor
	Body resource.FloorInput
},
) (*one[resource.Floor], error) {
	floor, err := a.floor(ctx, in.InFloor)
	if err != nil {
		return nil, err
	}
	return a.saveFloor(ctx, floor, in.Body)
}

func (a *API) saveFloor(ctx context.Context, floor floorplan.Floor, in resource.FloorInput) (*one[resource.Floor], error) {
	set(&floor.Name, in.Name)
	if err := a.cfg.Floors.Save(ctx, floor, in.Picture); err != nil {
		return nil, a.floorProblem(ctx, err)
	}
	saved, err := a.cfg.Floors.Floor(ctx, floor.DomainID, floor.ID)
	if err != nil {
		return nil, a.floorProblem(ctx, err)
	}
	return a.oneFloor(ctx, saved)
}

func (a *API) deleteFloor(ctx context.Context, in *InFloor) (*struct{}, error) {
	floor, err := a.floor(ctx, *in)
	if err != nil {
		return nil, err
	}
	if err := a.cfg.Floors.Drop(ctx, floor); err != nil {
		return nil, a.floorProblem(ctx, err)
	}
	return &struct{}{}, nil
}

func (a *API) placeDesk(ctx context.Context, in *struct {
	InSpot
	Body resource.SpotInput
},
) (*one[resource.Floor], error) {
	floor, device, err := a.spot(ctx, in.InSpot)
	if err != nil {
		return nil, err
	}
	if err := a.cfg.Floors.Place(ctx, floor, device.ID, in.Body.X, in.Body.Y); err != nil {
		return nil, a.floorProblem(ctx, err)
	}
	return a.oneFloor(ctx, floor)
}

func (a *API) clearDesk(ctx context.Context, in *InSpot) (*struct{}, error) {
	floor, device, err := a.spot(ctx, *in)
	if err != nil {
		return nil, err
	}
	if err := a.cfg.Floors.Clear(ctx, floor, device.ID); err != nil {
		return nil, a.floorProblem(ctx, err)
	}
	return &struct{}{}, nil
}

// spot finds the floor and the desk that a request names.
func (a *API) spot(ctx context.Context, in InSpot) (floorplan.Floor, directory.Device, error) {
	floor, err := a.floor(ctx, in.InFloor)
	if err != nil {
		return floor, directory.Device{}, err
	}
	_, device, err := a.device(ctx, InDevice{in.InDomain, in.Device})
	return floor, device, err
}

// viewFloor shows of the desks those that the peer may see.
func (a *API) viewFloor(ctx context.Context, floor floorplan.Floor) (resource.Floor, error) {
	view := resource.Floor{
		ID: floor.ID, Name: floor.Name, Type: floor.Type, Width: floor.Width, Height: floor.Height, Version: floor.Version, Desks: []resource.Spot{},
	}
	spots, err := a.cfg.Floors.Spots(ctx, floor)
	if err != nil {
		return view, a.floorProblem(ctx, err)
	}
	for _, s := range spots {
		device, found := a.cfg.Directory.Device(s.DeviceID)
		target := directory.Target{DomainID: floor.DomainID, Site: a.cfg.Directory.SiteOf(device)}
		if found && directory.May(peerOf(ctx).actor, directory.ActSeeCalls, target) {
			view.Desks = append(view.Desks, resource.Spot{Device: device.Name, X: s.X, Y: s.Y})
		}
	}
	return view, nil
}

// floorProblem is [API.problem] for what is wrong with a floor.
func (a *API) floorProblem(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, floorplan.ErrNotFound), errors.Is(err, floorplan.ErrNoDesk):
		return huma.Error404NotFound(err.Error())
	case errors.Is(err, floorplan.ErrName), errors.Is(err, floorplan.ErrTaken):
		err = inField("name", err)
	case errors.Is(err, floorplan.ErrNoPicture), errors.Is(err, floorplan.ErrTooLarge), errors.Is(err, floorplan.ErrTooWide):
		err = inField("picture", err)
	}
	return a.problem(ctx, err, "")
}
