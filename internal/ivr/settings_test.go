package ivr_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
	"github.com/hotdesk-pbx/hotdesk/internal/credential"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr"
)

// The sentences of the settings.
const (
	theSettings    = "To record your greeting, press one. To record your name, press two. To change your PIN, press three. To open your mailbox from your own phones without the PIN, press four. To go back, press star."
	withoutPIN     = "To record your greeting, press one. To record your name, press two. To change your PIN, press three. To be asked for the PIN at your own phones too, press four. To go back, press star."
	sayGreeting    = "Please speak your greeting after the tone, then press pound."
	sayName        = "Please say your name after the tone, then press pound."
	keepIt         = "To keep this recording, press one. To listen to it, press two. To record it again, press three. To do without a recording, press four."
	kept           = "Your recording has been saved."
	standard       = "The standard words are used from now on."
	nothing        = "Nothing was recorded."
	notStored      = "Your recording could not be saved. Please try again later."
	askNewPIN      = "Please enter your new PIN, then press the pound key."
	askNewPINAgain = "Please enter your new PIN once more, then press the pound key."
	changed        = "Your PIN has been changed."
	notChanged     = "Your PIN has not been changed."
)

func TestRecordGreetingAndName(t *testing.T) {
	t.Parallel()
	one, two := words(1, 2*time.Second), words(2, 3*time.Second)
	for name, tt := range map[string]struct {
		speaks   []speech
		answers  map[string][]string
		broken   error
		err      error
		heard    []string // after the first settings
		greeting []int16
		name     []int16
	}{
		"a greeting": {
			speaks: []speech{{one, "#"}}, answers: map[string][]string{theSettings: {"1", "*"}, keepIt: {"1"}},
			heard: []string{sayGreeting, keepIt, kept, theSettings}, greeting: one,
		},
		"a greeting, heard and spoken again": {
			speaks: []speech{{one, "#"}, {two, "#"}}, answers: map[string][]string{theSettings: {"1", "*"}, keepIt: {"2", "3", "1"}},
			heard: []string{sayGreeting, keepIt, keepIt, sayGreeting, keepIt, kept, theSettings}, greeting: two,
		},
		"back to the standard": {
			speaks: []speech{{one, "#"}, {nil, "#"}}, answers: map[string][]string{theSettings: {"1", "1", "*"}, keepIt: {"1", "4"}},
			heard: []string{sayGreeting, keepIt, kept, theSettings, sayGreeting, nothing, keepIt, standard, theSettings},
		},
		"a name": {
			speaks: []speech{{words(3, 400*time.Millisecond), "#"}}, answers: map[string][]string{theSettings: {"2", "*"}, keepIt: {"1"}},
			heard: []string{sayName, keepIt, kept, theSettings}, name: words(3, 400*time.Millisecond),
		},
		"a name that does not end": {
			speaks: []speech{{words(4, 9*time.Second), ""}}, answers: map[string][]string{theSettings: {"2", "*"}, keepIt: {"1"}},
			heard: []string{sayName, keepIt, kept, theSettings}, name: words(4, 8*time.Second),
		},
		"nothing cannot be kept": {
			speaks: []speech{{nil, "#"}}, answers: map[string][]string{theSettings: {"1", "*"}, keepIt: {"1", "*"}},
			heard: []string{sayGreeting, nothing, keepIt, keepIt, theSettings},
		},
		"hanging up leaves it as it was": {
			speaks: []speech{{one, "!"}}, answers: map[string][]string{theSettings: {"1"}}, err: ivr.ErrGone,
			heard: []string{sayGreeting},
		},
		"a full disk": {
			speaks: []speech{{one, "#"}}, answers: map[string][]string{theSettings: {"1", "*"}, keepIt: {"1"}}, broken: errDisk,
			heard: []string{sayGreeting, keepIt, notStored, theSettings},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inMailroom(t, func(r *mailroom) {
				r.broken = tt.broken
				tt.answers[theMenu] = []string{"0", "*"}
				c := &caller{speaks: tt.speaks, answers: typed(tt.answers)}
				conversations, desk := r.conversations(c)
				if err := conversations.OwnMailbox(r.t.Context(), c, desk, r.ana.ID); !errors.Is(err, tt.err) {
					r.t.Errorf("open the mailbox: %v, want %v", err, tt.err)
				}
				want := slices.Concat([]string{askPIN, none, theMenu, theSettings}, tt.heard)
				if tt.err == nil {
					want = append(want, theMenu, goodbye)
				}
				r.heard(c, want...)
				greeting, err := r.Greeting(r.t.Context(), r.ana.ID)
				if err != nil || !slices.Equal(greeting, tt.greeting) {
					r.t.Errorf("a greeting of %d samples, want %d; %v", len(greeting), len(tt.greeting), err)
				}
				if len(r.files()) != min(len(greeting), 1)+min(len(tt.name), 1) {
					r.t.Errorf("files %v", r.files())
				}
				name, err := r.Name(r.t.Context(), r.ana.ID)
				if err != nil || !slices.Equal(name, tt.name) {
					r.t.Errorf("a name of %d samples, want %d; %v", len(name), len(tt.name), err)
				}
			})
		})
	}
}

