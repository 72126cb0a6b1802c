package ivr_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr/prompts"
	"github.com/hotdesk-pbx/hotdesk/internal/login"
)

func TestLoginEntersNumbers(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		ahead     string
		extension string
		answers   map[string][]string
		asked     []string
		heard     []string
	}{
		"pound ends a number": {
			answers: rightKeys(),
			asked:   []string{"1001/4711"},
			heard:   []string{askAccount, askPIN, ringsHere},
		},
		"a pause ends a number": {
			answers: map[string][]string{askAccount: {"1001~"}, askPIN: {"4711~"}},
			asked:   []string{"1001/4711"},
			heard:   []string{askAccount, askPIN, ringsHere},
		},
		"star starts it again": {
			answers: map[string][]string{askAccount: {"10*", "1001#"}, askPIN: {"0*4711#", ""}},
			asked:   []string{"1001/4711"},
			heard:   []string{askAccount, askAccount, askPIN, askPIN, ringsHere},
		},
		"letters are no digits": {
			answers: map[string][]string{askAccount: {"A10B01C#"}, askPIN: {"4D711#"}},
			asked:   []string{"1001/4711"},
			heard:   []string{askAccount, askPIN, ringsHere},
		},
		"an extension that was dialled is not asked for": {
			extension: "1001",
			answers:   map[string][]string{askPIN: {"1#", "4711#"}},
			asked:     []string{"1001/1", "1001/4711"},
			heard:     []string{askPIN, wrong, askPIN, ringsHere},
		},
		"everything typed ahead, and a key too many": {
			ahead: "1001#4711##",
			asked: []string{"1001/4711"},
			heard: []string{askAccount, askPIN, ringsHere},
		},
		"what was typed ahead of a wrong PIN is forgotten": {
			ahead:   "1001#1#99",
			answers: map[string][]string{wrong: {"1001#4711#"}},
			asked:   []string{"1001/1", "1001/4711"},
			heard:   []string{askAccount, askPIN, wrong, askAccount, askPIN, ringsHere},
		},
		"silence is asked again": {
			answers: map[string][]string{askAccount: {"~", "1001#"}, askPIN: {"#", "4711#"}},
			asked:   []string{"1001/4711"},
			heard:   []string{askAccount, noEntry, askAccount, askPIN, noEntry, askPIN, ringsHere},
		},
		"silence ends it": {
			heard: []string{askAccount, noEntry, askAccount, noEntry, askAccount, noEntryBye},
		},
		"silence after the account number": {
			answers: map[string][]string{askAccount: {"1001#"}},
			heard:   []string{askAccount, askPIN, noEntry, askPIN, noEntry, askPIN, noEntryBye},
		},
		"the longest PIN is whole, a longer one is not cut off": {
			extension: "1001",
			answers:   map[string][]string{askPIN: {"12345678901#", "1234567890#", "4711#"}},
			asked:     []string{"1001/1234567890", "1001/4711"},
			heard:     []string{askPIN, tooLong, askPIN, wrong, askPIN, ringsHere},
		},
		"numbers without end": {
			answers: map[string][]string{askAccount: {strings.Repeat("1", 30) + "#", strings.Repeat("2", 30) + "#", strings.Repeat("3", 30) + "#"}},
			heard:   []string{askAccount, tooLong, askAccount, tooLong, askAccount, tooMany},
		},
		"keys without end": {
			answers: map[string][]string{askAccount: {strings.Repeat("1", 500)}},
			heard:   []string{askAccount, tooMany},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				o, c := newOffice(t), &caller{ahead: tt.ahead, answers: tt.answers}
				logIn(t, o, c, tt.extension, tt.heard...)
				if diff := cmp.Diff(tt.asked, o.asked); diff != "" {
					t.Errorf("asked (-want +got):\n%s", diff)
				}
				if c.samples == 0 && name != "keys without end" {
					t.Error("the last words were cut off by keys that were pressed before")
				}
			})
		})
	}
}

func TestStarsWithoutEndAreStopped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &caller{ahead: strings.Repeat("*", 1000)}
		err := talk(t, newOffice(t), c, func(conversations *ivr.Conversations, desk ivr.Desk) error {
			return conversations.Login(t.Context(), c, desk, "")
		})
		if err != nil || c.heard[len(c.heard)-1] != tooMany || len(c.heard) > 200 {
			t.Errorf("%v after %d sentences, the last %q", err, len(c.heard), c.heard[len(c.heard)-1])
		}
	})
}

