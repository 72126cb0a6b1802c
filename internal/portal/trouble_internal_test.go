package portal

import (
	"strings"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/switchboard"
)

func TestTroubles(t *testing.T) {
	t.Parallel()
	free, used := deskView{Place: "Floor 5"}, deskView{Place: "Floor 5", Session: &hotdesk.Session{}}
	for about, c := range map[string]struct {
		desk deskView
		is   condition
		want []string
	}{
		"all is well":          {used, condition{bound: true, answers: true}, nil},
		"free and without":     {free, condition{}, nil},
		"in use and without":   {used, condition{}, []string{"not registered"}},
		"it does not answer":   {free, condition{bound: true}, []string{"does not answer"}},
		"guessed at":           {free, condition{locked: "09:13"}, []string{"locked until 09:13"}},
		"nobody knows where":   {deskView{}, condition{}, []string{"No place"}},
		"help was called from": {used, condition{bound: true, answers: true, called: "09:12"}, []string{"Emergency call at 09:12"}},
		"everything": {
			deskView{Session: &hotdesk.Session{}},
			condition{called: "09:12", locked: "09:13"},
			[]string{"Emergency", "not registered", "locked", "No place"},
		},
	} {
		got := troubles(c.desk, c.is)
		for i, want := range c.want {
			if len(got) != len(c.want) || !strings.Contains(got[i], want) {
				t.Errorf("%s: %q, want %q", about, got, c.want)
				break
			}
		}
		if len(c.want) == 0 && len(got) != 0 {
			t.Errorf("%s: %q", about, got)
		}
	}
}

func TestCallAt(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 14, 9, 20, 0, 0, time.UTC)
	clock := func(t time.Time) string { return t.Format("15:04") }
	desk := callrecord.Party{DeviceID: "desk", Number: "5401", Name: "Window 1"}
	bob := callrecord.Party{DeviceID: "bob", Number: "1002", Name: "Bob Lee"}
	outside := callrecord.Party{Number: "+14165550100"}
	for want, call := range map[string]switchboard.LiveCall{
		"In a call with Bob Lee (1002) since 09:20":                    {Caller: desk, Callee: bob, AnsweredAt: at},
		"In a call with Bob Lee (1002) since 09:20 ":                   {Caller: bob, Callee: desk, AnsweredAt: at},
		"In a call with +14165550100 since 09:20":                      {Caller: outside, Callee: desk, AnsweredAt: at},
		"In a call with somebody who withholds the number since 09:20": {Caller: outside, Callee: desk, AnsweredAt: at, Withheld: true},
		"In a call with Bob Lee (1002) since 09:20  ":                  {Caller: desk, Callee: bob, AnsweredAt: at, Withheld: true},
		"Calling 1002":                             {Caller: desk, Dialled: "1002", Ringing: []callrecord.Party{bob}},
		"Rings: Bob Lee (1002)":                    {Caller: bob, Ringing: []callrecord.Party{desk}},
		"Rings: somebody who withholds the number": {Caller: bob, Ringing: []callrecord.Party{desk}, Withheld: true},
		"":  {Caller: desk, Dialled: "*88"},
		" ": {Caller: desk, Dialled: "1002", AnsweredAt: at},
	} {
		if got := callAt(call, "desk", clock); got != strings.TrimSpace(want) {
			t.Errorf("%+v is %q, want %q", call, got, want)
		}
	}
}
