package sipserver_test

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/location"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sipserver"
)

// probing is a server whose ticks the test makes.
type probing struct {
	*rig

	tick chan time.Time
	done chan location.Binding
}

func startProbing(t *testing.T) probing {
	t.Helper()
	p := probing{tick: make(chan time.Time), done: make(chan location.Binding, 100)}
	p.rig = start(t, func(c *sipserver.Config) {
		c.Probes = sipserver.ProbePolicy{
			Tick: p.tick, Done: func(b location.Binding) { p.done <- b }, Rand: func(uint64) uint64 { return 0 },
		}
	}, "acme.test")
	return p
}

// after lets time pass and a tick come.
func (p probing) after(d time.Duration) {
	p.advance(d)
	p.tick <- p.now()
}

// answer reads one OPTIONS and answers it.
func (p *phone) answer(code int) message {
	p.t.Helper()
	m, err := p.receive()
	if err != nil || !strings.HasPrefix(m.first, "OPTIONS ") {
		p.t.Fatalf("got %q, %v, want OPTIONS", m.first, err)
	}
	lines := []string{fmt.Sprintf("SIP/2.0 %d X", code), "To: " + m.value("To") + ";tag=9"}
	for _, name := range []string{"Via", "From", "Call-ID", "CSeq"} {
		lines = append(lines, name+": "+m.value(name))
	}
	if _, err := io.WriteString(p.conn, strings.Join(lines, "\r\n")+"\r\nContent-Length: 0\r\n\r\n"); err != nil {
		p.t.Fatal(err)
	}
	return m
}

func TestPhonesBehindNATAreProbed(t *testing.T) {
	t.Parallel()
	r := startProbing(t)
	near, far := r.phone(t, "udp", "5402"), r.phone(t, "udp", "5401")
	near.wantCode(near.register(), 200)
	far.wantCode(far.register("Contact: <sip:5401@192.168.1.7:5060>", "Path: <sip:edge.test;lr>", "Supported: path"), 200)
	r.after(19 * time.Second)
	if len(r.done) != 0 {
		t.Error("probed too early")
	}
	r.after(time.Second) // 25 s less a fifth
	m := far.answer(404) // whoever refuses lives
	if b := <-r.done; b.Contact != "sip:5401@192.168.1.7:5060" {
		t.Errorf("probed %+v first, want the phone behind NAT", b)
	}
	if !strings.HasPrefix(m.first, "OPTIONS sip:5401@192.168.1.7:5060 ") || m.value("Route") != "<sip:edge.test;lr>" {
		t.Errorf("probed with %+v", m)
	}
	if n := len(r.locations.Lookup(desk)); n != 1 {
		t.Errorf("%d bindings answer, want 1", n)
	}
	r.after(100 * time.Second)
	near.answer(200)
	far.answer(200)
	got := []string{(<-r.done).DeviceID, (<-r.done).DeviceID}
	slices.Sort(got)
	if !slices.Equal(got, []string{desk, "5402@acme.test"}) {
		t.Errorf("probed %q", got)
	}
}

func TestDeadPhonesAreSkipped(t *testing.T) {
	t.Parallel()
	r := startProbing(t)
	p := r.phone(t, "udp", "5401")
	p.wantCode(p.register("Contact: <sip:5401@192.168.1.7>"), 200)
	for misses := range 3 {
		if n := len(r.locations.Lookup(desk)); n != 1 {
			t.Errorf("after %d misses %d bindings answer, want 1", misses, n)
		}
		r.after(20 * time.Second)
		<-r.done // 64*T1 without an answer
	}
	if n := len(r.locations.Lookup(desk)); n != 0 {
		t.Errorf("after 3 misses %d bindings answer, want none", n)
	}
	p.read.Reset(p.conn)
	drain(t, p)
	r.after(30 * time.Second)
	p.answer(200)
	<-r.done
	if n := len(r.locations.Lookup(desk)); n != 1 {
		t.Errorf("after an answer %d bindings answer, want 1", n)
	}
}

// An edge opens and closes its connections as it likes; a call opens one anew.
func TestPhonesBehindAnEdgeOutliveItsConnection(t *testing.T) {
	t.Parallel()
	r := startProbing(t)
	edge := r.phone(t, "tcp", "5401")
	edge.wantCode(edge.register("Contact: <sip:5401@192.168.1.7>", "Path: <sip:edge.test;lr>", "Supported: path"), 200)
	flow := sip.Flow{Transport: sip.TCP, Remote: edge.source()}
	_ = edge.conn.Close()
	waitFor(t, func() bool { return !r.engine.Alive(flow) })
	for range 4 {
		r.after(3 * time.Minute)
		<-r.done
	}
	if n := len(r.locations.Lookup(desk)); n != 1 {
		t.Errorf("%d bindings answer, want 1", n)
	}
}

// drain reads away what was sent again and again.
func drain(t *testing.T, p *phone) {
	t.Helper()
	if err := p.conn.SetReadDeadline(time.Now().Add(20 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, p.read)
}

func TestProbesEndWithTheBinding(t *testing.T) {
	t.Parallel()
	r := startProbing(t)
	p := r.phone(t, "udp", "5401")
	p.wantCode(p.register("Contact: <sip:5401@192.168.1.7>"), 200)
	p.wantCode(p.register("Contact: *", "Expires: 0"), 200)
	r.after(time.Minute)
	r.after(time.Minute) // the first is through
	if n := len(r.done); n != 0 {
		t.Errorf("%d probes without a binding", n)
	}
	tcp := r.phone(t, "tcp", "5401")
	tcp.wantCode(tcp.register(), 200)
	_ = tcp.conn.Close()
	waitFor(t, func() bool { return len(r.locations.Lookup(desk)) == 0 })
	r.after(2 * time.Minute)
	if b := <-r.done; b.DeviceID != desk {
		t.Errorf("probed %+v", b)
	}
}

// Bindings of before a restart are probed without a new registration.
func TestProbesAfterARestart(t *testing.T) {
	t.Parallel()
	first := start(t, nil, "acme.test")
	p := first.phone(t, "udp", "5401")
	done := make(chan location.Binding, 1)
	tick := make(chan time.Time)
	second := start(t, func(c *sipserver.Config) {
		now := c.Now()
		_, err := c.Locations.Apply(t.Context(), desk, func([]location.Binding) (location.Change, error) {
			return location.Change{Put: []location.Binding{{
				Contact: "sip:5401@" + p.source().String(), Flow: "udp:" + p.source().String(), ExpiresAt: now.Add(time.Hour),
			}}}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		c.Probes = sipserver.ProbePolicy{Tick: tick, Done: func(b location.Binding) { done <- b }}
	}, "acme.test")
	tick <- second.now() // once it looks, it has read the bindings
	second.advance(3 * time.Minute)
	tick <- second.now()
	// The phone's socket talks to the first server only, so nothing is heard: what
	// counts is that somebody was asked.
	if b := <-done; b.DeviceID != desk {
		t.Errorf("probed %+v", b)
	}
}