func TestChangePIN(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answers map[string][]string
		heard   []string
		want    string // the PIN; "": as it was
	}{
		"a good one": {
			map[string][]string{askNewPIN: {"2749#"}, askNewPINAgain: {"2749#"}},
			[]string{askNewPIN, askNewPINAgain, changed},
			"2749",
		},
		"trivial ones": {
			map[string][]string{askNewPIN: {"1234#", "1212#", "1001#"}},
			[]string{
				askNewPIN, "This PIN counts up or down, so it is easy to guess.", askNewPIN, "This PIN repeats itself, so it is easy to guess.",
				askNewPIN, "The PIN must not be your extension.", notChanged,
			},
			"",
		},
		"too short, then different, then well": {
			map[string][]string{askNewPIN: {"27#", "2749#", "2749#"}, askNewPINAgain: {"2748#", "2749#"}},
			[]string{askNewPIN, "A PIN has four to ten digits.", askNewPIN, askNewPINAgain, "The two PINs are not the same.", askNewPIN, askNewPINAgain, changed},
			"2749",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inMailroom(t, func(r *mailroom) {
				tt.answers[theMenu], tt.answers[theSettings] = []string{"0", "*"}, []string{"3", "*"}
				c := &caller{answers: typed(tt.answers)}
				r.open(c)
				r.heard(c, slices.Concat([]string{askPIN, none, theMenu, theSettings}, tt.heard, []string{theSettings, theMenu, goodbye})...)
				user, _ := r.people.User(r.ana.ID)
				switch {
				case tt.want == "" && user.PINHash != r.ana.PINHash:
					r.t.Error("the PIN was changed")
				case tt.want != "" && !credential.Verify(tt.want, user.PINHash):
					r.t.Error("the new PIN is wrong")
				}
				entries, err := r.db.Audit().Entries(r.t.Context(), audit.Query{Action: "user.changed", UserID: r.ana.ID})
				if err != nil || len(entries) != min(len(tt.want), 1) {
					r.t.Errorf("audit log: %+v, %v", entries, err)
				}
			})
		})
	}
}

func TestSwitchTheQuestionForThePINOffAndOn(t *testing.T) {
	t.Parallel()
	inMailroom(t, func(r *mailroom) {
		asked := func() bool {
			user, _ := r.people.User(r.ana.ID)
			return !user.Answering.MailboxWithoutPIN
		}
		off := &caller{answers: typed(map[string][]string{theMenu: {"0", "*"}, theSettings: {"4"}, withoutPIN: {"*"}})}
		r.open(off)
		r.heard(off, askPIN, none, theMenu, theSettings, "Your own phones open your mailbox without the PIN from now on.", withoutPIN, theMenu, goodbye)
		if asked() {
			r.t.Error("the PIN is asked for")
		}
		on := &caller{answers: map[string][]string{theMenu: {"0", "*"}, withoutPIN: {"4"}, theSettings: {"*"}}}
		r.open(on)
		r.heard(on, none, theMenu, withoutPIN, "Your own phones ask for the PIN from now on.", theSettings, theMenu, goodbye)
		if !asked() {
			r.t.Error("the PIN is not asked for")
		}
	})
}

// assertRefused compares what the audit log says of callers who were not let in.
func (r *mailroom) assertRefused(want ...string) {
	r.t.Helper()
	entries, err := r.db.Audit().Entries(r.t.Context(), audit.Query{Action: "mailbox.refused"})
	if err != nil {
		r.t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Detail)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		r.t.Errorf("audit log (-want +got):\n%s", diff)
	}
}
