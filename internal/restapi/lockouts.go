package restapi

import "context"

func (a *API) unlockUser(ctx context.Context, in *InUser) (*struct{}, error) {
	_, u, err := a.user(ctx, *in)
	if err != nil {
		return nil, err
	}
	if err := a.cfg.Lockouts.LiftUser(ctx, peerOf(ctx).actor.Name, u); err != nil {
		return nil, a.problem(ctx, err, u.ID)
	}
	return &struct{}{}, nil
}

func (a *API) unlockDevice(ctx context.Context, in *InDevice) (*struct{}, error) {
	_, d, err := a.device(ctx, *in)
	if err != nil {
		return nil, err
	}
	if err := a.cfg.Lockouts.LiftDevice(ctx, peerOf(ctx).actor.Name, d); err != nil {
		return nil, a.problem(ctx, err, d.ID)
	}
	return &struct{}{}, nil
}
