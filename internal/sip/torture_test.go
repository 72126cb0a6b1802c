package sip_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
)

// plain is a request to be spoilt line by line.
const plain = `OPTIONS sip:1001@acme.test SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKt;rport
Max-Forwards: 70
From: "Ana \"Desk\" Ruiz" <sip:5401@acme.test>;tag=from
To: <sip:1001@acme.test>
Call-ID: torture@acme.test
CSeq: 7 OPTIONS
Content-Length: 0

`

// spoil replaces text in plain and gives it the line ends of SIP.
func spoil(pairs ...string) string {
	s := plain
	for i := 0; i < len(pairs); i += 2 {
		s = strings.Replace(s, pairs[i], pairs[i+1], 1)
	}
	return strings.ReplaceAll(s, "\n", "\r\n")
}

// The kinds of messages that RFC 4475 collects, in our own words: what is valid
// is served as it is meant, what is not is answered, or dropped where an answer
// is impossible or forbidden. A "" is silence.
func TestTorture(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"plain", spoil(), "200"},
		// RFC 4475 3.1.1: valid
		{"folding, odd case, compact names, blanks, zeros", spoil(
			"Via: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKt;rport", "v:  SIP  / 2.0  /\tUDP\n   127.0.0.1 : 5060 ;\n branch = z9hG4bKt ; rport",
			"Max-Forwards: 70", "MAX-forwards:\t 0070 ", "To: <", "TO :\n  <", "From: ", "f:", "Call-ID", "i", "CSeq: 7 OPTIONS", "cSEQ: 0007    OPTIONS",
			"Content-Length: 0", "l: 0\ns:\nX-New-Thing:   ;;,,;;,;"), "200"},
		{"any token is a method", spoil("OPTIONS", "!odd-Method09_*+`.%it's~", "7 OPTIONS", "7 !odd-Method09_*+`.%it's~"), "200"},
		{"escapes in the user", spoil("sip:1001@", "sip:sips%3Auser%40acme.test@", "CSeq", "C%6Fntact: <sip:x>\nCSeq"), "200"},
		{"escaped NUL", spoil("sip:1001@", "sip:nul%00l@"), "200"},
		{"methods are not unescaped", spoil("OPTIONS", "OPT%49ONS", "7 OPTIONS", "7 OPT%49ONS"), "200"},
		{"no blank before <", spoil(`Ruiz" <`, `Ruiz"<`), "200"},
		{"token display name", spoil(`"Ana \"Desk\" Ruiz"`, "Ana Ruiz"), "200"},
		{"long values, many Vias", spoil("Max-F", strings.Repeat("Via: SIP/2.0/UDP h.acme.test:5061;branch=z9hG4bK"+strings.Repeat("0", 60)+", SIP/2.0/TCP i.acme.test\n", 17)+"Max-F",
			"=from", "="+strings.Repeat("from", 100)), "200"},
		{"bytes behind the message", spoil() + request("INVITE", "smuggled"), "200"},
		{"semicolon in the user", spoil("sip:1001@", "sip:1001;par=1%402@"), "200"},
		{"transports in Via", spoil("Max-F", "Via: SIP/2.0/SCTP a.test, SIP/2.0/TLS b.test:5061, SIP/2.0/OTHER c.test\nMax-F"), "200"},
		{"binary body", spoil("Content-Length: 0\n\n", "Content-Type: a/b\nContent-Length: 6\n\n\x00\n\r\xff\n\n"), "200"},
		{"line ends of LF", strings.ReplaceAll(plain, "\r", ""), "200"},
		// RFC 4475 3.1.2: invalid
		{"empty Via values", spoil(";rport", ";rport;;,;,,"), "400"},
		{"empty parameters", spoil(";tag=from", ";;tag=from;"), "200"},
		{"length beyond the end", spoil("Content-Length: 0", "Content-Length: 9"), "400"},
		{"negative length", spoil("Content-Length: 0", "Content-Length: -9"), "400"},
		{"CSeq too large", spoil("CSeq: 7", "CSeq: 36893488147419103232"), "400"},
		{"CSeq of 2^31", spoil("CSeq: 7", "CSeq: 2147483648"), "400"},
		{"CSeq without number", spoil("CSeq: 7 ", "CSeq: "), "400"},
		{"Max-Forwards too large", spoil("Max-Forwards: 70", "Max-Forwards: 300"), "400"},
		{"Max-Forwards is no number", spoil("Max-Forwards: 70", "Max-Forwards: x"), "400"},
		{"display name not closed", spoil(`Ruiz" <`, "Ruiz <"), "400"},
		{"parameter not closed", spoil("tag=from", `tag="from`), "400"},
		{"bracket not closed", spoil("5401@acme.test>", "5401@acme.test"), "400"},
		{"brackets round the Request-URI", spoil("sip:1001@acme.test SIP", "<sip:1001@acme.test> SIP"), "400"},
		{"blank in the Request-URI", spoil("sip:1001@acme.test SIP", "sip:1001@acme.test; lr SIP"), "400"},
		{"blanks in the request line", spoil("OPTIONS sip", "OPTIONS  sip"), "400"},
		{"blank behind the request line", spoil("SIP/2.0\n", "SIP/2.0 \n"), "400"},
		{"headers in the Request-URI", spoil("acme.test SIP", "acme.test?Route=%3Csip:a.test%3E SIP"), "400"},
		{"odd Date", spoil("CSeq", "Date: Fri, 01 Jan 2010 16:00:00 EST\nCSeq"), "200"},
		{"comma in a bare display name", spoil(`"Ana \"Desk\" Ruiz"`, "Ruiz, Ana"), "200"},
		{"version 7", spoil("SIP/2.0\n", "SIP/7.0\n", "Via: SIP/2.0", "Via: SIP/7.0"), "505"},
		{"CSeq of another method", spoil("7 OPTIONS", "7 INVITE"), "400"},
		{"lower case method in CSeq only", spoil("7 OPTIONS", "7 options"), "400"},
		{"lower case method", spoil("OPTIONS", "options", "7 OPTIONS", "7 options"), "200"},
		{"NUL behind a backslash in quotes", spoil("Desk", "De\\\x00sk"), "200"},
		{"NUL in a header", spoil("torture@", "tor\x00ture@"), "400"},
		{"bare CR in a header", spoil("torture@", "tor\rture@"), "400"},
		{"no colon", spoil("CSeq", "Garbage\nCSeq"), "400"},
		{"no empty line", strings.TrimSuffix(spoil(), "\r\n"), "400"},
		{"port too large", spoil("1001@acme.test SIP", "1001@acme.test:65536 SIP"), "400"},
		{"no host", spoil("1001@acme.test SIP", "1001@ SIP"), "400"},
		{"star as Request-URI", spoil("sip:1001@acme.test SIP", "* SIP"), "400"},
		// RFC 4475 3.2 to 3.4
		{"empty branch", spoil("branch=z9hG4bKt", "branch=z9hG4bK"), "200"},
		{"no Call-ID", spoil("Call-ID: torture@acme.test\n", ""), "400"},
		{"no From", spoil("From", "X-From"), "400"},
		{"no To", spoil("To:", "X-To:"), "400"},
		{"no CSeq", spoil("CSeq", "X-CSeq"), "400"},
		{"no Via", spoil("Via", "X-Via"), ""},
		{"unknown scheme", spoil("sip:1001@acme.test SIP", "nobodyknows:1001 SIP"), "416"},
		{"known scheme of others", spoil("sip:1001@acme.test SIP", "soap.beep://192.0.2.103:3002 SIP"), "416"},
		{"tel", spoil("sip:1001@acme.test SIP", "tel:+14165550101;phone-context=x SIP"), "200"},
		{"unknown scheme in To", spoil("<sip:1001@acme.test>", "<isbn:2983792873>"), "200"},
		{"unknown extensions", spoil("CSeq", "Require: unheardof, 100rel\nProxy-Require: nor-this\nCSeq"), "420"},
		{"known extension in odd case", spoil("CSeq", "require: 100REL\nCSeq"), "200"},
		{"doubled Call-ID", spoil("CSeq", "i: other\nCSeq"), "400"},
		{"doubled CSeq", spoil("CSeq", "CSeq: 8 OPTIONS\nCSeq"), "400"},
		{"doubled From", spoil("CSeq", "f: <sip:a@b>\nCSeq"), "400"},
		{"doubled To", spoil("CSeq", "t: <sip:a@b>\nCSeq"), "400"},
		{"doubled Max-Forwards", spoil("CSeq", "Max-Forwards: 70\nCSeq"), "400"},
		{"doubled Content-Length", spoil("CSeq", "l: 0\nCSeq"), "400"},
		{"no hops left", spoil("Max-Forwards: 70", "Max-Forwards: 0"), "483"},
		{"of RFC 2543: no branch, tag, length, hops", spoil(";branch=z9hG4bKt", "", ";tag=from", "", "Max-Forwards: 70\n", "", "Content-Length: 0\n", ""), "200"},
		{"too many headers", spoil("CSeq", strings.Repeat("X: y\n", 400)+"CSeq"), "400"},
		// stray responses, and what is no SIP
		{"response without reason", strings.Replace(spoil(), "OPTIONS sip:1001@acme.test SIP/2.0", "SIP/2.0 100 ", 1), ""},
		{"response of a large code", strings.Replace(spoil(), "OPTIONS sip:1001@acme.test SIP/2.0", "SIP/2.0 4294967301 Better", 1), ""},
		{"response with a Via of others", strings.Replace(spoil("127.0.0.1:5060", "255.255.255.255"), "OPTIONS sip:1001@acme.test SIP/2.0", "SIP/2.0 200 OK", 1), ""},
		{"response without anything", "SIP/2.0 200 OK\r\n\r\n", ""},
		{"HTTP", "GET / HTTP/1.1\r\nHost: acme.test\r\n\r\n", ""},
		{"keep-alive", "\r\n\r\n", ""},
		{"NULs", "\x00\x00\x00\x00", ""},
		{"binary", "\x80\x00\x12\x34\xff\xfe", ""},
	}
	e := start(t, sip.Config{Supported: []string{"100rel"}}, newHandler(ok))
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := udpPeer(t, e)
			p.send(strings.ReplaceAll(tt.text, "torture@", fmt.Sprintf("torture%d@", i)))
			if tt.want == "" {
				p.silent(30 * time.Millisecond)
				return
			}
			got := p.expect("SIP/2.0 " + tt.want)
			for _, name := range []string{"Via", "To", "From", "Call-ID", "CSeq", "Content-Length"} {
				if header(got, name) == "" && !strings.HasPrefix(tt.name, "no ") && tt.name != "too many headers" {
					t.Errorf("no %s in %q", name, got)
				}
			}
			if tt.want == "420" && header(got, "Unsupported") != "unheardof, nor-this" {
				t.Errorf("Unsupported %q", header(got, "Unsupported"))
			}
		})
	}
}

