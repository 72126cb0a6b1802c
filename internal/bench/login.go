package bench

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/app"
	"github.com/hotdesk-pbx/hotdesk/internal/events"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr"
	"github.com/hotdesk-pbx/hotdesk/internal/media/dtmf"
	"github.com/hotdesk-pbx/hotdesk/internal/media/g711"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/sdp"
)

// The load beside the logins.
const (
	registersASecond = 500
	callsASecond     = 50
	logins           = 300
)

// measureLogin measures two times from the # that ends the PIN, sent as a
// telephone event: until the confirmation is decided, stored and handed to the
// sound, and until the first packet with speech comes back. The sound of a call
// goes out every 20 ms, so the second is 10 ms longer on average. Only from
// inside can one see the first: this server runs in our own process.
func measureLogin(ctx context.Context, r *round) (err error) {
	o := of(4 * perDomain)
	data, err := r.folder(ctx, o)
	if err != nil {
		return err
	}
	serving, stop := context.WithCancel(ctx)
	a, err := app.Start(ctx, app.Config{
		Data: data, SIP: "127.0.0.1:0", HTTP: "127.0.0.1:0", RTPPorts: "0", Database: "sqlite", Digest: []string{"md5"},
		RingFor: time.Minute, Drain: time.Second,
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		stop()
		return err
	}
	served := make(chan error, 1)
	go func() { served <- a.Serve(serving) }()
	defer func() {
		stop()
		err = errors.Join(err, <-served)
	}()
	f, err := newFleet(ctx, a.SIPAddr())
	if err != nil {
		return err
	}
	defer f.close()
	desks, people := f.phones(o.desks()), f.phones(o.people())
	if err := registerAll(ctx, slices.Concat(desks, people), r.Parallel); err != nil {
		return err
	}
	if err := r.logins(ctx, a, "idle", desks[:logins], people[:logins]); err != nil {
		return err
	}
	loaded, unload := context.WithCancel(ctx)
	failed := loadBeside(loaded, people[logins:])
	err = r.logins(ctx, a, "under load", desks[logins:2*logins], people[:logins])
	unload()
	return errors.Join(err, <-failed)
}

// logins lets each person log in at a desk, a few at a time, and notes how long
// that takes.
func (r *round) logins(ctx context.Context, a *app.App, when string, desks, people []*phone) error {
	const atOnce = 4
	said := listen(a)
	defer said.close()
	synced, err := r.syncs(ctx)
	if err != nil {
		return err
	}
	spoken, heard := make(times, len(desks)), make(times, len(desks))
	var next atomic.Int64
	err = together(atOnce, func() error {
		for {
			i := int(next.Add(1)) - 1
			if i >= len(desks) {
				return nil
			}
			pressed, speech, err := desks[i].login(ctx, people[i].number)
			if err != nil {
				return fmt.Errorf("log %s in at %s: %w", people[i].number, desks[i].number, err)
			}
			heard[i] = speech.Sub(pressed)
			spoken[i] = said.last(desks[i].account).Sub(pressed)
		}
	})
	disk, failed := synced()
	if err := errors.Join(err, failed); err != nil {
		return err
	}
	r.noteTimes("from the last # to the answer, "+when, spoken)
	r.noteTimes("a sync of this disk meanwhile, "+when, disk)
	r.noteTimes("from the last # to the first packet of it, "+when, heard)
	return nil
}

// sayings notes when the server spoke last at each device.
type sayings struct {
	a   *app.App
	sub *events.Subscription
	mu  sync.Mutex
	at  map[string]time.Time // by the device's ID
}

func listen(a *app.App) *sayings {
	s := &sayings{a: a, sub: a.Events().Subscribe(10000), at: map[string]time.Time{}}
	go func() {
		for fact := range s.sub.Facts() {
			if said, is := fact.(ivr.Said); is {
				s.mu.Lock()
				s.at[said.DeviceID] = time.Now()
				s.mu.Unlock()
			}
		}
	}()
	return s
}

func (s *sayings) close() { s.sub.Close() }

func (s *sayings) last(desk account) time.Time {
	domain, _ := s.a.Directory().DomainByName(desk.domain)
	device, _ := s.a.Directory().DeviceByName(domain.ID, desk.number)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at[device.ID]
}

// loadBeside registers phones and makes calls until the context ends; the
// channel then tells whether one of them failed.
func loadBeside(ctx context.Context, phones []*phone) <-chan error {
	failed := make(chan error, 1)
	var errs atomic.Pointer[error]
	each := func(all []*phone, do func(context.Context, *phone, *phone) error) func() {
		var next atomic.Int64
		return func() {
			i := 2 * int(next.Add(1)) % (len(all) - 1)
			if err := do(context.WithoutCancel(ctx), all[i], all[i+1]); err != nil {
				errs.Store(&err)
			}
		}
	}
	half := len(phones) / 2
	go func() {
		done := make(chan struct{})
		go func() {
			defer close(done)
			pace(ctx, registersASecond, each(phones[:half], func(ctx context.Context, p, _ *phone) error { return p.register(ctx) }))
		}()
		pace(ctx, callsASecond, each(phones[half:], func(ctx context.Context, p, q *phone) error {
			_, err := p.call(ctx, q.number)
			return err
		}))
		<-done
		if err := errs.Load(); err != nil {
			failed <- *err
		}
		close(failed)
	}()
	return failed
}

// login dials the login code with the person's number, keys in the PIN when it
// is asked for, and listens. It tells when the last key was sent and when speech
// came back.
func (p *phone) login(ctx context.Context, number string) (pressed, speech time.Time, err error) {
	l, err := openLine(p.host.engine.Addr().Addr())
	if err != nil {
		return pressed, speech, err
	}
	defer l.close()
	answer := make(chan error, 2)
	leg, err := p.invite("*88"+number, description(l.addr()), func(ev dialog.Event) {
		switch ev := ev.(type) {
		case dialog.Answered:
			answer <- l.joined(ev.SDP)
		case dialog.Failed:
			answer <- fmt.Errorf("%d %s", ev.Code, ev.Reason)
		}
	})
	if err != nil {
		return pressed, speech, err
	}
	defer leg.Bye()
	select {
	case err := <-answer:
		if err != nil {
			return pressed, speech, err
		}
	case <-ctx.Done():
		return pressed, speech, ctx.Err()
	}
	return l.keyIn(ctx)
}

// line is the sound of one call.
type line struct {
	conn    *net.UDPConn
	talk    *talker
	pressed uint32 // the time of the last key, in samples
}

func openLine(at netip.Addr) (*line, error) {
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(at, 0)))
	if err != nil {
		return nil, fmt.Errorf("open a socket for sound: %w", err)
	}
	return &line{conn: conn}, nil
}

