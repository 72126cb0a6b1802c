package ivr_test

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr"
)

const (
	askRinging = "For calls to ring here only, press one. For here and on your own phones, press two."
	onlyHere   = "Extension one zero zero one. Calls to you now ring only here, until two a.m."
)

func TestWhereCallsRing(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		pin    string // typed at the question for it
		answer string
		change func(*office)
		heard  []string
		here   bool // remembered in the end
		edits  int
	}{
		"here only":                 {answer: "1", heard: []string{askRinging, onlyHere}, here: true, edits: 1},
		"everywhere":                {answer: "2", change: func(o *office) { o.ringHere = true }, heard: []string{askRinging, ringsHere}, edits: 1},
		"as remembered: everywhere": {answer: "~", heard: []string{askRinging, ringsHere}},
		"as remembered: here":       {answer: "~", change: func(o *office) { o.ringHere = true }, heard: []string{askRinging, onlyHere}, here: true},
		"nothing new":               {answer: "1", change: func(o *office) { o.ringHere = true }, heard: []string{askRinging, onlyHere}, here: true},
		"a key that says nothing":   {answer: "7", heard: []string{askRinging, ringsHere}},
		"typed ahead":               {pin: "4711#1", heard: []string{askRinging, onlyHere}, here: true, edits: 1},
		"hung up":                   {answer: "!", heard: []string{askRinging}},
		"not asked":                 {change: func(o *office) { o.asks = false }, heard: []string{ringsHere}},
		"not asked, remembered":     {change: func(o *office) { o.asks, o.ringHere = false, true }, heard: []string{onlyHere}, here: true},
		"no phone of one's own":     {change: func(o *office) { o.phones = 0 }, heard: []string{ringsHere}},
		"already there": {
			change: func(o *office) { o.result.Started = false }, heard: []string{"Extension one zero zero one. This desk is already yours, until two a.m."},
		},
		"not stored": {answer: "1", change: func(o *office) { o.edit = errDisk }, heard: []string{askRinging, ringsHere}},
		"without end": {
			answer: "1", change: func(o *office) { o.result = hotdesk.LoginResult{Started: true} },
			heard: []string{askRinging, "Extension one zero zero one. Calls to you now ring only here."}, here: true, edits: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				o := newOffice(t)
				o.asks, o.phones = true, 1
				if tt.change != nil {
					tt.change(o)
				}
				pin := tt.pin
				if pin == "" {
					pin = "4711#"
				}
				c := &caller{answers: map[string][]string{askPIN: {pin}, askRinging: {tt.answer}}}
				err := talk(t, o, c, func(conversations *ivr.Conversations, desk ivr.Desk) error {
					return conversations.Login(t.Context(), c, desk, "1001")
				})
				if gone := errors.Is(err, ivr.ErrGone); gone != (tt.answer == "!") || err != nil && !gone {
					t.Errorf("Login: %v", err)
				}
				if diff := cmp.Diff(append([]string{askPIN}, tt.heard...), c.heard); diff != "" {
					t.Errorf("heard (-want +got):\n%s", diff)
				}
				if o.ringHere != tt.here || o.edits != tt.edits || len(o.requests) != 1 {
					t.Errorf("remembered is %v after %d changes and %d logins", o.ringHere, o.edits, len(o.requests))
				}
			})
		})
	}
}