func TestWhatIsServedIsWhatWasMeant(t *testing.T) {
	t.Parallel()
	txs := make(chan *sip.ServerTx, 1)
	p := udpPeer(t, start(t, sip.Config{}, newHandler(func(tx *sip.ServerTx) { txs <- tx; ok(tx) })))
	p.send(spoil(
		"CSeq: 7 OPTIONS", "CSeq: 0007    OPTIONS", ";tag=from", ` ; Tag=from;x="a;b = c,d"`, "Via: SIP", "v: SIP", "z9hG4bKt;", "z9hG4bKt;Other=1;",
		"Content-Length: 0\n\n", "k: path, gruu\nSupported: outbound\no: message-summary\nx: 1800;refresher=uac\nr: <sip:1002@acme.test?Replaces=a%3Bto-tag%3Db>\n"+
			"b: \"Ana\" <sip:1001@acme.test>\nm: \"Ruiz, Ana\" <sip:5401@192.0.2.1;transport=TCP>;Expires=60;+sip.instance=\"<urn:uuid:1>\","+
			"<sip:5401@[2001:db8::1]:5070>;pub-gruu=\"sip:5401@acme.test;gr=x\"\nPath: <sip:edge.test;lr>, <sip:b.test;lr>\nl: 4\n\nbodyINVITE sip:x SIP/2.0"))
	req := recv(t, txs).Request()
	p.expect("SIP/2.0 200")
	if req.CSeq().Number != 7 || req.CSeq().Method != sip.OPTIONS || sip.Tag(req.From().Params) != "from" || string(req.Body()) != "body" {
		t.Errorf("read %q", req.String())
	}
	if quoted, _ := sip.Param(sip.Value(req, "From"), "X"); quoted != "a;b = c,d" {
		t.Errorf("quoted parameter %q", quoted)
	}
	for name, want := range map[string]string{
		"Supported": "path|gruu|outbound", "k": "path|gruu|outbound", "event": "message-summary", "SESSION-EXPIRES": "1800;refresher=uac",
		"Refer-To": "<sip:1002@acme.test?Replaces=a%3Bto-tag%3Db>", "Referred-By": `"Ana" <sip:1001@acme.test>`,
		"Path": "<sip:edge.test;lr>|<sip:b.test;lr>", "Nothing": "",
	} {
		if got := strings.Join(sip.Values(req, name), "|"); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if !sip.HasOption(req, "Supported", "OUTBOUND") {
		t.Error("HasOption misses outbound")
	}
	contacts := sip.Values(req, "Contact")
	if len(contacts) != 2 {
		t.Fatalf("contacts %q", contacts)
	}
	first, err := sip.ParseAddress(contacts[0])
	instance, _ := first.Param("+SIP.instance")
	expires, _ := first.Param("expires")
	transport, _ := sip.URIParam(first.URI, "Transport")
	if err != nil || first.Display != "Ruiz, Ana" || instance != "<urn:uuid:1>" || expires != "60" || transport != "TCP" {
		t.Errorf("%+v %v", first, err)
	}
	second, err := sip.ParseAddress(contacts[1])
	gruu, _ := second.Param("pub-gruu")
	if err != nil || gruu != "sip:5401@acme.test;gr=x" || second.URI.Host != "[2001:db8::1]" || second.URI.Port != 5070 {
		t.Errorf("%+v %v", second, err)
	}
	refer, _ := sip.ParseAddress(sip.Value(req, "Refer-To"))
	if replaces, _ := sip.URIHeader(refer.URI, "replaces"); replaces != "a;to-tag=b" {
		t.Errorf("Replaces %q", replaces)
	}
}

func TestTooLargeDatagramIsDropped(t *testing.T) {
	t.Parallel()
	e := start(t, sip.Config{Limits: sip.Limits{MessageSize: 1000}}, newHandler(ok))
	p := udpPeer(t, e)
	p.send(request("OPTIONS", "x", "X: "+strings.Repeat("x", 2000)))
	p.send(request("OPTIONS", "y"))
	if got := p.expect("SIP/2.0 200"); header(got, "Call-ID") != "y" {
		t.Errorf("got %q", got)
	}
}
