package restapi

import (
	"bytes"
	"context"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/officefile"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

func (a *API) applyOffice(ctx context.Context, in *struct {
	DryRun  bool   `query:"dry_run" doc:"Only tell what would be done."`
	RawBody []byte `contentType:"application/toml"`
},
) (*one[resource.OfficeResult], error) {
	plan, _ := officefile.Read(bytes.NewReader(in.RawBody)) // applying tells the problems, and more
	if !a.mayApply(ctx, plan.Domain.Name) {
		return nil, a.problem(ctx, directory.ErrForbidden, "")
	}
	apply := func() (officefile.Result, error) {
		return officefile.Apply(ctx, a.cfg.Directory, peerOf(ctx).actor, plan)
	}
	if in.DryRun {
		apply = func() (officefile.Result, error) { return officefile.Try(a.cfg.Directory, peerOf(ctx).actor, plan) }
	}
	result, err := apply()
	if err != nil {
		return nil, a.problem(ctx, err, "")
	}
	view := resource.OfficeResult{
		Domain: result.Domain, DryRun: in.DryRun,
		Added: append([]string{}, result.Added...), Changed: append([]string{}, result.Changed...), Removed: append([]string{}, result.Removed...),
		Passwords: []resource.Password{},
	}
	for _, p := range result.Passwords {
		view.Passwords = append(view.Passwords, resource.Password{Device: p.Device, Password: p.Password})
	}
	return oneOf(view), nil
}

// mayApply reports whether a peer may make the domain of a file, or change it;
// one that the peer may not see looks like one that is not there. A file that
// names none goes on, to be told of that.
func (a *API) mayApply(ctx context.Context, name string) bool {
	d, found := a.cfg.Directory.DomainByName(name)
	act := settings
	if !found {
		act = server
	}
	return name == "" || directory.May(peerOf(ctx).actor, act, directory.Target{DomainID: d.ID})
}

// file is an answer that is no JSON.
type file struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

func (a *API) exportOffice(ctx context.Context, in *InDomain) (*file, error) {
	o, err := a.wholeOffice(ctx, in.Domain)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	if err := officefile.Write(&text, o); err != nil {
		return nil, a.problem(ctx, err, "")
	}
	return &file{ContentType: "application/toml", Body: text.Bytes()}, nil
}
