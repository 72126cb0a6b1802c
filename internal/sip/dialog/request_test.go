package dialog_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
)

// RFC 3261 12.2.1.2, RFC 5057: what ends a dialog, and what only a request.
func TestOutcomesOfRequests(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		method, status string
		ends           bool
	}{
		{"INFO", "200 OK", false},
		{"INFO", "415 Unsupported Media Type", false},
		{"INFO", "408 Request Timeout", false},
		{"INFO", "", false},
		{"INFO", "481 Gone", true},
		{"NOTIFY", "481 Gone", true},
		{"INVITE", "488 Not Acceptable Here", false},
		{"INVITE", "606 Not Acceptable", false},
		{"INVITE", "500 Error", false},
		{"INVITE", "481 Gone", true},
		{"INVITE", "408 Request Timeout", true},
		{"INVITE", "", true},
		{"UPDATE", "", true},
		{"UPDATE", "504 Server Time-out", false},
	} {
		t.Run(test.method+" "+test.status, func(t *testing.T) {
			t.Parallel()
			a := startHasty(t, dialog.Config{})
			r := rawUDP(t, a)
			leg, l := callRaw(t, a, r)
			done := make(chan error, 1)
			go func() {
				var err error
				if test.method == "INVITE" {
					_, err = leg.Reoffer(t.Context(), []byte(offer2), nil)
				} else {
					_, err = leg.Do(t.Context(), test.method, "text/plain", []byte("x"), sip.NewHeader("X-Seat", "y"))
				}
				done <- err
			}()
			m := r.expect(test.method)
			if test.status != "" {
				r.respond(m, test.status, "", "")
			}
			if err := <-done; (err != nil) != (test.status == "") || err != nil && !errors.Is(err, sip.ErrTimeout) {
				t.Errorf("error %v", err)
			}
			if test.ends {
				next[dialog.Ended](t, l)
				r.respond(r.expect("BYE"), "200 OK", "", "")
				a.gone(t)
			} else if l.silent(t, 20*time.Millisecond); !leg.Answered() {
				t.Error("the call has ended")
			}
		})
	}
}

func TestRequestsEachWay(t *testing.T) {
	t.Parallel()
	a, b := start(t, dialog.Config{}), start(t, dialog.Config{})
	p := call(t, a, b, sip.TCP)
	caller, called, l, m := p.caller, p.called, p.callerLog, p.calledLog
	for _, method := range []string{"INFO", "REFER", "NOTIFY", "MESSAGE", "OPTIONS", "PUBLISH"} {
		for leg, at := range map[*dialog.Leg]log{caller: m, called: l} {
			done := make(chan string, 1)
			go func() {
				res, err := leg.Do(t.Context(), method, "application/x", []byte("body"), sip.NewHeader("Refer-To", "<sip:x@y>"))
				if err != nil {
					done <- err.Error()
					return
				}
				done <- fmt.Sprint(res.StatusCode)
			}()
			ev := next[dialog.Requested](t, at)
			req := ev.Tx.Request()
			if string(req.Method) != method || string(req.Body()) != "body" || sip.Value(req, "Refer-To") != "<sip:x@y>" {
				t.Errorf("request\n%s", req)
			}
			if err := ev.Tx.Reply(202, "Accepted"); err != nil {
				t.Fatal(err)
			}
			if got := <-done; got != "202" {
				t.Errorf("outcome %s", got)
			}
		}
	}
	caller.Bye()
	if _, err := caller.Do(t.Context(), "INFO", "", nil); !errors.Is(err, dialog.ErrGone) {
		t.Errorf("after the end: %v", err)
	}
}

func TestRequestsThatAreNotWaitedFor(t *testing.T) {
	t.Parallel()
	a, b := start(t, dialog.Config{}), start(t, dialog.Config{})
	p := call(t, a, b, sip.UDP)
	const many = 20
	codes := make(chan int, many)
	for n := range many {
		p.caller.Ask("INFO", "text/plain", fmt.Append(nil, n), func(res *sip.Response, err error) {
			if err != nil {
				t.Error(err)
				return
			}
			codes <- res.StatusCode
		})
	}
	for n := range many {
		tx := next[dialog.Requested](t, p.calledLog).Tx
		if got := string(tx.Request().Body()); got != fmt.Sprint(n) {
			t.Fatalf("request %d came as %s", n, got)
		}
		if err := tx.Reply(200+n, "OK"); err != nil {
			t.Fatal(err)
		}
	}
	for n := range many {
		if code := <-codes; code != 200+n {
			t.Errorf("answer %d is %d", n, code)
		}
	}
	p.caller.Bye()
	late := make(chan error, 1)
	p.caller.Ask("INFO", "", nil, func(_ *sip.Response, err error) { late <- err })
	if err := <-late; !errors.Is(err, dialog.ErrGone) {
		t.Errorf("after the end: %v", err)
	}
}

func TestRequestsBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	a, b := start(t, dialog.Config{}), start(t, dialog.Config{})
	l, m := newLog(), newLog()
	caller, err := a.layer.Invite(invitation(t, b.flow(sip.UDP)), l.sink)
	if err != nil {
		t.Fatal(err)
	}
	called, err := b.layer.Incoming(b.incoming(t), dialog.LocalParty{}, m.sink)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := caller.Do(t.Context(), "INFO", "", nil); !errors.Is(err, dialog.ErrEarly) {
		t.Errorf("without a dialog: %v", err)
	}
	if err := called.Progress(180, "Ringing", nil); err != nil {
		t.Fatal(err)
	}
	next[dialog.Progressed](t, l)
	if _, err := caller.Reoffer(t.Context(), []byte(offer2), nil); !errors.Is(err, dialog.ErrEarly) {
		t.Errorf("re-INVITE before the answer: %v", err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := caller.Do(t.Context(), "INFO", "", nil)
		done <- err
	}()
	if err := next[dialog.Requested](t, m).Tx.Reply(200, "OK"); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	caller.Cancel()
	next[dialog.Canceled](t, m)
}

// What is asked when the call ends is not waited for.
func TestEndReleasesWhoWaits(t *testing.T) {
	t.Parallel()
	a := start(t, dialog.Config{})
	r := rawUDP(t, a)
	leg, _ := callRaw(t, a, r)
	done := offerBy(t.Context(), leg, "INVITE", offer2)
	r.expect("INVITE")
	waits := offerBy(t.Context(), leg, "UPDATE", offer2)
	leg.Bye()
	for _, ch := range []<-chan string{done, waits} {
		select {
		case got := <-ch:
			if !strings.Contains(got, dialog.ErrGone.Error()) {
				t.Errorf("outcome %s", got)
			}
		case <-time.After(time.Second):
			t.Error("still waiting")
		}
	}
}
