package ivr_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr"
	"github.com/hotdesk-pbx/hotdesk/internal/voicemail"
)

func TestLeaveAMessage(t *testing.T) {
	t.Parallel()
	two, three := words(2, 2*time.Second), words(3, 3*time.Second)
	for name, tt := range map[string]struct {
		speaks  []speech
		answers map[string][]string
		busy    bool
		err     error
		heard   []string
		want    []int16 // nil: no message
	}{
		"pound ends it, silence sends it": {
			speaks: []speech{{two, "#"}},
			heard:  []string{notThere, theChoice, theChoice, theChoice, sent}, want: two,
		},
		"other words for a busy person": {
			speaks: []speech{{two, "#1"}}, busy: true,
			heard: []string{isBusy, theChoice, sent}, want: two,
		},
		"hanging up sends it": {
			speaks: []speech{{two, "!"}}, err: ivr.ErrGone,
			heard: []string{notThere}, want: two,
		},
		"hanging up at the question sends it": {
			speaks: []speech{{two, "#"}}, answers: map[string][]string{theChoice: {"!"}}, err: ivr.ErrGone,
			heard: []string{notThere, theChoice}, want: two,
		},
		"hanging up while listening to it sends it": {
			speaks: []speech{{two, "#"}}, answers: map[string][]string{theChoice: {"2!"}}, err: ivr.ErrGone,
			heard: []string{notThere, theChoice}, want: two,
		},
		"listen, then send": {
			speaks: []speech{{two, "#"}}, answers: map[string][]string{theChoice: {"2", "1"}},
			heard: []string{notThere, theChoice, theChoice, sent}, want: two,
		},
		"once more": {
			speaks: []speech{{two, "#"}, {three, "#"}}, answers: map[string][]string{theChoice: {"3", "#"}},
			heard: []string{notThere, theChoice, theChoice, sent}, want: three,
		},
		"other keys do not end it": {
			speaks: []speech{{two, "5"}, {three, "#1"}},
			heard:  []string{notThere, theChoice, sent}, want: slices.Concat(two, three),
		},
		"silence ends it, and is cut off": {
			speaks: []speech{{slices.Concat(two, hush(7*time.Second)), ""}}, answers: map[string][]string{theChoice: {"1"}},
			heard: []string{notThere, theChoice, sent}, want: slices.Concat(two, hush(500*time.Millisecond)),
		},
		"a phone that sends nothing more ends it": {
			speaks: []speech{{two, ""}}, answers: map[string][]string{theChoice: {"1"}},
			heard: []string{notThere, theChoice, sent}, want: two,
		},
		"a pause does not end it": {
			speaks: []speech{{slices.Concat(two, hush(5*time.Second), three), "#1"}},
			heard:  []string{notThere, theChoice, sent}, want: slices.Concat(two, hush(5*time.Second), three),
		},
		"the longest message": {
			speaks: []speech{{words(4, 31*time.Second), ""}}, answers: map[string][]string{"Your message has reached the longest time. " + theChoice: {"1"}},
			heard: []string{notThere, "Your message has reached the longest time. " + theChoice, sent}, want: words(4, 30*time.Second),
		},
		"pound skips the greeting": {
			speaks: []speech{{two, "#1"}}, answers: map[string][]string{notThere: {"#"}},
			heard: []string{notThere, theChoice, sent}, want: two,
		},
		"hanging up in the greeting": {
			answers: map[string][]string{notThere: {"!"}}, err: ivr.ErrGone, heard: []string{notThere},
		},
		"less than a second is nothing": {
			speaks: []speech{{words(1, 990*time.Millisecond), "!"}}, err: ivr.ErrGone, heard: []string{notThere},
		},
		"too short, then well": {
			speaks: []speech{{words(1, 300*time.Millisecond), "#"}, {two, "#1"}},
			heard:  []string{notThere, noMessage, theChoice, sent}, want: two,
		},
		"a line that only hums is silent": {
			speaks: []speech{{hum(120, 7*time.Second), ""}},
			heard:  []string{notThere, noMessage, noMessage, noMessage, noMessage, noMessage, noMessageBye},
		},
		"a soft voice counts": {
			speaks: []speech{{hum(300, 7*time.Second), "#1"}},
			heard:  []string{notThere, theChoice, sent}, want: hum(300, 7*time.Second),
		},
		"nothing said at all": {
			heard: []string{notThere, noMessage, noMessage, noMessage, noMessage, noMessage, noMessageBye},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inMailroom(t, func(r *mailroom) {
				c := &caller{speaks: tt.speaks, answers: tt.answers}
				id, err := r.leave(c, ivr.Visit{Busy: tt.busy})
				if !errors.Is(err, tt.err) {
					r.t.Errorf("leave a message: %v, want %v", err, tt.err)
				}
				r.heard(c, tt.heard...)
				if tt.want == nil {
					r.assertHolds()
					if len(r.files()) > 0 || id != "" {
						r.t.Errorf("message %q, files %v", id, r.files())
					}
					return
				}
				r.assertHolds(held{voicemail.StateNew, tt.want})
				if _, m, err := r.Open(r.t.Context(), id); err != nil || m.From.Number != "1002" || m.CallID != "call-1" {
					r.t.Errorf("message %+v, %v", m, err)
				}
			})
		})
	}
}

