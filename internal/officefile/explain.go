package officefile

import (
	"errors"
	"slices"
	"strings"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// explain gives the directory's problems the lines that they come from.
func (b *builder) explain(err error, problems []Problem) error {
	var refused *directory.InvalidError
	if err != nil && !errors.As(err, &refused) {
		return err
	}
	if refused != nil {
		for _, p := range refused.Problems {
			if b.follows(p) {
				continue
			}
			problems = append(problems, Problem{Line: b.line(p), Wrong: p.Field + ": " + p.Wrong, Fix: p.Fix})
		}
	}
	sortProblems(problems)
	return &ProblemsError{Problems: problems}
}

// follows reports whether a problem may only follow from one that was found
// while reading: a misspelt key makes its value missing, also for others that
// refer to it.
func (b *builder) follows(p directory.Problem) bool {
	if len(b.plan.problems) == 0 {
		return false
	}
	at, field := b.place(p)
	if at == nil || field == "devices" && b.flawedNames() || refers(p) {
		return true
	}
	line, given := at.find(field)
	return at.flawed && (!given || slices.ContainsFunc(b.plan.problems, func(q Problem) bool { return q.Line == line }))
}

// refers reports whether the field names a user, whose table may be flawed.
func refers(p directory.Problem) bool {
	return p.Field == "owner" || p.Field == "emergency.notify_extension" || p.Kind == directory.KindNumber && p.Field == "user"
}

// flawedNames reports whether a device may be missing, or have another name
// than its writer meant.
func (b *builder) flawedNames() bool {
	flawed := func(d devicePlan) bool { return d.at.flawed }
	return b.plan.file.flawed || slices.ContainsFunc(b.plan.devices, flawed) || slices.ContainsFunc(b.plan.users, func(u userPlan) bool {
		return u.at.flawed && len(u.devices) == 0 || slices.ContainsFunc(u.devices, flawed)
	})
}

// place finds where the file has the field of a problem.
func (b *builder) place(p directory.Problem) (at *table, field string) {
	if p.Kind != directory.KindDomain {
		return b.tables[p.ID], p.Field
	}
	key, rest, _ := strings.Cut(p.Field, ".")
	if within := b.plan.within[key]; within != nil {
		return within, rest
	}
	return b.plan.at, p.Field
}

func (b *builder) line(p directory.Problem) int {
	at, field := b.place(p)
	if at == nil {
		return 1
	}
	line, _ := at.find(field)
	return line
}