func TestPauseBetweenKeysIsShorterThanTheWaitForTheFirst(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		pin  string
		want time.Duration
	}{
		"pound": {"4711#", 0},
		"pause": {"4711~", 4 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				c := &caller{answers: map[string][]string{askPIN: {tt.pin}}}
				logIn(t, newOffice(t), c, "1001", askPIN, ringsHere)
				spoken := time.Duration(c.samples) * time.Second / prompts.Rate
				if got := time.Since(start) - spoken; got != tt.want {
					t.Errorf("waited %v, want %v", got, tt.want)
				}
			})
		})
	}
}

func TestThreeWrongTriesEndTheCallAndAreWrittenDown(t *testing.T) {
	t.Parallel()
	for name, answers := range map[string]map[string][]string{
		"wrong PIN":       {askAccount: {"1001#", "1001#", "1001#"}, askPIN: {"1#", "2#", "3#"}},
		"unknown account": {askAccount: {"7777#", "7777#", "7777#"}, askPIN: {"4711#", "4711#", "4711#"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				o, c := newOffice(t), &caller{answers: answers}
				account := strings.TrimSuffix(answers[askAccount][0], "#")
				logIn(t, o, c, "", askAccount, askPIN, wrong, askAccount, askPIN, wrong, askAccount, askPIN, wrongBye)
				if diff := cmp.Diff(slices.Repeat([]string{account + " pin_wrong"}, 3), o.refused); diff != "" {
					t.Errorf("written down (-want +got):\n%s", diff)
				}
				if len(o.requests) > 0 {
					t.Errorf("logged in: %v", o.requests)
				}
			})
		})
	}
}

func TestHangUpMidway(t *testing.T) {
	t.Parallel()
	for name, answers := range map[string]map[string][]string{
		"at the first sentence": {askAccount: {"!"}},
		"in a number":           {askAccount: {"10!"}},
		"before the PIN":        {askAccount: {"1001#!"}},
		"in the PIN":            {askAccount: {"1001#"}, askPIN: {"47!"}},
		"in the confirmation":   {askAccount: {"1001#"}, askPIN: {"4711#"}, ringsHere: {"!"}},
		"after a wrong PIN":     {askAccount: {"1001#"}, askPIN: {"1#!"}},
		"at the complaint":      {askAccount: {"~"}, noEntry: {"!"}},
		"at the offer":          {askAccount: {"1002#"}, askPIN: {"4711#"}, inUseBy: {"!"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				o, c := newOffice(t), &caller{answers: answers}
				if name == "at the offer" {
					o.logins = []error{&hotdesk.TakenError{UserID: "user-1002", Since: o.now.Add(-3*time.Hour - 48*time.Minute), UsedAt: o.now.Add(-3 * time.Hour), Offered: true}}
				}
				err := talk(t, o, c, func(conversations *ivr.Conversations, desk ivr.Desk) error {
					return conversations.Login(t.Context(), c, desk, "")
				})
				if !errors.Is(err, ivr.ErrGone) {
					t.Errorf("Login: %v, want %v", err, ivr.ErrGone)
				}
				for _, req := range o.requests {
					if req.TakeOver {
						t.Error("took the desk over")
					}
				}
			})
		})
	}
}

func TestCancelledContextEndsSilently(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		c := &caller{}
		err := talk(t, newOffice(t), c, func(conversations *ivr.Conversations, desk ivr.Desk) error {
			return conversations.Login(ctx, c, desk, "")
		})
		if !errors.Is(err, context.Canceled) || c.samples > 0 {
			t.Errorf("Login: %v after %d samples", err, c.samples)
		}
	})
}

