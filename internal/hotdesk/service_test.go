package hotdesk_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
)

const winterMorning = "2026-01-14T15:00:00Z" // ten o'clock in Toronto

func TestServiceLogin(t *testing.T) {
	t.Parallel()
	o := newOffice(t, at(winterMorning))
	result := o.login(t, "desk1", "ana")
	want := hotdesk.Session{
		DomainID: "acme", DeviceID: "desk1", OwnerID: o.book.devices["desk1"].OwnerID, UserID: "ana", Door: hotdesk.DoorStarCode,
		StartedAt: o.now(), UsedAt: o.now(), EndsAs: hotdesk.Nightly,
		EndsAt: instant(t, "2026-01-15T02:00:00-05:00").UTC(), WarnAt: instant(t, "2026-01-15T01:55:00-05:00").UTC(),
	}
	if diff := cmp.Diff(want, result.Session, cmpopts.IgnoreFields(hotdesk.Session{}, "ID")); diff != "" || !result.Started {
		t.Error(diff)
	}
	if diff := cmp.Diff(want, o.store.sessions[result.Session.ID], cmpopts.IgnoreFields(hotdesk.Session{}, "ID")); diff != "" {
		t.Errorf("stored: %s", diff)
	}
	entry := audit.Entry{DomainID: "acme", At: o.now(), Actor: "ana", Action: "session.login", DeviceID: "desk1", UserID: "ana", Detail: "star_code"}
	if diff := cmp.Diff([]audit.Entry{entry}, o.store.entries(), cmpopts.IgnoreFields(audit.Entry{}, "ID")); diff != "" {
		t.Errorf("audit: %s", diff)
	}
	if facts := o.told(); len(facts) != 1 || facts[0] != (hotdesk.LoggedIn{Session: result.Session}) {
		t.Errorf("told %+v", facts)
	}
	outside := o.store.outbox[0]
	var payload map[string]any
	if err := json.Unmarshal(outside.Payload, &payload); err != nil || outside.Kind != "session.login" || outside.ID == "" {
		t.Fatalf("outbox %+v: %v", outside, err)
	}
	if diff := cmp.Diff(map[string]any{
		"session_id": result.Session.ID, "device_id": "desk1", "user_id": "ana", "door": "star_code",
		"started_at": "2026-01-14T15:00:00Z", "ends_at": "2026-01-15T07:00:00Z",
	}, payload); diff != "" {
		t.Errorf("payload: %s", diff)
	}
}

func TestServiceLoginAgain(t *testing.T) {
	t.Parallel()
	now := instant(t, winterMorning)
	o := newOffice(t, func() time.Time { return now })
	first := o.login(t, "desk1", "ana")
	o.told()
	again, err := o.Login(t.Context(), hotdesk.LoginRequest{DeviceID: "desk1", UserID: "ana", By: hotdesk.By{Actor: "boss", Door: hotdesk.DoorPortal}})
	if diff := cmp.Diff(hotdesk.LoginResult{Session: first.Session}, again); err != nil || diff != "" {
		t.Errorf("through the portal: %v %s", err, diff)
	}
	if facts := o.told(); facts != nil || len(o.store.entries()) != 1 {
		t.Errorf("a login that changes nothing told %v", facts)
	}
	now = first.Session.EndsAt.Add(-5 * time.Minute)
	again = o.login(t, "desk1", "ana")
	want := first.Session
	want.EndsAt, want.WarnAt, want.UsedAt = first.Session.EndsAt.Add(24*time.Hour), first.Session.WarnAt.Add(24*time.Hour), now
	if diff := cmp.Diff(hotdesk.LoginResult{Session: want, Extended: true}, again); diff != "" {
		t.Errorf("by star code: %s", diff)
	}
	if diff := cmp.Diff(want, o.store.sessions[want.ID]); diff != "" {
		t.Errorf("stored: %s", diff)
	}
	if facts := o.told(); len(facts) != 1 || facts[0] != (hotdesk.Extended{Session: want}) {
		t.Errorf("told %v", facts)
	}
}

