package officecsv

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// Result is what applying a table did, or would do.
type Result struct {
	Added   []string // "1001 Ana Ruiz", "device 5401", "80:5e:c0:11:22:33"
	Changed []string
	Same    int      // lines that change nothing
	Secrets []Secret // generated ones; they are shown here and never again
	Tag     string   // is another as soon as applying would do something else
}

// Secret is what was generated for one line.
type Secret struct {
	Extension, Name string
	PIN, Password   string
	Device          string
	DevicePassword  string
}

// Try tells what applying a table would do, but for the secrets. It fails with
// [*ProblemsError], and otherwise as [directory.Service.Edit].
func Try(dir *directory.Service, actor directory.Actor, domainID string, s Sheet) (Result, error) {
	result, _, err := try(dir, actor, domainID, s)
	return result, err
}

func try(dir *directory.Service, actor directory.Actor, domainID string, s Sheet) (Result, int64, error) {
	base, found := dir.Office(domainID)
	if !found {
		return Result{}, 0, directory.ErrNotFound
	}
	b, err := s.prepare(base, actor, pretended)
	if err != nil {
		return Result{}, 0, err
	}
	e, err := dir.Try(actor, domainID, b.build)
	if err := b.explain(err); err != nil {
		return Result{}, 0, err
	}
	return b.result(e), e.Before.Domain.Version, nil
}

// Apply adds and changes what a table says, all of it or nothing. With a tag,
// that of a result of [Try], it fails with [directory.ErrStale] when it would do
// something else by now. Otherwise it fails as Try does.
func Apply(ctx context.Context, dir *directory.Service, actor directory.Actor, domainID string, s Sheet, tag string) (Result, error) {
	tried, version, err := try(dir, actor, domainID, s)
	if err != nil {
		return Result{}, err
	}
	if tag != "" && tag != tried.Tag {
		return Result{}, directory.ErrStale
	}
	base, _ := dir.Office(domainID)
	b, err := s.prepare(base, actor, inEarnest)
	if err != nil {
		return Result{}, err
	}
	e, err := dir.Edit(ctx, actor, domainID, func(o *directory.Office) error {
		if tag != "" && o.Domain.Version != version { // such as by the same table, sent twice
			return directory.ErrStale
		}
		return b.build(o)
	})
	if err := b.explain(err); err != nil {
		return Result{}, err
	}
	result := b.result(e)
	for _, l := range b.lines {
		for _, secret := range l.generated {
			secret.Extension, secret.Name = l.name, l.cells["name"]
			result.Secrets = append(result.Secrets, secret)
		}
	}
	return result, nil
}

// explain gives the directory's problems the lines that they come from.
func (b *builder) explain(err error) error {
	problems := slices.Concat(b.flaws, b.problems)
	refused, is := errors.AsType[*directory.InvalidError](err)
	if err != nil && !is && (len(problems) == 0 || !errors.Is(err, directory.ErrForbidden)) {
		return err
	}
	if is {
		for _, p := range refused.Problems {
			line := b.at[p.ID]
			if line == 0 {
				p.Wrong = string(p.Kind) + " " + p.Name + ": " + p.Wrong
			}
			if p.Kind == directory.KindDevice {
				p.Field = "devices"
			}
			problems = append(problems, Problem{line, p.Field, p.Wrong, p.Fix})
		}
	}
	if len(problems) == 0 {
		return nil
	}
	slices.SortStableFunc(problems, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return &ProblemsError{problems}
}

// result says what an edit did.
func (b *builder) result(e directory.Edit) Result {
	var r Result
	touched := map[string]bool{}
	add := func(id string, isNew bool, name string) {
		touched[id] = true
		if isNew {
			r.Added = append(r.Added, name)
		} else {
			r.Changed = append(r.Changed, name)
		}
	}
	was := idsOf(e.Before)
	for _, u := range e.Change.PutUsers {
		add(u.ID, !was[u.ID], u.Extension+" "+u.Name)
	}
	for _, d := range e.Change.PutDevices {
		add(d.OwnerID, !was[d.ID], "device "+d.Name)
	}
	for _, p := range e.Change.PutPhones {
		add(p.ID, !was[p.ID], strings.TrimSpace(directory.FormatMAC(p.MAC)+" "+p.Name))
	}
	for id := range b.at {
		if !touched[id] && !b.devices[id] {
			r.Same++
		}
	}
	r.Tag = directory.Tag(strings.Join(r.Added, "\n"), strings.Join(r.Changed, "\n"))
	return r
}

func idsOf(o directory.Office) map[string]bool {
	ids := make(map[string]bool, len(o.Users)+len(o.Devices)+len(o.Phones))
	for i := range o.Users {
		ids[o.Users[i].ID] = true
	}
	for i := range o.Devices {
		ids[o.Devices[i].ID] = true
	}
	for i := range o.Phones {
		ids[o.Phones[i].ID] = true
	}
	return ids
}
