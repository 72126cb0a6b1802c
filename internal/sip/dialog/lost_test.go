package dialog_test

import (
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
)

// A stream connection that ends under a ringing call is a caller who gave up.
func TestCallerConnectionLost(t *testing.T) {
	t.Parallel()
	s := start(t, dialog.Config{})
	c := rawTCP(t, s).dials(t)
	c.ask("INVITE", offer1)
	l := newLog()
	if _, err := s.layer.Incoming(s.incoming(t), dialog.LocalParty{}, l.sink); err != nil {
		t.Fatal(err)
	}
	_ = c.conn.Close()
	next[dialog.Canceled](t, l)
	s.gone(t)
}

// The end of a connection is told beside what came over it, so it may be told
// first: of a call not yet taken, or before the call's last message.
func TestConnectionLostBeforeItsLastMessage(t *testing.T) {
	t.Parallel()
	t.Run("of a call not yet taken", func(t *testing.T) {
		t.Parallel()
		s := start(t, dialog.Config{})
		c := rawTCP(t, s).dials(t)
		c.ask("INVITE", offer1)
		tx := s.incoming(t)
		s.cut(t, c)
		l := newLog()
		if _, err := s.layer.Incoming(tx, dialog.LocalParty{}, l.sink); err != nil {
			t.Fatal(err)
		}
		next[dialog.Canceled](t, l)
		s.gone(t)
	})
	t.Run("of an answered call", func(t *testing.T) {
		t.Parallel()
		s := startHasty(t, dialog.Config{})
		c := rawTCP(t, s).dials(t)
		leg, l := answered(t, s, c)
		flow := c.flow()
		s.cut(t, c)
		leg.Move(flow) // as the message does
		if ev := next[dialog.Ended](t, l); ev.By != dialog.ByLayer || ev.Reason != "connection lost" {
			t.Errorf("ended %+v", ev)
		}
	})
}

// cut closes a caller's connection and waits until the side knows.
func (s *side) cut(t *testing.T, c *caller) {
	t.Helper()
	flow := c.flow()
	_ = c.conn.Close()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for s.engine.Alive(flow) {
		<-tick.C
	}
}

// Under an answered call it ends what is under way, and the call only when the
// peer does not come back.
func TestConnectionLost(t *testing.T) {
	t.Parallel()
	for name, back := range map[string]func(t *testing.T, s *side, leg *dialog.Leg, c *caller) bool{
		"for good": func(*testing.T, *side, *dialog.Leg, *caller) bool { return false },
		"a request on a new one": func(t *testing.T, s *side, _ *dialog.Leg, c *caller) bool {
			t.Helper()
			c.raw = rawTCP(t, s)
			c.ask("OPTIONS", "")
			return true
		},
		"registered anew": func(t *testing.T, s *side, leg *dialog.Leg, c *caller) bool {
			t.Helper()
			c.raw = rawUDP(t, s)
			leg.Move(c.flow())
			return true
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startHasty(t, dialog.Config{})
			c := rawTCP(t, s).dials(t)
			leg, l := answered(t, s, c)
			failed := make(chan error, 1)
			go func() {
				_, err := leg.Do(t.Context(), "INFO", "", nil)
				failed <- err
			}()
			c.expect("INFO")
			_ = c.conn.Close()
			if err := <-failed; err == nil {
				t.Error("the request did not fail")
			}
			if !back(t, s, leg, c) {
				if ev := next[dialog.Ended](t, l); ev.By != dialog.ByLayer || ev.Reason != "connection lost" {
					t.Errorf("ended %+v", ev)
				}
				s.gone(t)
				return
			}
			time.AfterFunc(800*time.Millisecond, func() { leg.Bye() })
			for {
				select {
				case ev := <-l:
					if got, over := ev.(dialog.Ended); over {
						if got.By != dialog.ByOwner {
							t.Errorf("ended %+v", got)
						}
						c.respond(c.expect("BYE"), "200 OK", "", "")
						return
					}
				case <-time.After(patience):
					t.Fatal("no end")
				}
			}
		})
	}
}