func TestGreetings(t *testing.T) {
	t.Parallel()
	inMailroom(t, func(r *mailroom) {
		name := words(8, time.Second)
		if err := r.SetName(r.t.Context(), r.ana, name); err != nil {
			r.t.Fatal(err)
		}
		c := &caller{speaks: []speech{{nil, "!"}}}
		_, _ = r.leave(c, ivr.Visit{})
		r.heard(c, "Name of 1001 is not available at the moment. Please leave a message after the tone. When you have finished, press pound, or hang up.")
		greeting := words(9, 4*time.Second)
		if err := r.SetGreeting(r.t.Context(), r.ana, greeting); err != nil {
			r.t.Fatal(err)
		}
		own := &caller{speaks: []speech{{nil, "!"}}}
		_, _ = r.leave(own, ivr.Visit{Busy: true})
		r.heard(own, "(Name of 1001's greeting)")
		if len(own.played) != 2 || !slices.Equal(own.played[0], greeting) || len(own.played[1]) != 3200 {
			r.t.Errorf("played %d sounds, want the greeting and the tone", len(own.played))
		}
	})
}

func TestAFullMailboxIsToldBeforeTheTone(t *testing.T) {
	t.Parallel()
	inMailroom(t, func(r *mailroom) {
		r.edit(func(o *directory.Office) { o.Domain.Mailboxes.MaxMessages = 1 })
		r.left(r.now, voicemail.Party{}, words(1, time.Second))
		c := &caller{speaks: []speech{{words(2, 2*time.Second), "#1"}}}
		if id, err := r.leave(c, ivr.Visit{}); err != nil || id != "" {
			r.t.Errorf("left %q, %v", id, err)
		}
		r.heard(c, isFull)
		r.assertHolds(held{voicemail.StateNew, words(1, time.Second)})
	})
}

func TestAFullDiskIsTold(t *testing.T) {
	t.Parallel()
	inMailroom(t, func(r *mailroom) {
		r.broken = errDisk
		c := &caller{speaks: []speech{{words(2, 2*time.Second), "#1"}}}
		if id, err := r.leave(c, ivr.Visit{}); err != nil || id != "" {
			r.t.Errorf("left %q, %v", id, err)
		}
		r.heard(c, notThere, notSaved)
		r.assertHolds()
		if len(r.files()) > 0 {
			r.t.Errorf("half a message is left: %v", r.files())
		}
		r.broken = nil
		r.left(r.now, voicemail.Party{}, words(3, time.Second))
	})
}

// A server that stops ends the conversation by its context.
func TestAServerThatStopsKeepsTheMessage(t *testing.T) {
	t.Parallel()
	inMailroom(t, func(r *mailroom) {
		said := words(1, 10*time.Second)
		c := &caller{speaks: []speech{{said, "!"}}}
		conversations, desk := r.conversations(c)
		ctx, cancel := context.WithTimeout(r.t.Context(), time.Hour)
		defer cancel()
		id, err := conversations.LeaveMessage(ctx, c, desk, ivr.Visit{Owner: r.ana})
		if id == "" || !errors.Is(err, ivr.ErrGone) {
			r.t.Errorf("left %q, %v", id, err)
		}
		r.assertHolds(held{voicemail.StateNew, said})
	})
}

func TestStarInTheGreetingOpensTheMailbox(t *testing.T) {
	t.Parallel()
	inMailroom(t, func(r *mailroom) {
		c := &caller{answers: map[string][]string{notThere: {"*"}, askPIN: {"1#", "4711#"}, theMenu: {"*"}}}
		if id, err := r.leave(c, ivr.Visit{}); err != nil || id != "" {
			r.t.Errorf("left %q, %v", id, err)
		}
		r.heard(c, notThere, askPIN, wrong, askPIN, none, theMenu, goodbye)
	})
}

func TestWrongPINsFromOutsideCountForTheirNumber(t *testing.T) {
	t.Parallel()
	inMailroom(t, func(r *mailroom) {
		r.at = "number +14165550101"
		c := &caller{at: r.at, answers: map[string][]string{notThere: {"*"}, askPIN: {"1#", "2#", "3#"}}}
		conversations, desk := r.conversations(c)
		desk.DeviceID = ""
		_, err := conversations.LeaveMessage(r.t.Context(), c, desk, ivr.Visit{Owner: r.ana, From: voicemail.Party{Number: "+14165550101"}})
		if err != nil {
			r.t.Error(err)
		}
		r.heard(c, notThere, askPIN, wrong, askPIN, wrong, askPIN, wrongBye)
		r.assertRefused("pin_wrong 1001", "pin_wrong 1001", "pin_wrong 1001")
	})
}
