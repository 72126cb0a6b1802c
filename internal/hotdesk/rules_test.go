package hotdesk_test

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
)

// scene is a state that a test bends: Ana wants the desk of account 5401, Bo is
// somebody else. It is ten in the morning.
type scene struct {
	domain    directory.Domain
	desk      directory.User
	device    directory.Device
	ana       directory.User
	holding   *hotdesk.Session
	elsewhere []hotdesk.Session
	inCall    bool
	request   hotdesk.Request
	noOwner   bool
}

func morning() time.Time { return time.Date(2026, 1, 14, 10, 0, 0, 0, time.UTC) }

func newScene() *scene {
	domain := directory.Defaults("acme.test")
	domain.ID, domain.TimeZone = "acme", "UTC"
	return &scene{
		domain:  domain,
		desk:    directory.User{ID: "desk", DomainID: "acme", Extension: "5401"},
		device:  directory.Device{ID: "phone", DomainID: "acme", OwnerID: "desk", Name: "5401"},
		ana:     directory.User{ID: "ana", DomainID: "acme", Extension: "1001", Name: "Ana Ruiz"},
		request: hotdesk.Request{Door: hotdesk.DoorStarCode},
	}
}

func (s *scene) policy() *directory.HotDesking { return &s.domain.HotDesking }

func (s *scene) heldBy(userID string) *hotdesk.Session {
	s.holding = &hotdesk.Session{
		ID: "held", DomainID: "acme", DeviceID: "phone", UserID: userID,
		StartedAt: morning().Add(-time.Hour), UsedAt: morning().Add(-20 * time.Minute),
		EndsAt: morning().Add(16 * time.Hour), EndsAs: hotdesk.Nightly,
	}
	return s.holding
}

func (s *scene) anaElsewhere() *hotdesk.Session {
	s.elsewhere = []hotdesk.Session{{
		ID: "other", DomainID: "acme", DeviceID: "phone2", UserID: "ana",
		StartedAt: morning().Add(-2 * time.Hour), UsedAt: morning().Add(-2 * time.Hour), EndsAt: morning().Add(16 * time.Hour), EndsAs: hotdesk.Nightly,
	}}
	return &s.elsewhere[0]
}

func (s *scene) office() hotdesk.Office {
	office := hotdesk.Office{Domain: &s.domain, Device: &s.device, Owner: &s.desk, Person: &s.ana}
	if s.noOwner {
		office.Owner = nil
	}
	return office
}

func (s *scene) login() (hotdesk.Decision, error) {
	return hotdesk.Login(hotdesk.State{
		Office: s.office(), Zone: time.UTC, Holding: s.holding, Elsewhere: s.elsewhere, InCall: s.inCall,
	}, s.request, morning())
}

