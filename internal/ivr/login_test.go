package ivr_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
)

func TestConfirmation(t *testing.T) {
	t.Parallel()
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 11, day, hour, minute, 0, 0, zone(t)) }
	for name, tt := range map[string]struct {
		result hotdesk.LoginResult
		want   string
	}{
		"until the release time": {
			hotdesk.LoginResult{Started: true, Session: hotdesk.Session{EndsAt: at(24, 2, 0)}}, ringsHere,
		},
		"without end": {
			hotdesk.LoginResult{Started: true}, "Extension one zero zero one. Calls to you now ring here.",
		},
		"another day": {
			hotdesk.LoginResult{Started: true, Session: hotdesk.Session{EndsAt: at(26, 13, 5)}},
			"Extension one zero zero one. Calls to you now ring here, until one oh five p.m. on Thursday.",
		},
		"moved": {
			hotdesk.LoginResult{Started: true, Session: hotdesk.Session{EndsAt: at(24, 2, 0)}, Ended: []hotdesk.Session{{UserID: "user-1001"}}},
			"Extension one zero zero one. Your earlier desk has been released. Calls to you now ring here, until two a.m.",
		},
		"taken over": {
			hotdesk.LoginResult{Started: true, Session: hotdesk.Session{EndsAt: at(24, 0, 0)}, Ended: []hotdesk.Session{{UserID: "user-1002"}}},
			"Extension one zero zero one. Calls to you now ring here, until midnight.",
		},
		"already yours": {
			hotdesk.LoginResult{Session: hotdesk.Session{EndsAt: at(24, 2, 0)}},
			"Extension one zero zero one. This desk is already yours, until two a.m.",
		},
		"extended": {
			hotdesk.LoginResult{Extended: true, Session: hotdesk.Session{EndsAt: at(23, 21, 30)}},
			"Extension one zero zero one. This desk is already yours, until nine thirty p.m.",
		},
		"already yours without end": {
			hotdesk.LoginResult{}, "Extension one zero zero one. This desk is already yours.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				o := newOffice(t)
				o.result = tt.result
				logIn(t, o, &caller{answers: rightKeys()}, "", askAccount, askPIN, tt.want)
				want := []hotdesk.LoginRequest{{
					DeviceID: "window-1", UserID: "user-1001",
					By: hotdesk.By{Actor: "user-1001", Door: hotdesk.DoorStarCode},
				}}
				if diff := cmp.Diff(want, o.requests); diff != "" {
					t.Errorf("requests (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestTakeOver(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answers []string
		then    error // of the second login
		heard   []string
	}{
		"two takes the desk":       {[]string{"2"}, nil, []string{inUseBy, ringsHere}},
		"two on the second asking": {[]string{"~", "2"}, nil, []string{inUseBy, inUseBy, ringsHere}},
		"another key leaves it":    {[]string{"1"}, nil, []string{inUseBy, leftAsItIs}},
		"silence leaves it":        {nil, nil, []string{inUseBy, inUseBy, leftAsItIs}},
		"another was faster":       {[]string{"2"}, hotdesk.ErrTaken, []string{inUseBy, "Somebody else took this desk a moment ago. Please choose another desk."}},
		"a call came in between": {
			[]string{"2"}, &hotdesk.TakenError{InCall: true}, []string{inUseBy, "This desk is in a call. Please choose another desk."},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				o := newOffice(t)
				taken := &hotdesk.TakenError{UserID: "user-1002", Since: o.now.Add(-3*time.Hour - 48*time.Minute), UsedAt: o.now.Add(-3 * time.Hour), Offered: true}
				o.logins = []error{taken, tt.then}
				c := &caller{answers: map[string][]string{askPIN: {"4711#222"}, inUseBy: tt.answers}}
				logIn(t, o, c, "1001", append([]string{askPIN}, tt.heard...)...)
				wants := slices.Contains(tt.answers, "2")
				if wants != (len(o.requests) == 2 && o.requests[1].TakeOver) {
					t.Errorf("requests %+v", o.requests)
				}
			})
		})
	}
}

func TestSinceWhenTheDeskIsHeld(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		since, unused time.Duration
		holder        string
		want          string
	}{
		{time.Minute, 30 * time.Second, "user-1002", "extension one zero zero two, since twelve fifty nine."},
		{13 * time.Hour, 20 * time.Minute, "user-1002", "extension one zero zero two, since midnight, unused for twenty minutes."},
		{14 * time.Hour, time.Hour, "user-1002", "extension one zero zero two, since eleven p.m., unused for one hour."},
		{75 * time.Hour, 70 * time.Hour, "user-1002", "extension one zero zero two, since ten a.m. on Friday, unused for three days."},
		{time.Hour, time.Hour, "user-gone", "extension, since noon, unused for one hour."},
	} {
		t.Run(tt.want, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				o := newOffice(t)
				o.logins = []error{&hotdesk.TakenError{UserID: tt.holder, Since: o.now.Add(-tt.since), UsedAt: o.now.Add(-tt.unused), Offered: true}}
				want := "This desk is in use by " + tt.want + " To take it over, press two."
				c := &caller{answers: map[string][]string{askPIN: {"4711#"}, want: {"2"}}}
				logIn(t, o, c, "1001", askPIN, want, ringsHere)
			})
		})
	}
}

func TestWhoHoldsTheDeskIsNamedAsRecorded(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name []int16
		err  error
		want string
	}{
		{[]int16{1, 2, 3}, nil, "This desk is in use by Bob, since noon, unused for one hour. To take it over, press two."},
		{nil, errDisk, "This desk is in use by extension one zero zero two, since noon, unused for one hour. To take it over, press two."},
	} {
		synctest.Test(t, func(t *testing.T) {
			o := newOffice(t)
			o.names, o.unnamed = map[string][]int16{"user-1002": tt.name}, tt.err
			o.logins = []error{&hotdesk.TakenError{UserID: "user-1002", Since: o.now.Add(-time.Hour), UsedAt: o.now.Add(-time.Hour), Offered: true}}
			c := &caller{answers: map[string][]string{askPIN: {"4711#"}, tt.want: {"2"}}}
			logIn(t, o, c, "1001", askPIN, tt.want, ringsHere)
		})
	}
}
