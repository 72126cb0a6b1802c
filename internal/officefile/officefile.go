// Package officefile reads and writes the office file: a whole domain as TOML
// that people keep in version control. Applying a file makes the domain as the
// file says, again and again without doubling. It knows nothing of SQL, HTTP
// or the command line.
package officefile

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// MaxSize is the size of the largest file that is read, in bytes: an office of
// a hundred thousand users fits.
const MaxSize = 64 << 20

// Problem is one mistake in a file, in words for the person who wrote it.
type Problem struct {
	Line  int    // counted from 1
	Wrong string // what is wrong, a sentence without its full stop
	Fix   string // what to do about it, a sentence without its full stop
}

// String is the problem on one line, to be put behind the file's name and a colon.
func (p Problem) String() string { return fmt.Sprintf("%d: %s; %s", p.Line, p.Wrong, p.Fix) }

// ProblemsError is the refusal of a file: every mistake in it.
type ProblemsError struct{ Problems []Problem }

// Error lists the problems, one per line.
func (e *ProblemsError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = "line " + p.String()
	}
	return strings.Join(lines, "\n")
}

// Plan is a domain as a file wants it. Its rules are checked when it is
// applied, because some hang on what is there already.
type Plan struct {
	Domain  directory.Domain
	file    *table
	at      *table            // of the domain
	within  map[string]*table // the tables in it: "hot_desking", "mail"
	mail    *string           // the mail server's password; nil: as it is
	signOn  *string           // the client secret; nil: as it is
	users   []userPlan
	devices []devicePlan // unassigned ones
	phones  []phonePlan
	numbers []numberPlan
	trunks  []trunkPlan

	problems []Problem // of reading; such a plan is never carried out
}

type userPlan struct {
	user          directory.User
	pin, password secretPlan
	devices       []devicePlan
	at            *table
}

// secretPlan is a PIN or password: given plain, as its hash, or not at all,
// which leaves the one there is. An empty plain one takes it away.
type secretPlan struct{ plain, hash *string }

type devicePlan struct {
	device   directory.Device
	password *string // nil: as it is, or generated
	at       *table
}

type phonePlan struct {
	phone directory.Phone
	at    *table
}

type numberPlan struct {
	number directory.Number
	user   string // an extension; "" for a number that leads nowhere
	at     *table
}

type trunkPlan struct {
	trunk    directory.Trunk
	password *string // nil: as it is
	at       *table
}

// Read reads an office file and finds what is wrong with its form. Applying
// the plan then tells these problems once more, along with those of its rules;
// only when the file is no TOML at all does nothing more come of it.
func Read(from io.Reader) (Plan, []Problem) {
	data, err := io.ReadAll(io.LimitReader(from, MaxSize+1))
	switch {
	case err != nil:
		return Plan{}, []Problem{{Line: 1, Wrong: "the file cannot be read: " + err.Error(), Fix: "check its name and rights"}}
	case len(data) > MaxSize:
		return Plan{}, []Problem{{Line: 1, Wrong: "the file is larger than 64 MiB", Fix: "check that it is an office file"}}
	}
	root, problems := parse(data)
	if len(problems) > 0 {
		return Plan{problems: problems}, problems
	}
	r := &reader{}
	plan := readFile(&section{table: root, r: r, name: "the file"})
	sortProblems(r.problems)
	plan.problems = r.problems
	return plan, r.problems
}

func sortProblems(problems []Problem) {
	slices.SortStableFunc(problems, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
}

func readFile(s *section) Plan {
	plan := Plan{Domain: directory.Defaults(""), file: s.table}
	if domain := s.sub("domain", "[domain]"); domain != nil {
		readDomain(domain, &plan)
	} else if s.values["domain"] == nil {
		s.flaw(1, "the table [domain] is missing", "begin with [domain] and its name, timezone and country")
	}
	for _, user := range s.all("user", "[[user]]") {
		plan.users = append(plan.users, readUser(user))
	}
	for _, device := range s.all("device", "[[device]]") {
		plan.devices = append(plan.devices, readDevice(device))
	}
	for _, phone := range s.all("phone", "[[phone]]") {
		plan.phones = append(plan.phones, readPhone(phone))
	}
	for _, number := range s.all("number", "[[number]]") {
		plan.numbers = append(plan.numbers, readNumber(number))
	}
	for _, trunk := range s.all("trunk", "[[trunk]]") {
		plan.trunks = append(plan.trunks, readTrunk(trunk))
	}
	s.end()
	return plan
}
