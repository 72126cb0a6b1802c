package bench

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/sdp"
)

const (
	frame     = 20 * time.Millisecond
	samples   = 160 // in a frame
	rtpHeader = 12
	inAGroup  = 20 // packets that are sent at one moment
)

// talkers are the sides of the calls, each sending a packet every 20 ms.
type talkers struct {
	mu       sync.Mutex
	all      []*talker
	sent     atomic.Int64
	received atomic.Int64
}

// talker is one side of a call.
type talker struct {
	from *net.UDPConn
	to   netip.AddrPort
	pkt  [rtpHeader + samples]byte
}

func newTalker(from *net.UDPConn, to netip.AddrPort, ssrc int) *talker {
	t := &talker{from: from, to: to}
	t.pkt[0] = 2 << 6
	binary.BigEndian.PutUint32(t.pkt[8:], uint32(ssrc)) //nolint:gosec // G115: a small number
	for i := range samples {
		t.pkt[rtpHeader+i] = byte(i) // a sound that no detector takes for a digit
	}
	return t
}

// say sends the next packet.
func (t *talker) say() {
	_, _ = t.from.WriteToUDPAddrPort(t.pkt[:], t.to) // what is lost is missed in what arrives
	binary.BigEndian.PutUint16(t.pkt[2:], binary.BigEndian.Uint16(t.pkt[2:])+1)
	binary.BigEndian.PutUint32(t.pkt[4:], binary.BigEndian.Uint32(t.pkt[4:])+samples)
}

// listen opens a socket for the sound of all phones of a host.
func (t *talkers) listen(h *host) (*net.UDPConn, error) {
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(h.engine.Addr().Addr(), 0)))
	if err != nil {
		return nil, fmt.Errorf("open a socket for sound: %w", err)
	}
	_ = conn.SetReadBuffer(4 << 20) // what does not fit is counted as lost
	h.sound = description(conn.LocalAddr().(*net.UDPAddr).AddrPort())
	go func() {
		buf := make([]byte, 2048)
		for {
			if _, err := conn.Read(buf); err != nil {
				return
			}
			t.received.Add(1)
		}
	}()
	return conn, nil
}

// add lets a side send where the description of the other says.
func (t *talkers) add(from *net.UDPConn, to []byte) error {
	session, err := sdp.Parse(to)
	if err != nil {
		return err
	}
	audio, err := session.Audio()
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.all = append(t.all, newTalker(from, audio.RTP, len(t.all)+1))
	return nil
}

// talk sends until the context ends. Each side has its own moment in the 20 ms.
func (t *talkers) talk(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for due := time.Now(); ; due = due.Add(frame) {
		for i, one := range t.all {
			one.say()
			t.sent.Add(1)
			if i%inAGroup != 0 {
				continue
			}
			timer.Reset(time.Until(due.Add(frame * time.Duration(i) / time.Duration(len(t.all)))))
			select {
			case <-timer.C:
			case <-ctx.Done():
				return
			}
		}
	}
}

// measureRelay holds calls, both sides of which talk in G.711.
func measureRelay(ctx context.Context, r *round) (err error) {
	s, err := r.serve(ctx, of(4*r.Calls))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	f, err := newFleet(ctx, s.addr)
	if err != nil {
		return err
	}
	defer f.close()
	t := new(talkers)
	if err := r.connect(ctx, f, t); err != nil {
		return err
	}
	talking, hush := context.WithCancel(ctx)
	defer hush()
	go t.talk(talking)
	if err := wait(ctx, time.Second); err != nil {
		return err
	}
	profiled := r.profiling(ctx, s, "relay")
	sent, received := t.sent.Load(), t.received.Load()
	used, err := s.spend(func() error { return wait(ctx, r.Time) })
	if err != nil {
		return err
	}
	sent, received = t.sent.Load()-sent, t.received.Load()-received
	r.note("relayed calls at a time", float64(r.Calls))
	r.note("relayed G.711 calls per core", float64(received)/100/used)
	r.note("CPU seconds for 1000 relayed packets", used/float64(received)*1000)
	r.note("relayed packets lost, per mille", 1000*float64(sent-received)/float64(sent))
	return profiled()
}

// connect makes the calls.
func (r *round) connect(ctx context.Context, f *fleet, t *talkers) error {
	sockets := map[*host]*net.UDPConn{}
	for _, h := range f.hosts {
		conn, err := t.listen(h)
		if err != nil {
			return err
		}
		context.AfterFunc(ctx, func() { _ = conn.Close() })
		sockets[h] = conn
		h.answer = func(h *host, leg *dialog.Leg) []byte {
			_ = t.add(conn, leg.Invitation().Body()) // who says nothing is missed in what arrives
			return h.sound
		}
	}
	phones := f.phones(of(4 * r.Calls).people())[:2*r.Calls]
	if err := registerAll(ctx, phones, r.Parallel); err != nil {
		return err
	}
	for i := 0; i < len(phones); i += 2 {
		if err := phones[i].talkTo(ctx, phones[i+1].number, func(answer []byte) error {
			return t.add(sockets[phones[i].host], answer)
		}); err != nil {
			return err
		}
	}
	return nil
}

// talkTo makes a call that goes on, and hands out the other side's description.
func (p *phone) talkTo(ctx context.Context, number string, joined func(answer []byte) error) error {
	done := make(chan error, 2)
	_, err := p.invite(number, p.host.sound, func(ev dialog.Event) {
		switch ev := ev.(type) {
		case dialog.Answered:
			done <- joined(ev.SDP)
		case dialog.Failed:
			done <- fmt.Errorf("call to %s: %d %s", number, ev.Code, ev.Reason)
		}
	})
	if err != nil {
		return err
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// wait lets time pass.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