func TestLoginRefused(t *testing.T) {
	t.Parallel()
	held := func(inCall, offered bool) error {
		return &hotdesk.TakenError{
			UserID: "bo", Since: morning().Add(-time.Hour), UsedAt: morning().Add(-20 * time.Minute), InCall: inCall, Offered: offered,
		}
	}
	for name, test := range map[string]struct {
		bend func(s *scene)
		want error
	}{
		"switched off":             {func(s *scene) { s.policy().Enabled = false }, hotdesk.ErrSwitchedOff},
		"switched off comes first": {func(s *scene) { s.policy().Enabled = false; s.device.OwnerID = "bo" }, hotdesk.ErrSwitchedOff},
		"somebody's own phone": {func(s *scene) {
			s.device.OwnerID, s.desk = "bo", directory.User{ID: "bo", DomainID: "acme", Extension: "1002"}
		}, hotdesk.ErrNotHotDesk},
		"the person's own phone": {func(s *scene) { s.device.OwnerID, s.desk = "ana", s.ana }, hotdesk.ErrNotHotDesk},
		"the owner is gone":      {func(s *scene) { s.noOwner = true }, hotdesk.ErrNotHotDesk},
		"the desk range moved": {func(s *scene) {
			s.policy().DeskRange = directory.ExtensionRange{First: "6400", Last: "6499"}
		}, hotdesk.ErrNotHotDesk},
		"a disabled device":       {func(s *scene) { s.device.Disabled = true }, hotdesk.ErrNotHotDesk},
		"a disabled desk account": {func(s *scene) { s.desk.Disabled = true }, hotdesk.ErrNotHotDesk},
		"a phone of another domain": {func(s *scene) {
			s.device.DomainID = "other"
		}, hotdesk.ErrNotHotDesk},
		"a disabled person":          {func(s *scene) { s.ana.Disabled = true }, hotdesk.ErrNotAllowed},
		"a person without leave":     {func(s *scene) { s.ana.NoHotDesking = true }, hotdesk.ErrNotAllowed},
		"a desk account":             {func(s *scene) { s.ana.Extension = "5402" }, hotdesk.ErrNotAllowed},
		"a person of another domain": {func(s *scene) { s.ana.DomainID = "other" }, hotdesk.ErrNotAllowed},
		"without leave, held":        {func(s *scene) { s.ana.NoHotDesking = true; s.heldBy("bo") }, hotdesk.ErrNotAllowed},
		"held":                       {func(s *scene) { s.heldBy("bo") }, held(false, false)},
		"held, take over": {func(s *scene) {
			s.heldBy("bo")
			s.request.TakeOver = true
		}, held(false, false)},
		"held, no policy": {func(s *scene) { s.heldBy("bo"); s.policy().WhenTaken = "" }, held(false, false)},
		"held, confirm": {func(s *scene) {
			s.heldBy("bo")
			s.policy().WhenTaken = directory.TakenConfirm
		}, held(false, true)},
		"held, confirm, in a call": {func(s *scene) {
			s.heldBy("bo")
			s.policy().WhenTaken, s.inCall = directory.TakenConfirm, true
		}, held(true, true)},
		"held, idle, too early": {func(s *scene) {
			s.heldBy("bo")
			s.policy().WhenTaken, s.policy().TakeOverIdle = directory.TakenIdle, 21
			s.request.TakeOver = true
		}, held(false, false)},
		"held, idle, in a call": {func(s *scene) {
			s.heldBy("bo")
			s.policy().WhenTaken, s.policy().TakeOverIdle = directory.TakenIdle, 20
			s.request.TakeOver, s.inCall = true, true
		}, held(true, false)},
		"held, idle": {func(s *scene) {
			s.heldBy("bo")
			s.policy().WhenTaken, s.policy().TakeOverIdle = directory.TakenIdle, 20
		}, held(false, true)},
		"elsewhere, deny": {func(s *scene) {
			s.anaElsewhere()
			s.policy().WhenElsewhere = directory.ElsewhereDeny
		}, &hotdesk.ElsewhereError{DeviceID: "phone2", Since: morning().Add(-2 * time.Hour)}},
		"held and elsewhere, deny": {func(s *scene) {
			s.heldBy("bo")
			s.anaElsewhere()
			s.policy().WhenElsewhere = directory.ElsewhereDeny
		}, held(false, false)},
		"taken over but elsewhere, deny": {func(s *scene) {
			s.heldBy("bo")
			s.anaElsewhere()
			s.policy().WhenTaken, s.policy().WhenElsewhere = directory.TakenConfirm, directory.ElsewhereDeny
			s.request.TakeOver = true
		}, &hotdesk.ElsewhereError{DeviceID: "phone2", Since: morning().Add(-2 * time.Hour)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene()
			test.bend(s)
			decision, err := s.login()
			if !errors.Is(err, test.want) && !reflect.DeepEqual(err, test.want) {
				t.Errorf("refused with %#v, want %#v", err, test.want)
			}
			if hotdesk.RefusalCode(err) == "" {
				t.Errorf("%v has no code", err)
			}
			if !cmp.Equal(decision, hotdesk.Decision{}) {
				t.Errorf("refused, and decided %+v", decision)
			}
		})
	}
}

