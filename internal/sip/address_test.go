package sip_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/resolve"
)

func TestParseAddress(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{"sip:1001@acme.test", "<sip:1001@acme.test>"},
		{"sip:1001@acme.test;tag=1", "<sip:1001@acme.test>;tag=1"},
		{"<sip:1001@acme.test;lr>;Tag=1", "<sip:1001@acme.test;lr>;tag=1"},
		{`"Ana \"A\" Ruiz"<sip:1001@acme.test>`, `"Ana \"A\" Ruiz" <sip:1001@acme.test>`},
		{"Ana Ruiz <sip:1001:pw@acme.test:5070?a=b&c=d>", `"Ana Ruiz" <sip:1001:pw@acme.test:5070?a=b&c=d>`},
		{"<sip:[::1]:5060;transport=tcp>", "<sip:[::1]:5060;transport=tcp>"},
		{"<tel:+1416;phone-context=a>;x", "<tel:+1416;phone-context=a>;x"},
		{`<sip:a@b>;x="y z";q=0.5`, `<sip:a@b>;x="y z";q=0.5`},
		{`<sip:a@b>;x="y;z"`, `<sip:a@b>;x="y;z"`},
		{"*", "*"},
		{" < sip:a@b > ", "<sip:a@b>"},
		{"", ""},
		{"<sip:a@b", ""},
		{`"a <sip:a@b>`, ""},
		{`"a" sip:a@b`, ""},
		{`a "b <sip:a@b>`, ""},
		{"<sip:a b@c>", ""},
		{"<sip:@b>", ""},
		{"<sip:a@b:0>", ""},
		{"<sip:a@b:x>", ""},
		{"<sip:a@[::1>", ""},
		{"<sip:a@b>x", ""},
		{"<sip:a@b>;x=y z", ""},
		{"<sip:>", ""},
		{"1001", ""},
		{"<sip:a@b>;=x", ""},
	}
	for _, tt := range tests {
		a, err := sip.ParseAddress(tt.in)
		if tt.want == "" {
			if !errors.Is(err, sip.ErrSyntax) {
				t.Errorf("%q: %q, %v, want ErrSyntax", tt.in, a, err)
			}
			continue
		}
		if err != nil || a.String() != tt.want {
			t.Errorf("%q: %q, %v, want %q", tt.in, a, err, tt.want)
		}
	}
}

func TestNothingBreaksOutOfAHeader(t *testing.T) {
	t.Parallel()
	evil := "Eve\"\r\nVia: x\\"
	a := sip.Address{Display: evil, URI: sip.URI{Scheme: "sip", User: "1", Host: "h"}}
	if s := a.String(); strings.ContainsAny(s, "\r\n") || s != `"Eve\"  Via: x\\" <sip:1@h>` {
		t.Errorf("address %q", s)
	}
	if v := sip.NewHeader("Subject", evil).Value(); strings.ContainsAny(v, "\r\n") {
		t.Errorf("header %q", v)
	}
}

func TestHeaderHelpers(t *testing.T) {
	t.Parallel()
	req := outgoing("INVITE", "h")
	req.AppendHeader(sip.NewHeader("authorization", "Digest a=\"b,c\""))
	req.AppendHeader(sip.NewHeader("Authorization", "Digest d"))
	if got := sip.Values(req, "AUTHORIZATION"); len(got) != 2 || got[0] != `Digest a="b,c"` {
		t.Errorf("%q", got)
	}
	sip.RemoveHeaders(req, "authorization")
	if got := sip.Value(req, "Authorization"); got != "" {
		t.Errorf("%q is left", got)
	}
	sip.SetHeader(req, sip.NewHeader("CSeq", "9 INVITE"))
	if req.CSeq().Number != 9 || len(sip.Values(req, "CSeq")) != 1 {
		t.Errorf("CSeq %v", sip.Values(req, "CSeq"))
	}
	dup := sip.Clone(req)
	sip.SetHeader(dup, sip.NewHeader("To", "<sip:other@b>"))
	if req.To().URI.User != "1001" || dup.To().URI.User != "other" {
		t.Error("the copy hangs on the original")
	}
	for _, tt := range []struct{ value, name, want string }{
		{`<sip:a@b;x=1>;Y="2 ; 3"`, "y", "2 ; 3"},
		{`<sip:a@b;x=1>`, "x", ""},
		{`application/sdp;charset="u\"8"`, "CHARSET", `u"8`},
		{"plain", "x", ""},
		{"a;b;c", "b", ""},
	} {
		if got, _ := sip.Param(tt.value, tt.name); got != tt.want {
			t.Errorf("%s of %s: %q, want %q", tt.name, tt.value, got, tt.want)
		}
	}
	if _, has := sip.Param("a;b;c", "b"); !has {
		t.Error("a parameter without value is missed")
	}
	tel, _ := sip.ParseURI("tel:+1-416;phone-context=x")
	esc, _ := sip.ParseURI("sip:%2A88@h")
	nul, _ := sip.ParseURI("sip:1%00@h")
	if sip.URIUser(nul) != "1%00" {
		t.Errorf("user %q", sip.URIUser(nul))
	}
	if sip.URIUser(tel) != "+1-416" || sip.URIUser(esc) != "*88" {
		t.Errorf("users %q %q", sip.URIUser(tel), sip.URIUser(esc))
	}
}

