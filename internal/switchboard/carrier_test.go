package switchboard_test

import (
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/app"
	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
	"github.com/hotdesk-pbx/hotdesk/internal/trunk"
)

// carriers shortens the patience with carriers, but not so much that a slow machine is taken for a dead line.
func carriers(c *app.Config) {
	c.LinePatience = 3 * time.Second
	c.TrunkPace = trunk.Pace{Ask: 200 * time.Millisecond, Answer: 2 * time.Second, Retry: 100 * time.Millisecond}
}

// edit changes the office.
func (o *office) edit(change func(*directory.Office)) {
	o.t.Helper()
	_, err := o.App.Directory().Edit(o.t.Context(), directory.System(), o.domain.ID, func(of *directory.Office) error {
		change(of)
		return nil
	})
	if err != nil {
		o.t.Fatal(err)
	}
}

// withNumbers gives 1001 and the desk a number each, and the office a main one.
func withNumbers(of *directory.Office) {
	of.Domain.MainNumber = "+14165550100"
	of.Numbers = append(of.Numbers,
		directory.Number{Number: "+14165550101", UserID: of.UserByExtension("1001").ID},
		directory.Number{Number: "+14165550141", UserID: of.UserByExtension("5401").ID},
		directory.Number{Number: "+14165550100"})
}

// carrier runs the far end of an outside line, and waits until it is in use.
func (o *office) carrier(name string, change ...func(*directory.Trunk)) *peer {
	o.t.Helper()
	p := o.newPeer(name, sip.UDP)
	o.addLine(name, p.engine.Addr().String(), change...)
	select {
	case <-p.asked:
	case <-time.After(patience):
		o.t.Fatalf("nobody asks whether %s answers", name)
	}
	return p
}

// line is an outside line as it is stored.
func (o *office) line(name string) directory.Trunk {
	o.t.Helper()
	all := o.App.Directory().Trunks(o.domain.ID)
	i := slices.IndexFunc(all, func(t directory.Trunk) bool { return t.Name == name })
	if i < 0 {
		o.t.Fatalf("no line is named %s", name)
	}
	return all[i]
}

// brings makes a carrier call one of our numbers.
func (p *peer) brings(number, from string, change ...func(*leg, *dialog.Invite)) *leg {
	p.t.Helper()
	return p.call(number, append([]func(*leg, *dialog.Invite){func(_ *leg, inv *dialog.Invite) {
		inv.From = sip.Address{Display: "Far Away", URI: sip.URI{Scheme: "sip", User: from, Host: "carrier.test"}}
		inv.Credentials = nil
	}}, change...)...)
}

// heard waits until a sentence is spoken.
func (o *office) heard(text string) {
	o.t.Helper()
	for {
		if said := fact[ivr.Said](o); said.Text == text {
			return
		}
	}
}

// outwardAs checks the record of the next call that ends, one to the outside.
func (o *office) outwardAs(want wantEnd, line string) callrecord.Record {
	o.t.Helper()
	r := o.endsAs(want)
	if r.Way != callrecord.Outward || r.TrunkID != o.line(line).ID {
		o.t.Errorf("the call went %q over %q", r.Way, r.TrunkID)
	}
	return r
}

// showsOutside checks whom a carrier is told of.
func showsOutside(t *testing.T, l *leg, header, display, number string) {
	t.Helper()
	a, err := sip.ParseAddress(sip.Value(l.tx.Request(), header))
	if err != nil || a.Display != display || a.URI.User != number {
		t.Errorf("%s is %q, want %s, %s", header, sip.Value(l.tx.Request(), header), display, number)
	}
}

func (o *office) addLine(name, host string, change ...func(*directory.Trunk)) {
	o.t.Helper()
	o.edit(func(of *directory.Office) {
		line := directory.Trunk{Name: name, Host: host, Transport: "udp", Priority: len(of.Trunks)}
		for _, f := range change {
			f(&line)
		}
		of.Trunks = append(of.Trunks, line)
	})
}

// muteCarrier answers whether it is there, and nothing else.
type muteCarrier struct{ invites atomic.Int64 }

func (o *office) muteCarrier(name string) *muteCarrier {
	o.t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0") //nolint:noctx // it is there at once
	if err != nil {
		o.t.Fatal(err)
	}
	c, asked, done := &muteCarrier{}, make(chan struct{}, 1), make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 65536)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			first, rest, _ := strings.Cut(string(buf[:n]), "\r\n")
			switch {
			case strings.HasPrefix(first, "INVITE "):
				c.invites.Add(1)
			case strings.HasPrefix(first, "OPTIONS "):
				_, _ = conn.WriteTo([]byte("SIP/2.0 200 OK\r\n"+rest), from)
				select {
				case asked <- struct{}{}:
				default:
				}
			}
		}
	}()
	o.t.Cleanup(func() { _ = conn.Close(); <-done })
	o.addLine(name, conn.LocalAddr().String())
	select {
	case <-asked:
	case <-time.After(patience):
		o.t.Fatalf("nobody asks whether %s answers", name)
	}
	return c
}