func (l *line) addr() netip.AddrPort { return l.conn.LocalAddr().(*net.UDPAddr).AddrPort() }

func (l *line) close() { _ = l.conn.Close() } // what comes later is for nobody

func (l *line) joined(answer []byte) error {
	session, err := sdp.Parse(answer)
	if err != nil {
		return err
	}
	audio, err := session.Audio()
	if err != nil {
		return err
	}
	l.talk = newTalker(l.conn, audio.RTP, 1)
	l.talk.say()
	return nil
}

// keyIn waits for the question and keys the PIN in; it tells when the last key
// was sent and when speech came then.
func (l *line) keyIn(ctx context.Context) (pressed, speech time.Time, err error) {
	if err := l.conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return pressed, speech, err
	}
	if err := l.hears(true); err != nil {
		return pressed, speech, fmt.Errorf("wait for the question: %w", err)
	}
	for _, key := range pin {
		l.press(key)
		if err := wait(ctx, 3*frame); err != nil {
			return pressed, speech, err
		}
	}
	if err := l.hears(false); err != nil { // the first key cut the question short
		return pressed, speech, fmt.Errorf("wait for silence: %w", err)
	}
	pressed = time.Now()
	l.press('#')
	if err := l.hears(true); err != nil {
		return pressed, speech, fmt.Errorf("wait for the confirmation: %w", err)
	}
	return pressed, time.Now(), nil
}

// press sends a key as one telephone event, begun and ended (RFC 4733). The
// server takes a key with the first packet of its event.
func (l *line) press(key rune) {
	code, _ := dtmf.Code(key)
	l.pressed += samples
	for _, end := range []bool{false, true, true, true} {
		event := dtmf.Event{Code: code, End: end, Volume: 10, Duration: samples}
		pkt := event.Append(append([]byte{}, l.talk.pkt[:rtpHeader]...))
		pkt[1] = sdp.TelephoneEvent().PayloadType
		binary.BigEndian.PutUint32(pkt[4:], l.pressed)
		_, _ = l.conn.WriteToUDPAddrPort(pkt, l.talk.to) // a key that is lost is waited for in vain
		binary.BigEndian.PutUint16(l.talk.pkt[2:], binary.BigEndian.Uint16(l.talk.pkt[2:])+1)
	}
}

// hears reads until a packet comes that is speech, or is silence.
func (l *line) hears(speech bool) error { //nolint:revive // flag-parameter: what to hear, not what to do
	var buf [2048]byte
	for {
		n, err := l.conn.Read(buf[:])
		if err != nil {
			return err
		}
		if n > rtpHeader && loud(buf[rtpHeader:n]) == speech {
			return nil
		}
	}
}

// loud tells sound from the digital silence between two clips.
func loud(payload []byte) bool {
	silence := g711.ULaw.Silence()
	for _, b := range payload {
		if b|0x80 != silence {
			return true
		}
	}
	return false
}
