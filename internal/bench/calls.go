package bench

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
)

// measureCalls has people call each other: INVITE with digest, 180, 200, ACK,
// BYE, 200, and the same on the other leg, where nobody asks for a digest. Nobody
// says a word. Then the same with phones that wait to be challenged (401) each time.
func measureCalls(ctx context.Context, r *round) (err error) {
	o := of(2 * perDomain)
	s, err := r.serve(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	f, err := newFleet(ctx, s.addr)
	if err != nil {
		return err
	}
	defer f.close()
	phones := f.phones(o.people())
	if err := registerAll(ctx, phones, r.Parallel); err != nil {
		return err
	}
	if err := callsFor(ctx, phones, r.Parallel, r.Time, new(tally)); err != nil {
		return err
	}
	if err := r.steadyCalls(ctx, s, phones, "calls without media"); err != nil {
		return err
	}
	for _, p := range phones {
		p.forgets = true
	}
	return r.steadyCalls(ctx, s, phones, "calls without media, each challenged")
}

func (r *round) steadyCalls(ctx context.Context, s *server, phones []*phone, what string) error {
	profiled := r.profiling(ctx, s, strings.ReplaceAll(what, " ", "-"))
	t := new(tally)
	begun := time.Now()
	used, err := s.spend(func() error { return callsFor(ctx, phones, r.Parallel, r.Time, t) })
	if err != nil {
		return err
	}
	calls := float64(t.calls.Load())
	r.rate(what, calls, used)
	r.note(what+", per second of the clock", calls/time.Since(begun).Seconds())
	r.noteTimes(what+", from INVITE to 200", t.setups)
	return profiled()
}

// tally counts calls.
type tally struct {
	calls  atomic.Int64
	failed atomic.Int64
	mu     sync.Mutex
	setups times
}

func (t *tally) take(setup time.Duration, err error) {
	t.calls.Add(1)
	if err != nil {
		t.failed.Add(1)
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.setups = append(t.setups, setup)
}

// callsFor has so many pairs of phones call each other again and again.
func callsFor(ctx context.Context, phones []*phone, pairs int, d time.Duration, t *tally) error {
	limited, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	var next atomic.Int64
	return together(min(pairs, len(phones)/2), func() error {
		i := 2 * int(next.Add(1)-1)
		for limited.Err() == nil {
			setup, err := phones[i].call(ctx, phones[i+1].number)
			if err != nil {
				return err
			}
			t.take(setup, nil)
		}
		return nil
	})
}

// call makes a call that ends as soon as it is answered, and tells how long the
// answer took.
func (p *phone) call(ctx context.Context, number string) (time.Duration, error) {
	var setup time.Duration
	begun := time.Now()
	done := make(chan error, 1)
	_, err := p.invite(number, p.host.sound, func(ev dialog.Event) {
		switch ev := ev.(type) {
		case dialog.Answered:
			setup = time.Since(begun)
			ev.Leg.Bye()
		case dialog.Failed:
			done <- fmt.Errorf("call to %s: %d %s", number, ev.Code, ev.Reason)
		case dialog.Ended:
			done <- nil
		}
	})
	if err != nil {
		return 0, err
	}
	select {
	case err := <-done:
		return setup, err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// invite begins a call.
func (p *phone) invite(number string, offer []byte, sink func(dialog.Event)) (*dialog.Leg, error) {
	target := sip.URI{Scheme: "sip", User: number, Host: p.domain}
	var proof []sip.Header
	if !p.forgets {
		proof = p.proof("INVITE", target.String())
	}
	return p.host.layer.Invite(dialog.Invite{
		Target: target, Flows: []sip.Flow{p.host.server}, Headers: proof,
		From: sip.Address{URI: sip.URI{Scheme: "sip", User: p.number, Host: p.domain}}, ContactUser: p.number,
		SDP: offer, Credentials: &dialog.Credentials{Username: p.number, Password: password},
	}, sink)
}
