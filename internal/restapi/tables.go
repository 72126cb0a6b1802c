package restapi

import (
	"bytes"
	"context"
	"io"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/officecsv"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

func (a *API) importTable(ctx context.Context, in *struct {
	InDomain
	DryRun  bool   `query:"dry_run" doc:"Only tell what would be done."`
	RawBody []byte `contentType:"text/csv"`
},
) (*one[resource.ImportResult], error) {
	d, err := a.domain(ctx, in.Domain)
	if err != nil {
		return nil, err
	}
	sheet, err := officecsv.Read(in.RawBody)
	if err != nil {
		return nil, a.problem(ctx, err, "")
	}
	var result officecsv.Result
	if actor := peerOf(ctx).actor; in.DryRun {
		result, err = officecsv.Try(a.cfg.Directory, actor, d.ID, sheet)
	} else {
		result, err = officecsv.Apply(ctx, a.cfg.Directory, actor, d.ID, sheet, "")
	}
	if err != nil {
		return nil, a.problem(ctx, err, "")
	}
	view := resource.ImportResult{
		DryRun: in.DryRun, Added: append([]string{}, result.Added...), Changed: append([]string{}, result.Changed...), Same: result.Same,
		Secrets: make([]resource.Secret, len(result.Secrets)),
	}
	for i, s := range result.Secrets {
		view.Secrets[i] = resource.Secret(s)
	}
	return &one[resource.ImportResult]{Body: view}, nil
}

func (a *API) exportUsers(ctx context.Context, in *InDomain) (*file, error) {
	return a.exportTable(ctx, in, officecsv.WriteUsers)
}

func (a *API) exportPhones(ctx context.Context, in *InDomain) (*file, error) {
	return a.exportTable(ctx, in, officecsv.WritePhones)
}

// exportTable writes what the peer manages of an office.
func (a *API) exportTable(ctx context.Context, in *InDomain, write func(io.Writer, directory.Office, func(site string) bool) error) (*file, error) {
	o, err := a.office(ctx, in.Domain)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	if err := write(&text, o, func(site string) bool { return a.manages(ctx, o.Domain.ID, site) }); err != nil {
		return nil, a.problem(ctx, err, "")
	}
	return &file{ContentType: "text/csv; charset=utf-8", Body: text.Bytes()}, nil
}