func TestServiceMoveAndTakeOver(t *testing.T) {
	t.Parallel()
	o := newOffice(t, at(winterMorning))
	o.book.policy(func(p *directory.HotDesking) { p.WhenTaken = directory.TakenConfirm })
	atOne := o.login(t, "desk1", "ana").Session
	atTwo := o.login(t, "desk2", "bo").Session
	o.told()
	if _, err := o.Login(t.Context(), byStarCode("desk1", "bo")); !errors.Is(err, hotdesk.ErrHeld) {
		t.Fatal(err)
	}
	o.told()
	request := byStarCode("desk1", "bo")
	request.TakeOver = true
	result, err := o.Login(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	atOne.Ended, atOne.EndedAt, atOne.EndedBy = hotdesk.TakenOver, o.now(), "bo"
	atTwo.Ended, atTwo.EndedAt, atTwo.EndedBy = hotdesk.Moved, o.now(), "bo"
	if diff := cmp.Diff([]hotdesk.Session{atOne, atTwo}, result.Ended); diff != "" {
		t.Error(diff)
	}
	facts := o.told()
	if len(facts) != 3 || facts[0] != (hotdesk.Ended{Session: atOne}) || facts[1] != (hotdesk.Ended{Session: atTwo}) || facts[2] != (hotdesk.LoggedIn{Session: result.Session}) {
		t.Errorf("told %v", facts)
	}
	if diff := cmp.Diff(map[string]string{"desk1": "bo"}, o.open(t)); diff != "" {
		t.Error(diff)
	}
}

func TestServiceRefusesAndSaysSo(t *testing.T) {
	t.Parallel()
	o := newOffice(t, at(winterMorning))
	o.login(t, "desk1", "ana")
	o.told()
	_, err := o.Login(t.Context(), byStarCode("desk1", "bo"))
	taken, is := errors.AsType[*hotdesk.TakenError](err)
	if !is || taken.UserID != "ana" || taken.Name != "ana" || taken.Offered || !taken.Since.Equal(o.now()) {
		t.Fatalf("%#v", err)
	}
	want := hotdesk.Refused{DomainID: "acme", DeviceID: "desk1", UserID: "bo", Account: "1002", Door: hotdesk.DoorStarCode, Code: "held", At: o.now()}
	if facts := o.told(); len(facts) != 1 || facts[0] != want {
		t.Errorf("told %+v", facts)
	}
	o.book.policy(func(p *directory.HotDesking) { p.WhenElsewhere = directory.ElsewhereDeny })
	_, err = o.Login(t.Context(), byStarCode("desk2", "ana"))
	if elsewhere, is := errors.AsType[*hotdesk.ElsewhereError](err); !is || elsewhere.Name != "5401" {
		t.Errorf("%#v", err)
	}
	if err := o.CheckDesk(t.Context(), "own"); !errors.Is(err, hotdesk.ErrNotHotDesk) {
		t.Error(err)
	}
	if err := o.CheckDesk(t.Context(), "unassigned"); err != nil {
		t.Error(err)
	}
	if err := o.Refuse(t.Context(), hotdesk.Refused{DeviceID: "desk1", Account: "9999", Door: hotdesk.DoorStarCode, Code: "pin_wrong"}); err != nil {
		t.Error(err)
	}
	o.book.policy(func(p *directory.HotDesking) { p.Enabled = false })
	if err := o.CheckDesk(t.Context(), "desk1"); !errors.Is(err, hotdesk.ErrSwitchedOff) {
		t.Error(err)
	}
	var got []string
	for _, e := range o.store.entries()[1:] {
		got = append(got, fmt.Sprintf("%s %s %s %s", e.Action, e.Actor, e.DeviceID, e.Detail))
	}
	if diff := cmp.Diff([]string{
		"session.refused bo desk1 held", "session.refused ana desk2 elsewhere", "session.refused caller own not_hot_desk",
		"session.refused caller desk1 pin_wrong", "session.refused caller desk1 switched_off",
	}, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"desk1": "ana"}, o.open(t)); diff != "" {
		t.Error(diff)
	}
}

func TestServiceOfUnknownThings(t *testing.T) {
	t.Parallel()
	o := newOffice(t, at(winterMorning))
	for _, request := range []hotdesk.LoginRequest{byStarCode("desk9", "ana"), byStarCode("desk1", "dee"), byStarCode("", ""), byStarCode("desk1", "")} {
		if _, err := o.Login(t.Context(), request); !errors.Is(err, directory.ErrNotFound) {
			t.Errorf("%+v: %v", request, err)
		}
	}
	if err := o.CheckDesk(t.Context(), "desk9"); !errors.Is(err, directory.ErrNotFound) {
		t.Error(err)
	}
	if err := o.Refuse(t.Context(), hotdesk.Refused{DeviceID: "desk9"}); !errors.Is(err, directory.ErrNotFound) {
		t.Error(err)
	}
	o.login(t, "desk1", "ana")
	// An empty ID must not select everybody's sessions.
	if _, err := o.Release(t.Context(), "", hotdesk.By{}); !errors.Is(err, hotdesk.ErrNoSession) {
		t.Error(err)
	}
	if _, err := o.ReleasePerson(t.Context(), "", hotdesk.By{}); !errors.Is(err, hotdesk.ErrNoSession) {
		t.Error(err)
	}
	if _, err := o.End(t.Context(), "", hotdesk.By{}); !errors.Is(err, hotdesk.ErrNoSession) {
		t.Error(err)
	}
	o.book.mu.Lock()
	d := o.book.domains["acme"]
	d.TimeZone = "Mars/Olympus"
	o.book.domains["acme"] = d
	o.book.mu.Unlock()
	if _, err := o.Login(t.Context(), byStarCode("desk2", "bo")); err == nil || hotdesk.RefusalCode(err) != "" {
		t.Errorf("an unknown time zone: %v", err)
	}
}

