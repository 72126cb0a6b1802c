package sip_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
)

// FuzzDatagram sends bytes to a running engine: it must live, answer the next
// good request, and what it serves must be writable and readable again.
func FuzzDatagram(f *testing.F) {
	for _, s := range []string{
		spoil(), request("INVITE", "f", "Contact: <sip:a@b>", "Content-Type: application/sdp", "\nv=0"), request("ACK", "f"), request("CANCEL", "f"),
		answer(spoil(), 200, "OK", "t"), "\r\n\r\n", "SIP/2.0 200 \r\n\r\n", spoil("tag=from", `tag="a b";x="y;z"`), spoil("\nTo", "\n To"),
		spoil("Max-F", "Require: x,,\"y\nMax-F"), spoil("1001@acme", "[::1]"), spoil("CSeq", "m: *, <sip:a@b>;q=\"\nCSeq"), strings.Repeat(" :\n", 300),
	} {
		f.Add([]byte(s))
	}
	wrong := make(chan string, 1000)
	h := newHandler(func(tx *sip.ServerTx) { inspect(tx, wrong); ok(tx) })
	e := start(f, sip.Config{Limits: sip.Limits{Rate: -1}}, h)
	udp := udpPeer(f, e)
	n := 0
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 60000 {
			return
		}
		for len(h.acks) > 0 {
			<-h.acks
		}
		n++
		udp.t = t
		_, _ = udp.conn.Write(b) // an empty datagram may be refused
		udp.send(requestSeq("OPTIONS", "alive", n))
		for got := udp.read(patience); !strings.Contains(got, "alive"); got = udp.read(patience) {
			if got == "" {
				t.Fatal("no answer any more")
			}
		}
		if e.Stats().Panics != 0 || len(wrong) > 0 {
			t.Fatal("a panic, or: ", <-wrong)
		}
	})
}

// inspect tells what is wrong with a request that was let in.
func inspect(tx *sip.ServerTx, wrong chan<- string) {
	req := tx.Request()
	for _, h := range req.Headers() {
		if v := h.Value(); strings.ContainsAny(v, "\r\n\x00") {
			wrong <- fmt.Sprintf("%s: %q breaks out", h.Name(), v)
		}
	}
	for _, v := range sip.Values(req, "Contact") {
		if a, err := sip.ParseAddress(v); err == nil {
			if _, err := sip.ParseAddress(a.String()); err != nil {
				wrong <- fmt.Sprintf("%q was read and written as %q, which is malformed", v, a)
			}
		}
	}
}

// FuzzStream checks that a stream's messages do not depend on how its bytes are
// cut, nor its end on the engine's mercy.
func FuzzStream(f *testing.F) {
	f.Add([]byte(request("INFO", "a")+request("INFO", "b", "Content-Type: a/b", "\nxyz")), 3)
	f.Add([]byte("\r\n\r\n\r\n"+spoil()+"\n"), 1)
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"), 5)
	wrong := make(chan string, 1000)
	h := newHandler(func(tx *sip.ServerTx) { inspect(tx, wrong); ok(tx) })
	e := start(f, sip.Config{Limits: sip.Limits{Rate: -1}}, h)
	n := 0
	f.Fuzz(func(t *testing.T, b []byte, cut int) {
		n++ // ports stay in use for a while: take them from many addresses
		p := dialFrom(t, "tcp", e.Addr(), fmt.Sprintf("127.1.%d.%d:0", n/250%250, n%250+1))
		if cut > 0 && cut < len(b) {
			_, _ = p.conn.Write(b[:cut]) // the engine may close it at any moment
			b = b[cut:]
		}
		_, _ = p.conn.Write(b)
		_ = p.conn.Close()
		recv(t, h.closed)
		for len(h.acks) > 0 {
			<-h.acks
		}
		if e.Stats().Panics != 0 || len(wrong) > 0 {
			t.Fatal("a panic, or: ", <-wrong)
		}
	})
}

func FuzzAddress(f *testing.F) {
	for _, s := range []string{`"a" <sip:a:b@c:1;d=e?f=g>;h="i;j"`, "tel:+1;x", "*", "<sip:[::1]>", `"\`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := sip.ParseAddress(s)
		if err != nil {
			return
		}
		b, err := sip.ParseAddress(a.String())
		if err != nil || b.String() != a.String() {
			t.Errorf("%q was read as %q, that as %q (%v)", s, a, b, err)
		}
		_, _ = sip.Param(s, "h")
	})
}
