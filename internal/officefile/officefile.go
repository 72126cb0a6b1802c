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
	at, hot *table // of the domain
	users   []userPlan
	devices []devicePlan // unassigned ones
	phones  []phonePlan

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
	s.end()
	return plan
}

func readDomain(s *section, plan *Plan) {
	plan.at = s.table
	d := &plan.Domain
	s.text("name", &d.Name)
	if s.values["name"] == nil {
		s.flaw(s.line, "the domain's name is missing", "write name = \"acme.test\"")
	}
	s.text("timezone", &d.TimeZone)
	s.text("country", &d.Country)
	s.text("language", &d.Language)
	s.flag("default", &d.Default)
	if hot := s.sub("hot_desking", "[domain.hot_desking]"); hot != nil {
		plan.hot = hot.table
		readHotDesking(hot, &d.HotDesking)
	}
	s.end()
	d.Name = strings.ToLower(strings.TrimSpace(d.Name))
}

func readHotDesking(s *section, h *directory.HotDesking) {
	s.flag("enabled", &h.Enabled)
	s.flag("activate_phone", &h.ActivatePhone)
	parsed(s, "desk_range", &h.DeskRange, directory.ParseExtensionRange)
	s.text("login_code", &h.LoginCode)
	s.text("release_code", &h.ReleaseCode)
	s.text("mailbox_code", &h.MailboxCode)
	s.text("any_mailbox_code", &h.AnyMailboxCode)
	parsed(s, "release_at", &h.ReleaseAt, directory.ParseClockTime)
	s.number("max_hours", &h.MaxHours)
	s.number("idle_minutes", &h.IdleMinutes)
	s.text("when_taken", (*string)(&h.WhenTaken))
	s.number("take_over_idle", &h.TakeOverIdle)
	s.text("when_elsewhere", (*string)(&h.WhenElsewhere))
	s.end()
}

func readUser(s *section) userPlan {
	p := userPlan{at: s.table}
	u := &p.user
	s.text("extension", &u.Extension)
	s.text("name", &u.Name)
	s.text("email", &u.Email)
	s.text("scope", (*string)(&u.Scope))
	s.text("place", &u.Place)
	p.pin = readSecret(s, "pin")
	p.password = readSecret(s, "password")
	s.text("caller_id", &u.CallerID)
	s.flag("disabled", &u.Disabled)
	may := true
	s.flag("hot_desking", &may)
	u.NoHotDesking = !may
	u.Extension = strings.TrimSpace(u.Extension)
	for _, device := range s.all("device", "[[user.device]]") {
		p.devices = append(p.devices, readDevice(device))
	}
	s.end()
	return p
}

func readSecret(s *section, key string) secretPlan {
	p := secretPlan{plain: s.maybe(key), hash: s.maybe(key + "_hash")}
	if p.plain != nil && p.hash != nil {
		s.flaw(s.lineOf(key+"_hash"), key+" and "+key+"_hash are both given", "leave one of the two")
	}
	return p
}

func readDevice(s *section) devicePlan {
	p := devicePlan{at: s.table}
	s.text("name", &p.device.Name)
	p.password = s.maybe("password")
	s.text("ha1_md5", &p.device.HA1MD5)
	s.text("ha1_sha256", &p.device.HA1SHA256)
	s.text("full_ha1_md5", &p.device.FullHA1MD5)
	s.text("full_ha1_sha256", &p.device.FullHA1SHA256)
	s.flag("disabled", &p.device.Disabled)
	if p.password != nil && p.device.HA1MD5+p.device.HA1SHA256 != "" {
		s.flaw(s.lineOf("password"), "password and ha1 values are both given", "leave one of the two")
	}
	p.device.Name = strings.ToLower(strings.TrimSpace(p.device.Name))
	s.end()
	return p
}

func readPhone(s *section) phonePlan {
	p := phonePlan{at: s.table}
	s.text("mac", &p.phone.MAC)
	s.text("model", &p.phone.Model)
	s.text("name", &p.phone.Name)
	s.text("place", &p.phone.Place)
	p.phone.Devices = s.texts("devices")
	p.phone.MAC = directory.NormalMAC(p.phone.MAC)
	s.end()
	return p
}