func TestLoginGranted(t *testing.T) {
	t.Parallel()
	type end struct {
		ID     string
		Reason hotdesk.Reason
	}
	for name, test := range map[string]struct {
		bend func(s *scene)
		ends []end
	}{
		"a free desk":         {func(*scene) {}, nil},
		"an unassigned phone": {func(s *scene) { s.device.OwnerID, s.noOwner = "", true }, nil},
		"take-over, confirmed": {func(s *scene) {
			s.heldBy("bo")
			s.policy().WhenTaken, s.request.TakeOver = directory.TakenConfirm, true
		}, []end{{"held", hotdesk.TakenOver}}},
		"take-over, idle": {func(s *scene) {
			s.heldBy("bo")
			s.policy().WhenTaken, s.policy().TakeOverIdle, s.request.TakeOver = directory.TakenIdle, 20, true
		}, []end{{"held", hotdesk.TakenOver}}},
		"move":             {func(s *scene) { s.anaElsewhere() }, []end{{"other", hotdesk.Moved}}},
		"move, by default": {func(s *scene) { s.anaElsewhere(); s.policy().WhenElsewhere = "" }, []end{{"other", hotdesk.Moved}}},
		"allow":            {func(s *scene) { s.anaElsewhere(); s.policy().WhenElsewhere = directory.ElsewhereAllow }, nil},
		"take-over and move": {func(s *scene) {
			s.heldBy("bo")
			s.anaElsewhere()
			s.policy().WhenTaken, s.request.TakeOver = directory.TakenConfirm, true
		}, []end{{"held", hotdesk.TakenOver}, {"other", hotdesk.Moved}}},
		"the other's time is up": {func(s *scene) { s.heldBy("bo").EndsAt = morning() }, []end{{"held", hotdesk.Nightly}}},
		"the other's hours are up": {func(s *scene) {
			held := s.heldBy("bo")
			held.EndsAt, held.EndsAs = morning().Add(-time.Second), hotdesk.HourLimit
		}, []end{{"held", hotdesk.HourLimit}}},
		"the other was idle": {func(s *scene) { s.heldBy("bo"); s.policy().IdleMinutes = 19 }, []end{{"held", hotdesk.IdleLimit}}},
		"the own time is up": {func(s *scene) { s.heldBy("ana").EndsAt = morning() }, []end{{"held", hotdesk.Nightly}}},
		"denied elsewhere, but over": {func(s *scene) {
			s.anaElsewhere().EndsAt = morning()
			s.policy().WhenElsewhere = directory.ElsewhereDeny
		}, []end{{"other", hotdesk.Nightly}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene()
			test.bend(s)
			decision, err := s.login()
			if err != nil {
				t.Fatal(err)
			}
			want := &hotdesk.Session{
				DomainID: "acme", DeviceID: "phone", OwnerID: s.device.OwnerID, UserID: "ana", Door: hotdesk.DoorStarCode,
				StartedAt: morning(), UsedAt: morning(), EndsAt: morning().Add(16 * time.Hour), EndsAs: hotdesk.Nightly,
				WarnAt: morning().Add(16*time.Hour - 5*time.Minute),
			}
			if diff := cmp.Diff(want, decision.Start); diff != "" {
				t.Errorf("started: %s", diff)
			}
			var ends []end
			for _, c := range decision.End {
				ends = append(ends, end{c.Session.ID, c.Reason})
			}
			if diff := cmp.Diff(test.ends, ends); diff != "" {
				t.Errorf("ended: %s", diff)
			}
		})
	}
}

func TestLoginOfTheHolder(t *testing.T) {
	t.Parallel()
	for _, door := range []hotdesk.Door{hotdesk.DoorPortal, hotdesk.DoorREST, hotdesk.DoorCLI} {
		s := newScene()
		s.heldBy("ana")
		s.anaElsewhere()
		s.policy().WhenElsewhere = directory.ElsewhereDeny
		s.request.Door = door
		if decision, err := s.login(); err != nil || !cmp.Equal(decision, hotdesk.Decision{}) {
			t.Errorf("%s: %+v, %v; want no change", door, decision, err)
		}
	}
	s := newScene()
	s.heldBy("ana")
	s.policy().MaxHours = 3
	decision, err := s.login()
	want := hotdesk.Decision{Extend: &hotdesk.Extension{
		SessionID: "held", EndsAt: morning().Add(3 * time.Hour), EndsAs: hotdesk.HourLimit, UsedAt: morning(),
		WarnAt: morning().Add(3*time.Hour - 5*time.Minute),
	}}
	if diff := cmp.Diff(want, decision); err != nil || diff != "" {
		t.Errorf("by star code: %v %s", err, diff)
	}
}

