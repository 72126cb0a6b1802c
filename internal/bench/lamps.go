package bench

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/client"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
)

// The loads of lamps.
const (
	lampPhones = 10_000 // that subscribe
	watchers   = 50     // of one person
	lampLogins = 200
)

// measureLamps lets phones subscribe to the messages that wait for them and to
// the calls of one person of each domain, and measures the memory. Then those
// people make calls, each of which is told to all who watch. At last somebody
// whom fifty phones watch logs in at desks.
func measureLamps(ctx context.Context, r *round) (err error) {
	o := of(lampPhones)
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
	phones := f.phones(append(o.people(), o.desks()...))
	if err := registerAll(ctx, phones, r.Parallel); err != nil {
		return err
	}
	if err := r.subscriptions(ctx, s, f, phones); err != nil {
		return err
	}
	if err := r.keys(ctx, s, f, phones); err != nil {
		return err
	}
	return r.watchedLogins(ctx, s, f, phones)
}

// subscriptions measures what it takes to subscribe each phone to its messages,
// and in the last round the memory.
func (r *round) subscriptions(ctx context.Context, s *server, f *fleet, phones []*phone) error {
	f.quiet(ctx) // the phones have been told unasked
	before, err := r.settled(ctx, s, phones[0])
	if err != nil {
		return err
	}
	used, err := s.spend(func() error {
		return f.told(ctx, len(phones), func() error {
			return each(ctx, phones, r.Parallel, func(p *phone) error { return p.subscribe(ctx, "message-summary", p.number) })
		})
	})
	if err != nil {
		return err
	}
	r.rate("subscriptions (SUBSCRIBE, 200, NOTIFY, 200)", float64(len(phones)), used)
	after, err := r.settled(ctx, s, phones[0])
	if err == nil && after > before {
		r.note("live heap bytes per subscription", (after-before)/float64(len(phones)))
	}
	return err
}

// settled is the memory of the server once it no longer remembers what it has
// answered, 0 in all rounds but the last. It forgets answers of which it must
// remember none any more (RFC 3261 17.2.2, timer J) at the next request after
// twice that time.
func (r *round) settled(ctx context.Context, s *server, p *phone) (float64, error) {
	if r.number != r.Rounds-1 {
		return 0, nil
	}
	if err := wait(ctx, 66*time.Second); err != nil {
		return 0, err
	}
	if err := p.register(ctx); err != nil {
		return 0, err
	}
	return s.heap(ctx)
}

// keys has every phone watch the first person of its domain, who makes calls.
func (r *round) keys(ctx context.Context, s *server, f *fleet, phones []*phone) error {
	watched := strconv.Itoa(firstPerson)
	if err := each(ctx, phones, r.Parallel, func(p *phone) error { return p.subscribe(ctx, "dialog", watched) }); err != nil {
		return err
	}
	f.quiet(ctx)
	var callers []*phone
	for i, p := range phones {
		if p.number == watched {
			callers = append(callers, p, phones[i+1])
		}
	}
	profiled := r.profiling(ctx, s, "lamps")
	before, begun := f.notified.Load(), time.Now()
	t := new(tally)
	used, err := s.spend(func() error {
		err := callsFor(ctx, callers, len(callers)/2, r.Time, t)
		f.quiet(ctx)
		return err
	})
	if err != nil {
		return err
	}
	told := float64(f.notified.Load() - before)
	r.rate("NOTIFYs of busy lamps", told, used)
	r.note("NOTIFYs of busy lamps per second of the clock", told/time.Since(begun).Seconds())
	r.note("calls meanwhile, each shown to 1000 keys", float64(t.calls.Load()))
	return profiled()
}

// watchedLogins has somebody log in and out whose presence fifty phones show.
func (r *round) watchedLogins(ctx context.Context, s *server, f *fleet, phones []*phone) error {
	const second = firstPerson + 1
	for _, p := range phones[:watchers] {
		if err := p.subscribe(ctx, "presence", strconv.Itoa(second)); err != nil {
			return err
		}
	}
	f.quiet(ctx)
	api := client.New(s.data)
	var took times
	used, err := s.spend(func() error {
		for n := range lampLogins {
			in := resource.SessionInput{Device: strconv.Itoa(firstDesk + n), User: strconv.Itoa(second)}
			begun := time.Now()
			if err := f.told(ctx, watchers, func() error { _, err := api.StartSession(ctx, phones[0].domain, in); return err }); err != nil {
				return err
			}
			took = append(took, time.Since(begun))
			if err := f.told(ctx, watchers, func() error { _, err := api.EndSession(ctx, phones[0].domain, in.Device); return err }); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	r.note("CPU milliseconds for a login and a release that 50 watchers are told", used/lampLogins*1000)
	r.noteTimes("login until the last of 50 watchers is told", took)
	return nil
}

// subscribe subscribes the phone once.
func (p *phone) subscribe(ctx context.Context, event, to string) error {
	uri := sip.URI{Scheme: "sip", User: to, Host: p.domain}
	callID := sip.NewCallID()
	for n := range 3 { // as register
		address := "<sip:" + p.number + "@" + p.domain + ">"
		req := sip.NewRequest(sip.SUBSCRIBE, uri, append([]sip.Header{
			sip.NewHeader("From", address+";tag="+callID[:10]),
			sip.NewHeader("To", "<"+uri.String()+">"),
			sip.NewHeader("Call-ID", callID),
			sip.NewHeader("CSeq", strconv.Itoa(n+1)+" SUBSCRIBE"),
			sip.NewHeader("Contact", "<sip:"+p.number+"@"+p.host.engine.Addr().String()+">"),
			sip.NewHeader("Event", event),
			sip.NewHeader("Allow", "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, REFER, NOTIFY, MESSAGE"),
			sip.NewHeader("Expires", "3600"),
		}, p.proof("SUBSCRIBE", uri.String())...)...)
		res, err := p.host.engine.Do(ctx, req, p.host.server)
		switch {
		case err != nil:
			return err
		case res.StatusCode == 200:
			return nil
		case res.StatusCode != 401:
			return fmt.Errorf("subscribe %s to %s of %s: %d %s", p.number, event, to, res.StatusCode, res.Reason)
		}
		p.challenged(res)
	}
	return errors.New("the server does not accept the password of " + p.number)
}

// told does something and waits until the phones have got so many NOTIFYs.
func (f *fleet) told(ctx context.Context, notifies int, do func() error) error {
	until := f.notified.Load() + int64(notifies)
	if err := do(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(200 * time.Microsecond)
	defer tick.Stop()
	for f.notified.Load() < until {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%d NOTIFYs are missing: %w", until-f.notified.Load(), ctx.Err())
		}
	}
	return nil
}

// quiet waits until no NOTIFY has come for a second.
func (f *fleet) quiet(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for before := int64(-1); before != f.notified.Load(); {
		before = f.notified.Load()
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
