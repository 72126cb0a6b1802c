package ivr_test

import (
	"errors"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr"
	"github.com/hotdesk-pbx/hotdesk/internal/voicemail"
)

// What is said of the messages that these tests leave.
const (
	newFromBob  = "new message, today at twelve thirty p.m., from extension one zero zero two."
	oldFromBob  = "saved message, today at twelve thirty p.m., from extension one zero zero two."
	goneFromBob = "deleted message, today at twelve thirty p.m., from extension one zero zero two."
	oneNew      = "You have one new message."
	oneSaved    = "You have one saved message."
)

var fromBob = voicemail.Party{UserID: "user-1002", Number: "1002", Name: "Bob"}

func TestListenToOneMessage(t *testing.T) {
	t.Parallel()
	said := words(1, 12*time.Second)
	for name, tt := range map[string]struct {
		answers map[string][]string
		heard   []string
		left    []held
		played  []int // samples of each sound of a message that was played to its end
	}{
		"heard to the end it is saved": {
			nil,
			[]string{askPIN, oneNew, newFromBob, theKeys, noMore, theMenu, theMenu, theMenu, goodbye},
			[]held{{voicemail.StateSaved, said}},
			[]int{96000},
		},
		"again": {
			map[string][]string{theKeys: {"1", "5"}, theMenu: {"*"}},
			[]string{askPIN, oneNew, newFromBob, theKeys, newFromBob, theKeys, noMore, theMenu, goodbye},
			[]held{{voicemail.StateSaved, said}},
			[]int{96000, 96000},
		},
		"save": {
			map[string][]string{newFromBob: {"2"}, theMenu: {"*"}},
			[]string{askPIN, oneNew, newFromBob, saved, noMore, theMenu, goodbye},
			[]held{{voicemail.StateSaved, said}},
			nil,
		},
		"delete": {
			map[string][]string{theKeys: {"3"}, theMenu: {"*"}},
			[]string{askPIN, oneNew, newFromBob, theKeys, deleted, noMore, theMenu, goodbye},
			nil,
			[]int{96000},
		},
		"delete before it is heard": {
			map[string][]string{newFromBob: {"3"}, theMenu: {"*"}},
			[]string{askPIN, oneNew, newFromBob, deleted, noMore, theMenu, goodbye},
			nil, nil,
		},
		"hang up after the deletion": {
			map[string][]string{theKeys: {"3"}, deleted: {"!"}},
			[]string{askPIN, oneNew, newFromBob, theKeys, deleted},
			nil,
			[]int{96000},
		},
		"delete and take it back": {
			map[string][]string{theKeys: {"3"}, deleted: {"3"}, back: {"5"}, theMenu: {"*"}},
			[]string{askPIN, oneNew, newFromBob, theKeys, deleted, back, noMore, theMenu, goodbye},
			[]held{{voicemail.StateSaved, said}},
			[]int{96000},
		},
		"delete, and take it back with four": {
			map[string][]string{theKeys: {"3"}, deleted: {"4"}, back: {"5"}, theMenu: {"*"}},
			[]string{askPIN, oneNew, newFromBob, theKeys, deleted, back, noMore, theMenu, goodbye},
			[]held{{voicemail.StateSaved, said}},
			[]int{96000},
		},
		"delete, and save it in the next round": {
			map[string][]string{theKeys: {"3"}, theMenu: {"1", "*"}, goneFromBob: {"2"}},
			[]string{askPIN, oneNew, newFromBob, theKeys, deleted, noMore, theMenu, none, goneFromBob, saved, noMore, theMenu, goodbye},
			[]held{{voicemail.StateSaved, said}},
			[]int{96000},
		},
		"skipped it stays new": {
			map[string][]string{newFromBob: {"5"}, theMenu: {"*"}},
			[]string{askPIN, oneNew, newFromBob, noMore, theMenu, goodbye},
			[]held{{voicemail.StateNew, said}},
			nil,
		},
		"hang up before the end": {
			map[string][]string{newFromBob: {"!"}},
			[]string{askPIN, oneNew, newFromBob},
			[]held{{voicemail.StateNew, said}},
			nil,
		},
		"back by five seconds": {
			map[string][]string{theKeys: {"7", "5"}, theMenu: {"*"}},
			[]string{askPIN, oneNew, newFromBob, theKeys, theKeys, noMore, theMenu, goodbye},
			[]held{{voicemail.StateSaved, said}},
			[]int{96000, 40000},
		},
		"forward by five seconds": {
			map[string][]string{newFromBob: {"9"}, theKeys: {"5"}, theMenu: {"*"}},
			[]string{askPIN, oneNew, newFromBob, theKeys, noMore, theMenu, goodbye},
			[]held{{voicemail.StateSaved, said}},
			[]int{56000},
		},
		"star goes back to the menu, and again in the second round": {
			map[string][]string{newFromBob: {"*", "*"}, theMenu: {"1", "*"}},
			[]string{askPIN, oneNew, newFromBob, theMenu, oneNew, newFromBob, theMenu, goodbye},
			[]held{{voicemail.StateNew, said}},
			nil,
		},
		"keys that mean nothing": {
			map[string][]string{theKeys: {"8", "A", "5"}, theMenu: {"7", "*"}},
			[]string{askPIN, oneNew, newFromBob, theKeys, theKeys, theKeys, noMore, theMenu, theMenu, goodbye},
			[]held{{voicemail.StateSaved, said}},
			[]int{96000},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inMailroom(t, func(r *mailroom) {
				r.left(r.now.Add(-30*time.Minute), fromBob, said)
				c := &caller{answers: typed(tt.answers)}
				conversations, desk := r.conversations(c)
				err := conversations.OwnMailbox(r.t.Context(), c, desk, r.ana.ID)
				if err != nil && !errors.Is(err, ivr.ErrGone) {
					r.t.Error(err)
				}
				r.heard(c, tt.heard...)
				r.assertHolds(tt.left...)
				if want := len(tt.left); len(r.files()) != want {
					r.t.Errorf("files %v", r.files())
				}
				var played []int
				for _, pcm := range c.played {
					if len(pcm) > 0 && slices.Equal(pcm, said[len(said)-min(len(pcm), len(said)):]) {
						played = append(played, len(pcm))
					}
				}
				if diff := cmp.Diff(tt.played, played); diff != "" {
					r.t.Errorf("played (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestNewMessagesComeFirstAndTheOldestOfThem(t *testing.T) {
	t.Parallel()
	inMailroom(t, func(r *mailroom) {
		if err := r.SetName(r.t.Context(), r.bob, words(9, time.Second)); err != nil {
			r.t.Fatal(err)
		}
		ago := func(hours int, from voicemail.Party) string {
			return r.left(r.now.Add(-time.Duration(hours)*time.Hour), from, words(hours, time.Second))
		}
		old := ago(15*24, voicemail.Party{Number: "+14165980102"})
		if err := r.Mark(r.t.Context(), r.ana.ID, voicemail.StateSaved, old); err != nil {
			r.t.Fatal(err)
		}
		ago(5*24, voicemail.Party{UserID: "user-5401", Number: "5401"})
		ago(13, voicemail.Party{UserID: "user-1002", Number: "1002"}) // at midnight: it is today
		ago(14, voicemail.Party{Number: "anonymous"})
		c := &caller{answers: typed(map[string][]string{theMenu: {"*"}})}
		r.open(c)
		r.heard(
			c, askPIN, "You have three new messages and one saved message.",
			"new message, on Wednesday at one p.m., from extension five four zero one.", theKeys,
			"new message, yesterday at eleven p.m., from an unknown number.", theKeys,
			"new message, today at midnight, from Name of 1002.", theKeys,
			"saved message, fifteen days ago at one p.m., from one four one six five nine eight zero one zero two.", theKeys,
			noMore, theMenu, goodbye,
		)
	})
}

func TestWhoMayOpenAMailbox(t *testing.T) {
	t.Parallel()
	const (
		nobodyHere = "Nobody is logged in at this desk, so there is no mailbox to open. Please log in first."
		noMailbox  = "This mailbox is not available. Please check the number, and dial again."
	)
	for name, tt := range map[string]struct {
		change  func(o *directory.Office)
		own     string // who holds the desk; "*98": any mailbox
		dialled string
		answers map[string][]string
		heard   []string
		refused []string
	}{
		"the holder, with the PIN": {own: "user-1001", answers: typed(nil), heard: []string{askPIN, none, theMenu, theMenu, theMenu, goodbye}},
		"without the PIN": {
			change: func(o *directory.Office) { o.Users[0].Answering.MailboxWithoutPIN = true },
			own:    "user-1001", heard: []string{none, theMenu, theMenu, theMenu, goodbye},
		},
		"a desk nobody holds": {own: "", heard: []string{nobodyHere}},
		"a desk whose holder is gone": {
			own: "user-9999", heard: []string{nobodyHere},
		},
		"who wants no mailbox": {
			change: func(o *directory.Office) { o.Users[0].Answering.NoMailbox = true },
			own:    "user-1001", heard: []string{noMailbox},
		},
		"a domain without mailboxes": {
			change: func(o *directory.Office) { o.Domain.Mailboxes.Enabled = false },
			own:    "*98", answers: map[string][]string{askAccount: {"1001#"}, askPIN: {"4711#"}},
			heard: []string{askAccount, askPIN, noMailbox},
		},
		"any mailbox": {
			own: "*98", answers: map[string][]string{askAccount: {"1001#"}, askPIN: {"4711#"}, theMenu: {"*"}},
			heard: []string{askAccount, askPIN, none, theMenu, goodbye},
		},
		"any mailbox, dialled along": {
			own: "*98", dialled: "1001", answers: map[string][]string{askPIN: {"4711#"}, theMenu: {"*"}},
			heard: []string{askPIN, none, theMenu, goodbye},
		},
		"a wrong PIN, three times": {
			own: "user-1001", answers: map[string][]string{askPIN: {"1#", "2#", "3#"}},
			heard:   []string{askPIN, wrong, askPIN, wrong, askPIN, wrongBye},
			refused: []string{"pin_wrong 1001", "pin_wrong 1001", "pin_wrong 1001"},
		},
		"the PIN does not open another mailbox without it": {
			change: func(o *directory.Office) { o.Users[0].Answering.MailboxWithoutPIN = true },
			own:    "*98", dialled: "1001", answers: map[string][]string{askPIN: {"1#!"}},
			heard: []string{askPIN, wrong}, refused: []string{"pin_wrong 1001"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inMailroom(t, func(r *mailroom) {
				if tt.change != nil {
					r.edit(tt.change)
				}
				c := &caller{answers: tt.answers}
				conversations, desk := r.conversations(c)
				var err error
				if tt.own == "*98" {
					err = conversations.AnyMailbox(r.t.Context(), c, desk, tt.dialled)
				} else {
					err = conversations.OwnMailbox(r.t.Context(), c, desk, tt.own)
				}
				if err != nil && !errors.Is(err, ivr.ErrGone) {
					r.t.Error(err)
				}
				want := tt.heard
				if len(want) > 0 && want[len(want)-1] == wrong {
					want = want[:len(want)-1] // the caller hung up before it was spoken
				}
				r.heard(c, want...)
				r.assertRefused(tt.refused...)
			})
		})
	}
}

func TestDamagedSoundIsTold(t *testing.T) {
	t.Parallel()
	const broken = "The sound of this message cannot be played. " + theKeys
	for name, tt := range map[string]struct {
		damage func(file string) error
		heard  []string
		played int
	}{
		"gone":  {damage: os.Remove, heard: []string{askPIN, oneNew, newFromBob, broken, deleted, noMore, theMenu, goodbye}},
		"empty": {damage: cutTo(0), heard: []string{askPIN, oneNew, newFromBob, broken, deleted, noMore, theMenu, goodbye}},
		"cut off": {
			damage: cutTo(44 + 2*8000), played: 8000,
			heard: []string{askPIN, oneNew, newFromBob, theKeys, deleted, noMore, theMenu, goodbye},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inMailroom(t, func(r *mailroom) {
				said := words(1, 2*time.Second)
				r.left(r.now.Add(-30*time.Minute), fromBob, said)
				if err := tt.damage(r.files()[0]); err != nil {
					r.t.Fatal(err)
				}
				c := &caller{answers: typed(map[string][]string{theKeys: {"3"}, broken: {"3"}, theMenu: {"*"}})}
				r.open(c)
				r.heard(c, tt.heard...)
				if tt.played > 0 && !slices.ContainsFunc(c.played, func(pcm []int16) bool { return slices.Equal(pcm, said[:tt.played]) }) {
					r.t.Error("what is left of the message was not played")
				}
				r.assertHolds() // it can be deleted
			})
		})
	}
}

func cutTo(octets int64) func(string) error {
	return func(file string) error { return os.Truncate(file, octets) }
}

func TestTwoListenersAtOnceLoseNothing(t *testing.T) {
	t.Parallel()
	inMailroom(t, func(r *mailroom) {
		r.left(r.now.Add(-30*time.Minute), fromBob, words(1, 10*time.Second))
		r.left(r.now.Add(-30*time.Minute), fromBob, words(2, 10*time.Second))
		slow := &caller{answers: typed(map[string][]string{theMenu: {"*"}})}
		quick := &caller{answers: typed(map[string][]string{
			newFromBob: {"3", "3"}, deleted: {"5", "~5"}, theMenu: {"*"},
		})}
		done := make(chan struct{})
		go func() {
			defer close(done)
			r.open(slow)
		}()
		r.open(quick)
		<-done
		// The slow one listens to the first message still, and finds that the
		// second is gone meanwhile.
		r.heard(slow, askPIN, "You have two new messages.", newFromBob, theKeys,
			"This message is no longer there.", noMore, theMenu, goodbye)
		r.assertHolds()
		if len(r.files()) > 0 {
			r.t.Errorf("files %v", r.files())
		}
	})
}