func TestDue(t *testing.T) {
	t.Parallel()
	session := hotdesk.Session{UsedAt: morning(), EndsAt: morning().Add(time.Hour), EndsAs: hotdesk.HourLimit}
	for name, test := range map[string]struct {
		idle   int
		inCall bool
		after  time.Duration
		want   hotdesk.Reason
	}{
		"not yet":                  {0, false, 59 * time.Minute, ""},
		"the stored end":           {0, false, time.Hour, hotdesk.HourLimit},
		"the stored end, in call":  {0, true, time.Hour, hotdesk.HourLimit},
		"idle to the minute":       {30, false, 30 * time.Minute, ""},
		"idle for longer":          {30, false, 30*time.Minute + 1, hotdesk.IdleLimit},
		"idle for longer, in call": {30, true, 45 * time.Minute, ""},
		"the clock set back":       {30, false, -time.Hour, ""},
	} {
		got, due := hotdesk.Due(directory.HotDesking{IdleMinutes: test.idle}, session, test.inCall, morning().Add(test.after))
		if got != test.want || due != (test.want != "") {
			t.Errorf("%s: %q, %t, want %q", name, got, due, test.want)
		}
	}
}

func TestStillAllowed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		bend func(o *hotdesk.Office)
		want bool
	}{
		"as it was":              {func(*hotdesk.Office) {}, true},
		"domain deleted":         {func(o *hotdesk.Office) { o.Domain = nil }, false},
		"switched off":           {func(o *hotdesk.Office) { o.Domain.HotDesking.Enabled = false }, false},
		"device deleted":         {func(o *hotdesk.Office) { o.Device = nil }, false},
		"device disabled":        {func(o *hotdesk.Office) { o.Device.Disabled = true }, false},
		"device given to person": {func(o *hotdesk.Office) { o.Device.OwnerID, o.Owner = "ana", o.Person }, false},
		"desk account deleted":   {func(o *hotdesk.Office) { o.Device.OwnerID, o.Owner = "", nil }, false},
		"desk account unknown":   {func(o *hotdesk.Office) { o.Owner = nil }, false},
		"device given to another desk account": {func(o *hotdesk.Office) {
			o.Device.OwnerID, o.Owner = "desk2", &directory.User{ID: "desk2", DomainID: "acme", Extension: "5402"}
		}, false},
		"desk account disabled": {func(o *hotdesk.Office) { o.Owner.Disabled = true }, false},
		"desk account renumbered": {func(o *hotdesk.Office) {
			o.Owner.Extension = "1003"
		}, false},
		"person deleted":            {func(o *hotdesk.Office) { o.Person = nil }, false},
		"person disabled":           {func(o *hotdesk.Office) { o.Person.Disabled = true }, false},
		"leave withdrawn":           {func(o *hotdesk.Office) { o.Person.NoHotDesking = true }, false},
		"person became a desk":      {func(o *hotdesk.Office) { o.Person.Extension = "5409" }, false},
		"policy for taken tightens": {func(o *hotdesk.Office) { o.Domain.HotDesking.WhenTaken = directory.TakenRefuse }, true},
	} {
		office := newScene().office()
		test.bend(&office)
		reason, allowed := hotdesk.StillAllowed(hotdesk.Session{OwnerID: "desk"}, office)
		if allowed != test.want || !allowed && reason != hotdesk.Withdrawn || allowed && reason != "" {
			t.Errorf("%s: %q, %t", name, reason, allowed)
		}
	}
}

// An unassigned phone is lent as such, and comes back when it gets an owner.
func TestStillAllowedAtAnUnassignedPhone(t *testing.T) {
	t.Parallel()
	office := newScene().office()
	owner := office.Owner
	office.Device.OwnerID, office.Owner = "", nil
	if _, allowed := hotdesk.StillAllowed(hotdesk.Session{}, office); !allowed {
		t.Error("nothing has changed, but it is not allowed")
	}
	office.Device.OwnerID, office.Owner = owner.ID, owner
	if reason, allowed := hotdesk.StillAllowed(hotdesk.Session{}, office); allowed || reason != hotdesk.Withdrawn {
		t.Errorf("with an owner: %q, %t", reason, allowed)
	}
}

func TestErrorsSayEnough(t *testing.T) {
	t.Parallel()
	taken := &hotdesk.TakenError{Name: "Bo", Since: morning()}
	if got := taken.Error(); got != "Bo has been logged in at this desk since 2026-01-14T10:00:00Z" {
		t.Error(got)
	}
	elsewhere := &hotdesk.ElsewhereError{Name: "5402", Since: morning()}
	if got := elsewhere.Error(); got != "this user has been logged in at 5402 since 2026-01-14T10:00:00Z" {
		t.Error(got)
	}
	if got := hotdesk.RefusalCode(errors.New("disk full")); got != "" {
		t.Errorf("a fault is no refusal: %q", got)
	}
}