func TestServiceFaultsOfTheStore(t *testing.T) {
	t.Parallel()
	o := newOffice(t, at(winterMorning))
	o.login(t, "desk1", "ana")
	o.told()
	broken := errors.New("disk full")
	o.store.setFail(broken)
	ctx := t.Context()
	_, errLogin := o.Login(ctx, byStarCode("desk2", "bo"))
	_, errRelease := o.Release(ctx, "desk1", hotdesk.By{})
	_, errPerson := o.ReleasePerson(ctx, "ana", hotdesk.By{})
	_, errEnd := o.End(ctx, "desk1", hotdesk.By{})
	_, errDue := o.ReleaseDue(ctx, o.now().Add(100*time.Hour))
	_, errHolder := o.HolderOf(ctx, o.book.devices["desk1"])
	_, errDesks := o.DesksOf(ctx, "ana")
	_, errReconcile := o.Reconcile(ctx, "acme")
	for i, err := range []error{errLogin, errRelease, errPerson, errEnd, errDue, errHolder, errDesks, errReconcile} {
		if !errors.Is(err, broken) {
			t.Errorf("%d: %v", i, err)
		}
	}
	// A refusal stands although it cannot be written down.
	if err := o.CheckDesk(ctx, "own"); !errors.Is(err, hotdesk.ErrNotHotDesk) {
		t.Error(err)
	}
	if facts := o.told(); facts != nil {
		t.Errorf("told of what did not happen: %v", facts)
	}
}

func TestServiceRelease(t *testing.T) {
	t.Parallel()
	o := newOffice(t, at(winterMorning))
	o.book.policy(func(p *directory.HotDesking) { p.WhenElsewhere = directory.ElsewhereAllow })
	ctx := t.Context()
	o.login(t, "desk1", "ana")
	o.login(t, "desk2", "ana")
	o.login(t, "desk3", "bo")
	star := hotdesk.By{Door: hotdesk.DoorStarCode}
	ended, err := o.Release(ctx, "desk3", star)
	if err != nil || ended.UserID != "bo" || ended.Ended != hotdesk.Released || ended.EndedBy != "bo" || !ended.EndedAt.Equal(o.now()) {
		t.Errorf("%+v, %v", ended, err)
	}
	if _, err := o.Release(ctx, "desk3", star); !errors.Is(err, hotdesk.ErrNoSession) {
		t.Errorf("released twice: %v", err)
	}
	third := o.login(t, "desk3", "bo").Session
	all, err := o.ReleasePerson(ctx, "ana", star)
	if err != nil || len(all) != 2 {
		t.Errorf("%+v, %v", all, err)
	}
	if diff := cmp.Diff(map[string]string{"desk3": "bo"}, o.open(t)); diff != "" {
		t.Errorf("somebody else's session: %s", diff)
	}
	if _, err := o.ReleasePerson(ctx, "ana", star); !errors.Is(err, hotdesk.ErrNoSession) {
		t.Error(err)
	}
	ended, err = o.End(ctx, third.ID, hotdesk.By{Actor: "boss", Door: hotdesk.DoorPortal})
	if err != nil || ended.Ended != hotdesk.EndedByAdmin || ended.EndedBy != "boss" {
		t.Errorf("%+v, %v", ended, err)
	}
	if _, err := o.End(ctx, third.ID, hotdesk.By{Actor: "boss"}); !errors.Is(err, hotdesk.ErrNoSession) {
		t.Errorf("ended twice: %v", err)
	}
	o.login(t, "desk1", "cy")
	ended, err = o.End(ctx, "desk1", hotdesk.By{Actor: "cy", Door: hotdesk.DoorPortal})
	if err != nil || ended.Ended != hotdesk.Released {
		t.Errorf("the person's own X: %+v, %v", ended, err)
	}
}

func TestServiceHolderOf(t *testing.T) {
	t.Parallel()
	now := instant(t, winterMorning)
	o := newOffice(t, func() time.Time { return now })
	holder := func(deviceID string) string {
		t.Helper()
		h, err := o.HolderOf(t.Context(), o.book.devices[deviceID])
		if err != nil {
			t.Fatal(err)
		}
		if h.User == nil {
			return "nobody"
		}
		return h.User.ID
	}
	session := o.login(t, "desk1", "ana").Session
	o.login(t, "unassigned", "bo")
	for deviceID, want := range map[string]string{"desk1": "ana", "desk2": "account2", "unassigned": "bo", "own": "ana"} {
		if got := holder(deviceID); got != want {
			t.Errorf("%s acts for %s, want %s", deviceID, got, want)
		}
	}
	desks, err := o.DesksOf(t.Context(), "ana")
	if diff := cmp.Diff([]hotdesk.Session{session}, desks); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	// At the very second, whether or not the clock has come to it.
	now = session.EndsAt
	if got := holder("desk1"); got != "account1" {
		t.Errorf("after its end desk1 acts for %s", got)
	}
	if got := holder("unassigned"); got != "nobody" {
		t.Errorf("after its end unassigned acts for %s", got)
	}
	if desks, err := o.DesksOf(t.Context(), "ana"); err != nil || desks != nil {
		t.Errorf("after its end %v, %v", desks, err)
	}
	now = instant(t, winterMorning)
	o.book.policy(func(p *directory.HotDesking) { p.Enabled = false })
	if got := holder("desk1"); got != "account1" {
		t.Errorf("switched off, desk1 acts for %s", got)
	}
}