func TestFlowText(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"udp:192.0.2.1:5060", "tcp:[2001:db8::1]:5061", "wss:10.0.0.1:1"} {
		f, err := sip.ParseFlow(s)
		if err != nil || f.String() != s {
			t.Errorf("%q: %v %v", s, f, err)
		}
	}
	for _, s := range []string{"", "udp", "sctp:1.2.3.4:5", "udp:host:5", "udp:1.2.3.4"} {
		if f, err := sip.ParseFlow(s); err == nil {
			t.Errorf("%q: %v", s, f)
		}
	}
}

func TestResolveLiterals(t *testing.T) {
	t.Parallel()
	e := start(t, sip.Config{}, newHandler(ok))
	for in, want := range map[string]string{
		"sip:a@192.0.2.1":                       "udp:192.0.2.1:5060",
		"sip:a@192.0.2.1:5070;transport=TCP":    "tcp:192.0.2.1:5070",
		"sip:a@[2001:db8::1]":                   "udp:[2001:db8::1]:5060",
		"sip:a@acme.test;maddr=192.0.2.9":       "udp:192.0.2.9:5060",
		"sip:a@acme.test":                       "",
		"sip:a@192.0.2.1;transport=carrier-pig": "",
		"tel:+1416":                             "",
	} {
		uri, err := sip.ParseURI(in)
		if err != nil {
			t.Fatal(err)
		}
		flows, err := e.Resolve(t.Context(), uri)
		switch {
		case want == "" && !errors.Is(err, sip.ErrUnresolved):
			t.Errorf("%s: %v %v, want ErrUnresolved", in, flows, err)
		case want != "" && (err != nil || len(flows) != 1 || flows[0].String() != want):
			t.Errorf("%s: %v %v", in, flows, err)
		}
	}
}

var _ sip.Resolver = (*resolve.Resolver)(nil)

func TestAdvertise(t *testing.T) {
	t.Parallel()
	e := start(t, sip.Config{
		Listen: "0.0.0.0:0", Advertise: netip.MustParseAddr("203.0.113.7"), Near: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
	}, newHandler(ok))
	for remote, want := range map[string]string{
		"192.0.2.1:5060": "203.0.113.7", "127.0.0.9:5060": "127.0.0.1", "[::1]:5060": "::1", // an IPv4 address would help nobody there
	} {
		for _, transport := range []sip.Transport{sip.UDP, sip.TCP} {
			local := e.Local(sip.Flow{Transport: transport, Remote: netip.MustParseAddrPort(remote)})
			if local != netip.AddrPortFrom(netip.MustParseAddr(want), e.Addr().Port()) {
				t.Errorf("%s over %s is told %v, want %s", remote, transport, local, want)
			}
		}
	}
}

func TestListen(t *testing.T) {
	t.Parallel()
	e := start(t, sip.Config{Listen: "0.0.0.0:0"}, newHandler(ok))
	local := e.Local(sip.Flow{Transport: sip.UDP, Remote: netip.MustParseAddrPort("127.0.0.1:5060")})
	if local != netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), e.Addr().Port()) {
		t.Errorf("local %v", local)
	}
	if _, err := sip.Listen(sip.Config{Listen: e.Addr().String()}); err == nil {
		t.Error("one port opened twice")
	}
	if _, err := sip.Listen(sip.Config{Listen: "somewhere"}); err == nil {
		t.Error("no address, yet no error")
	}
	other, err := sip.Listen(sip.Config{Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Close(); err != nil {
		t.Error(err)
	}
}
