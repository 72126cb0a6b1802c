package ivr_test

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/hotdesk-pbx/hotdesk/internal/ivr"
)

func TestEmergencyTest(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		origin ivr.Origin
		want   string
	}{
		"all is known": {
			ivr.Origin{Desk: "5401", Number: "+14162370199", Placed: true},
			"An emergency call from this phone shows the number one four one six two three seven zero one nine nine. " +
				"It comes from desk five four zero one. Its place is known.",
		},
		"nothing is known": {
			ivr.Origin{Desk: "spare"},
			"An emergency call from this phone shows no number. Please tell your office manager. " +
				"Nobody has said where this phone stands. Please tell your office manager.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				caller := &caller{}
				err := talk(t, newOffice(t), caller, func(conversations *ivr.Conversations, desk ivr.Desk) error {
					return conversations.EmergencyTest(t.Context(), caller, desk, c.origin)
				})
				if err != nil || !cmp.Equal([]string{c.want}, caller.heard) {
					t.Errorf("heard %q, %v", caller.heard, err)
				}
			})
		})
	}
}

func TestEmergencyNewsIsRepeated(t *testing.T) {
	t.Parallel()
	const news = "Emergency call from desk five four zero one."
	for name, c := range map[string]struct {
		keys  []string
		times int
		err   error
	}{
		"until a key is pressed":   {[]string{"", "", "1"}, 3, nil},
		"until the phone hangs up": {[]string{"", "!"}, 2, ivr.ErrGone},
		"not for ever":             {nil, 20, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				caller := &caller{answers: map[string][]string{news: c.keys}}
				err := talk(t, newOffice(t), caller, func(conversations *ivr.Conversations, desk ivr.Desk) error {
					return conversations.EmergencyNews(t.Context(), caller, desk, ivr.Origin{Desk: "5401"})
				})
				if !errors.Is(err, c.err) {
					t.Errorf("ended with %v", err)
				}
				if want := slices.Repeat([]string{news}, c.times); !cmp.Equal(want, caller.heard) {
					t.Errorf("heard %q", caller.heard)
				}
			})
		})
	}
}