func TestFaultsAreSpokenAndReturned(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		office office
		heard  []string
	}{
		"checking the desk":   {office{checked: errDisk}, []string{failed}},
		"checking the PIN":    {office{pin: errDisk}, []string{askPIN, failed}},
		"logging in":          {office{logins: []error{errDisk}}, []string{askPIN, failed}},
		"an unknown device":   {office{logins: []error{directory.ErrNotFound}}, []string{askPIN, failed}},
		"writing a lock down": {office{pin: &login.LockedError{}, refuse: errDisk}, []string{askPIN, failed}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				o, c := tt.office, &caller{answers: map[string][]string{askPIN: {"4711#"}}}
				o.t = t
				err := talk(t, &o, c, func(conversations *ivr.Conversations, desk ivr.Desk) error {
					return conversations.Login(t.Context(), c, desk, "1001")
				})
				if err == nil {
					t.Error("Login: no error")
				}
				if diff := cmp.Diff(tt.heard, c.heard); diff != "" {
					t.Errorf("heard (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestRelease(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		person   string
		released error
		ended    int
		want     string
		fails    bool
	}{
		"a hot desk":              {"", nil, 0, "You have released this desk. Calls to you no longer ring here.", false},
		"a hot desk nobody holds": {"", hotdesk.ErrNoSession, 0, "Nobody is logged in at this desk. There is nothing to release.", false},
		"a hot desk and a fault":  {"", errDisk, 0, failed, true},
		"an own device":           {"user-1001", nil, 1, "Your session at one desk has ended.", false},
		"an own device, two desks": {
			"user-1001", nil, 2, "Your sessions at two desks have ended.", false,
		},
		"an own device, no desk": {
			"user-1001", hotdesk.ErrNoSession, 0, "You have no shared desk at the moment. There is nothing to release.", false,
		},
		"an own device and a fault": {"user-1001", errDisk, 0, failed, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				o, c := newOffice(t), &caller{}
				o.released, o.ended = tt.released, make([]hotdesk.Session, tt.ended)
				err := talk(t, o, c, func(conversations *ivr.Conversations, desk ivr.Desk) error {
					desk.PersonID = tt.person
					return conversations.Release(t.Context(), c, desk)
				})
				if (err != nil) != tt.fails {
					t.Errorf("Release: %v", err)
				}
				if diff := cmp.Diff([]string{tt.want}, c.heard); diff != "" {
					t.Errorf("heard (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff([]hotdesk.By{{Actor: tt.person, Door: hotdesk.DoorStarCode}}, o.releases); diff != "" {
					t.Errorf("released (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// Who knows the way hangs up as soon as everything is keyed in. That is done
// all the same, and a wrong PIN is still written down.
func TestHangingUpEarlyUndoesNothing(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		converse func(context.Context, *ivr.Conversations, *caller, ivr.Desk) error
		keys     string
		done     func(*office) bool
	}{
		"release": {release, "", func(o *office) bool { return len(o.releases) == 1 }},
		"release of a person's desks": {func(ctx context.Context, conversations *ivr.Conversations, c *caller, desk ivr.Desk) error {
			desk.PersonID = "user-1001"
			return release(ctx, conversations, c, desk)
		}, "", func(o *office) bool { return len(o.releases) == 1 }},
		"login":     {login1001, "4711#", func(o *office) bool { return len(o.requests) == 1 }},
		"wrong PIN": {login1001, "0815#", func(o *office) bool { return len(o.refused) == 1 }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				o, c := newOffice(t), &caller{ahead: tt.keys}
				ctx, hangUp := context.WithCancel(t.Context())
				o.hangUp = hangUp
				if tt.keys == "" {
					hangUp()
				}
				err := talk(t, o, c, func(conversations *ivr.Conversations, desk ivr.Desk) error {
					return tt.converse(ctx, conversations, c, desk)
				})
				if !errors.Is(err, context.Canceled) || !tt.done(o) {
					t.Errorf("asked for %+v, released %+v, refused %q, ended with %v", o.requests, o.releases, o.refused, err)
				}
			})
		})
	}
}

func release(ctx context.Context, conversations *ivr.Conversations, c *caller, desk ivr.Desk) error {
	return conversations.Release(ctx, c, desk)
}

func login1001(ctx context.Context, conversations *ivr.Conversations, c *caller, desk ivr.Desk) error {
	return conversations.Login(ctx, c, desk, "1001")
}

func TestAnnounce(t *testing.T) {
	t.Parallel()
	for sentence, want := range map[ivr.Sentence]string{
		ivr.LoginOnly:       "This phone can only log in and make emergency calls. To log in, please dial star eight eight.",
		ivr.NoMailbox:       "This mailbox is not available. Please check the number, and dial again.",
		ivr.NoOutsideLine:   "No outside line is available. Please try again later, or ask your office manager.",
		ivr.NotInService:    "That number is not in service. Please check the number, and dial again.",
		ivr.CallNotAllowed:  "Calls outside are not possible from this desk. Please log in first.",
		ivr.EmergencyFailed: "Your emergency call could not be connected. Please use another phone at once.",
		ivr.NobodyAvailable: "Nobody can be reached at that number right now. Please try again later.",
		ivr.OutsideBarred:   "Your account may not call that number. Please ask your office manager.",
		ivr.PremiumBarred:   "Premium rate numbers cannot be called from this office. Please ask your office manager.",
		ivr.LinesBusy:       "All outside lines are in use. Please try again in a few minutes.",
		ivr.TooManyOutside:  "You have too many calls outside at the same time. Please end one of them, and dial again.",
		ivr.SomethingFailed: failed,
	} {
		t.Run(string(sentence), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := &caller{ahead: "55"}
				err := talk(t, newOffice(t), c, func(conversations *ivr.Conversations, desk ivr.Desk) error {
					return conversations.Announce(t.Context(), c, desk, sentence)
				})
				if err != nil || !cmp.Equal([]string{want}, c.heard) || c.samples == 0 {
					t.Errorf("heard %q, %v", c.heard, err)
				}
			})
		})
	}
}
