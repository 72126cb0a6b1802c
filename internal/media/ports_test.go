package media_test

import (
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/media"
)

func TestParsePorts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text        string
		first, last uint16
		ok          bool
	}{
		{"10000-19999", 10000, 19999, true},
		{" 10000 - 10001 ", 10000, 10001, true},
		{"0", 0, 0, true},
		{"", 0, 0, false},
		{"20000-10000", 0, 0, false},
		{"0-10", 0, 0, false},
		{"10000-70000", 0, 0, false},
		{"a-b", 0, 0, false},
		{"-", 0, 0, false},
	} {
		first, last, err := media.ParsePorts(c.text)
		if (err == nil) != c.ok || first != c.first || last != c.last {
			t.Errorf("%q: %d-%d, %v", c.text, first, last, err)
		}
	}
}

func TestPortsOfARange(t *testing.T) {
	t.Parallel()
	first := freeRange(t, 6)
	var clock atomic.Int64
	ports := newPorts(t, media.PortsConfig{
		First: first + 1, Last: first + 5, Quarantine: time.Minute, // two pairs: +2,+3 and +4,+5
		Now: func() time.Time { return time.Unix(clock.Load(), 0) },
	})
	a, b := open(t, ports), open(t, ports)
	if a.Addr().Port() != first+2 || b.Addr().Port() != first+4 {
		t.Errorf("opened %v and %v", a.Addr(), b.Addr())
	}
	if _, err := ports.Open(); !errors.Is(err, media.ErrNoPorts) {
		t.Errorf("a third pair: %v", err)
	}
	b.Close()
	b.Close()
	until(t, "pair comes back", func() bool { return ports.InUse() == 1 })
	if _, err := ports.Open(); !errors.Is(err, media.ErrNoPorts) {
		t.Errorf("a pair in quarantine: %v", err)
	}
	clock.Add(60)
	if c := open(t, ports); c.Addr().Port() != first+4 {
		t.Errorf("reopened %v", c.Addr())
	}
}

// TestPairAtRest keeps its sockets: nobody else gets the ports, and what comes in
// meanwhile reaches nobody.
func TestPairAtRest(t *testing.T) {
	t.Parallel()
	first := freeRange(t, 2)
	var clock atomic.Int64
	ports := newPorts(t, media.PortsConfig{
		First: first, Last: first + 1, Quarantine: time.Minute, KeepOpen: time.Hour,
		Now: func() time.Time { return time.Unix(clock.Load(), 0) },
	})
	defer ports.Close()
	for range 3 {
		s, before := leg(t, ports)
		before.say(1, 1)
		until(t, "packet", func() bool { return s.Stats().Received == 1 })
		s.Close()
		until(t, "pair comes back", func() bool { return ports.InUse() == 0 })
		if socket(t, first) != nil || socket(t, first+1) != nil {
			t.Error("a port that rests is free for others")
		}
		before.say(100, 1)
		clock.Add(60)
		s, after := leg(t, ports)
		after.say(1, 1)
		until(t, "packet of the next phone", func() bool { return s.Stats().Received == 1 })
		if n := s.Stats().Strangers; n != 100 {
			t.Errorf("%d packets of the phone before were thrown away", n)
		}
		s.Close()
		until(t, "pair comes back", func() bool { return ports.InUse() == 0 })
		clock.Add(60)
	}
}

// TestSocketsAreClosed when a pair has rested long, and when no calls are to come.
func TestSocketsAreClosed(t *testing.T) {
	t.Parallel()
	first := freeRange(t, 4)
	free := func(t *testing.T, at uint16) bool {
		t.Helper()
		return socket(t, at+1) != nil && socket(t, at) != nil // the second is closed last
	}
	t.Run("after a long rest", func(t *testing.T) {
		t.Parallel()
		ports := newPorts(t, media.PortsConfig{First: first, Last: first + 1, KeepOpen: 20 * time.Millisecond})
		open(t, ports).Close()
		until(t, "the ports are free", func() bool { return free(t, first) })
	})
	t.Run("at the end", func(t *testing.T) {
		t.Parallel()
		ports := newPorts(t, media.PortsConfig{First: first + 2, Last: first + 3})
		s := open(t, ports)
		ports.Close()
		s.Close()
		until(t, "the ports are free", func() bool { return free(t, first+2) })
	})
}

// TestPortTakenByAnother passes over a pair of which one port is not free.
func TestPortTakenByAnother(t *testing.T) {
	t.Parallel()
	first := freeRange(t, 4)
	if socket(t, first+1) == nil {
		t.Skip("port was taken in between")
	}
	ports := newPorts(t, media.PortsConfig{First: first, Last: first + 3})
	if s := open(t, ports); s.Addr().Port() != first+2 {
		t.Errorf("opened %v", s.Addr())
	}
	if _, err := ports.Open(); !errors.Is(err, media.ErrNoPorts) {
		t.Errorf("the last pair: %v", err)
	}
	if n := ports.InUse(); n != 1 {
		t.Errorf("%d in use", n)
	}
}

func TestAnyPort(t *testing.T) {
	t.Parallel()
	for _, ip := range []string{"127.0.0.1", "::1"} {
		ports := newPorts(t, media.PortsConfig{IP: netip.MustParseAddr(ip)})
		seen := map[uint16]bool{}
		for range 10 {
			s, err := ports.Open()
			if err != nil {
				t.Skipf("%s: %v", ip, err)
			}
			t.Cleanup(s.Close)
			if port := s.Addr().Port(); port%2 != 0 || seen[port] || s.Addr().Addr().String() != ip {
				t.Errorf("opened %v", s.Addr())
			}
			seen[s.Addr().Port()] = true
		}
	}
}

func TestRangeWithoutPair(t *testing.T) {
	t.Parallel()
	if _, err := media.NewPorts(media.PortsConfig{First: 10001, Last: 10002}); err == nil {
		t.Error("a range without a pair is taken")
	}
	if _, err := media.NewPorts(media.PortsConfig{First: 65534, Last: 65535}); err != nil {
		t.Error(err)
	}
}

// freeRange finds an even port with n free ones from there on.
func freeRange(t *testing.T, n uint16) uint16 {
	t.Helper()
	for range 100 {
		probe := socket(t, 0)
		first := port(probe) &^ 1
		probe.Close()
		free := first < 65000
		for i := range n {
			c := socket(t, first+i)
			if c == nil {
				free = false
				break
			}
			c.Close()
		}
		if free {
			return first
		}
	}
	t.Skip("no free range")
	return 0
}

// TestNoSockets asks for an address that is not ours, which no socket gets.
func TestNoSockets(t *testing.T) {
	t.Parallel()
	for _, first := range []uint16{0, 20000} {
		var log strings.Builder
		ports, err := media.NewPorts(media.PortsConfig{
			IP: netip.MustParseAddr("203.0.113.7"), First: first, Last: 2 * first, Log: slog.New(slog.NewTextHandler(&log, nil)), Now: time.Now,
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ports.Open(); !errors.Is(err, media.ErrNoPorts) {
			t.Errorf("opened: %v", err)
		}
		if ports.InUse() != 0 || log.Len() > 0 {
			t.Errorf("%d in use, logged %q", ports.InUse(), log.String())
		}
	}
}
