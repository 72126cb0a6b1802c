package sip_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
)

// deskRegister is a REGISTER as a desk phone sends it.
func deskRegister(port uint16, call, seq int) string {
	return fmt.Sprintf("REGISTER sip:acme.test SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:%d;branch=z9hG4bK%08x%08x;rport\r\n"+
		"Max-Forwards: 70\r\nFrom: \"5401\" <sip:5401@acme.test>;tag=%08x\r\nTo: \"5401\" <sip:5401@acme.test>\r\nCall-ID: %08x@acme.test\r\n"+
		"CSeq: %d REGISTER\r\nContact: <sip:5401@127.0.0.1:%d>;expires=3600;+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-805ec0112233>\";reg-id=1\r\n"+
		"Authorization: Digest username=\"5401\", realm=\"acme.test\", nonce=\"0123456789abcdef0123456789abcdef\", uri=\"sip:acme.test\", "+
		"response=\"0123456789abcdef0123456789abcdef\", algorithm=MD5, cnonce=\"0a4f113b\", qop=auth, nc=00000001\r\n"+
		"Allow: INVITE, INFO, PRACK, ACK, BYE, CANCEL, OPTIONS, NOTIFY, REGISTER, SUBSCRIBE, REFER, PUBLISH, UPDATE, MESSAGE\r\n"+
		"Supported: path, outbound\r\nUser-Agent: Desk 1.0\r\nAllow-Events: talk,hold,conference,refer,check-sync\r\nExpires: 3600\r\nContent-Length: 0\r\n\r\n",
		port, call, seq, call, call, seq, port)
}

// BenchmarkRegister is one REGISTER through the engine and its 200 back; both
// sides run in this process, so the engine itself takes less.
func BenchmarkRegister(b *testing.B) {
	e := start(b, sip.Config{Limits: sip.Limits{Rate: -1}}, newHandler(func(tx *sip.ServerTx) {
		_ = tx.Reply(200, "OK", sip.NewHeader("Contact", "<sip:5401@127.0.0.1>;expires=3600"))
	}))
	p := udpPeer(b, e)
	port := p.addr().Port()
	const window = 50
	buf := make([]byte, 4096)
	b.ReportAllocs()
	before := cpu(b)
	defer func() { b.ReportMetric(float64(cpu(b)-before)/float64(b.N), "cpu-ns/op") }()
	for i := 0; b.Loop(); i++ {
		_, _ = p.conn.Write([]byte(deskRegister(port, i, 1)))
		if i >= window {
			if _, err := p.conn.Read(buf); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// cpu is the processor time of this process.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Skip(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkParseAddress(b *testing.B) {
	for b.Loop() {
		_, _ = sip.ParseAddress(`"Ana Ruiz" <sip:5401@192.0.2.1:5060;transport=udp>;expires=3600;+sip.instance="<urn:uuid:1>"`)
	}
}

func BenchmarkValues(b *testing.B) {
	req := outgoing("INVITE", "v")
	req.AppendHeader(sip.NewHeader("Supported", strings.Repeat("tag,", 5)+"path"))
	for b.Loop() {
		_ = sip.Values(req, "Supported")
	}
}
