package e2e_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/e2e/rawphone"
)

// silence is the answer to what must not be answered.
const silence = 0

// torture is one message after a section of RFC 4475. In it, {via} is a Via
// that leads back, {at} its address, {id} something new each time; lines end in
// CRLF.
type torture struct {
	section, what string
	message       string
	want          []int  // the answers that fit
	proven        []int  // those that fit once 1002 has answered the challenge
	stream        []int  // those that fit on TCP, where they differ
	has           string // a text that the last answer has
}

// common are the headers of a message that is tortured elsewhere.
const common = "To: sip:1002@acme.test\nFrom: sip:1002@acme.test;tag={id}\nCall-ID: {id}\nMax-Forwards: 70\n"

const tinySDP = "v=0\r\no=- 1 1 IN IP4 127.0.1.2\r\ns=-\r\nc=IN IP4 127.0.1.2\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n"

func withSDP(head string) string {
	return fmt.Sprintf("%sContent-Type: application/sdp\nContent-Length: %d\n\n", head, len(tinySDP)) + tinySDP
}

func wellFormed() []torture {
	return []torture{
		{
			"3.1.1.1", "an INVITE that uses each freedom of the syntax",
			withSDP("INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0\n" +
				"TO :\n sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n\n" +
				"From   : \"J Rosenberg \\\\\\\"\"       <sip:1002@acme.test>\n  ;\n  tag = {id}\n" +
				"MaX-fOrWaRdS: 0068\nCall-ID: {id}\nCSeq: 0009\n  INVITE\nVia  : SIP  /   2.0\n /{transport}\n    {at};rport;branch={branch}\n" +
				"s :\nNewFangledHeader:   newfangled value\n continued newfangled value\n" +
				"UnknownHeaderWithUnusualValue: ;;,,;;,;\nRoute:\n <sip:services.example.com;lr;unknownwith=value;unknown-no-value>\n" +
				"v:  SIP  / 2.0  / TCP     192.0.2.2   ;\n  branch  =   z9hG4bK9ikj8  ,\n SIP  /    2.0   / UDP  192.168.255.111   ; branch=\n z9hG4bK30239\n" +
				"m:\"Quoted string \\\"\\\"\" <sip:jdrosen@example.com> ; newparam =\n      newvalue ;\n  secondparam ; q = 0.33\n"),
			[]int{481},
			nil, nil, "",
		},
		{
			"3.1.1.2", "a method and headers of every character there may be",
			"!interesting-Method0123456789_*+`.%indeed'~ sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com SIP/2.0\n" +
				"Via: {via}\nTo: \"BEL:\\\x07 NUL:\\\x00 DEL:\\\x7f\" <sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*@example.com>\n" +
				"From: token1~` token2'+_ token3*%!.- <sip:mundane@example.com>;fromParam''~+*_!.-%=\"\xd1\x80\xd0\xb0\xd0\xb1\";tag=_token~1'+`*%!-.\n" +
				"Call-ID: intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{\nCSeq: 139122385 !interesting-Method0123456789_*+`.%indeed'~\n" +
				"Max-Forwards: 255\nextensionHeader-!.%*+_`'~:\xef\xbb\xbf\xe5\xa4\xa7\xe5\x81\x9c\xe9\x9b\xbb\nContent-Length: 0\n\n",
			[]int{400, 405, 501},
			nil, nil, "",
		},
		{
			"3.1.1.3", "percent signs that escape",
			withSDP("INVITE sip:sips%3Auser%40example.com@example.net SIP/2.0\nTo: sip:%75se%72@example.com\n" +
				"From: <sip:1002@acme.test>;tag={id}\nMax-Forwards: 87\ni: {id}\nCSeq: 234234 INVITE\nVia: {via}\n" +
				"Contact: <sip:cal%6Cer@127.0.1.2:5070;%6C%72;n%61me=v%61lue%25%34%31>\n"),
			[]int{401},
			[]int{404, 484},
			nil, "",
		},
		{
			"3.1.1.4", "NULs in contacts, which are not the end of a text",
			"REGISTER sip:acme.test SIP/2.0\nTo: sip:1002@acme.test\nFrom: sip:1002@acme.test;tag={id}\nMax-Forwards: 87\n" +
				"Call-ID: {id}\nCSeq: 14398234 REGISTER\nVia: {via}\nContact: <sip:%00@127.0.1.2>\nContact: <sip:%00%00@127.0.1.2>\nL:0\n\n",
			[]int{401},
			[]int{200},
			nil, "sip:%00%00@127.0.1.2",
		},
		{
			"3.1.1.5", "percent signs that escape nothing",
			"RE%47IST%45R sip:acme.test SIP/2.0\nTo: \"%Z%45\" <sip:resource@example.com>\nFrom: \"%Z%45\" <sip:resource@example.com>;tag={id}\n" +
				"Call-ID: {id}\nMax-Forwards: 87\nCSeq: 29344 RE%47IST%45R\nVia: {via}\nC%6Fntact: <sip:alias1@host1.example.com>\n" +
				"C%6Fntact: <sip:alias2@host2.example.com>\nl: 0\n\n",
			[]int{405, 501},
			nil, nil, "",
		},
		{
			"3.1.1.6", "no blank between name and bracket",
			"OPTIONS sip:acme.test SIP/2.0\nTo: \"Watson\"<sip:1002@acme.test>\nFrom: caller<sip:caller@example.com>;tag={id}\n" +
				"Call-ID: {id}\nMax-Forwards: 70\nCSeq: 8 OPTIONS\nVia: {via}\nl: 0\n\n",
			[]int{200},
			nil, nil, "",
		},
		{
			"3.1.1.7", "long values",
			withSDP("INVITE sip:1001@acme.test SIP/2.0\nVia: {via}\n" +
				"To: \"" + strings.Repeat("I have a very long name ", 20) + "\" <sip:1001@acme.test>\n" +
				"From: <sip:1002@acme.test>;tag=" + strings.Repeat("{id}", 10) + ";longparam" + strings.Repeat("name", 60) + "=longvalue" + strings.Repeat("value", 60) + "\n" +
				"Call-ID: longreq" + strings.Repeat("really", 60) + "longcallid{id}\nCSeq: 3882340 INVITE\nMax-Forwards: 70\n" +
				"Unknown-" + strings.Repeat("Long-", 30) + "Name: unknown-" + strings.Repeat("long-", 60) + "value\n" +
				strings.Repeat("Via: SIP/2.0/TCP sip33.example.com;branch=z9hG4bKxx\nv: SIP/2.0/UDP 192.0.2.32;branch=z9hG4bKyy\n", 17) +
				"Contact: <sip:" + strings.Repeat("amazinglylongcallername", 10) + "@127.0.1.2:5070>\n"),
			[]int{401},
			nil, nil, "",
		},
		{
			"3.1.1.9", "semicolons in the user",
			"OPTIONS sip:user;par=u%40example.net@acme.test SIP/2.0\nTo: sip:j_user@example.com\nFrom: sip:caller@example.org;tag={id}\n" +
				"Max-Forwards: 3\nCall-ID: {id}\nCSeq: 8 OPTIONS\nAccept: application/sdp, application/pkcs7-mime,\n multipart/mixed, multipart/signed,\n message/sip, message/sipfrag\n" +
				"Via: {via}\nl: 0\n\n",
			[]int{200},
			nil, nil, "",
		},
		{
			"3.1.1.10", "transports of every kind in the Vias",
			"OPTIONS sip:1002@acme.test SIP/2.0\nTo: sip:user@example.com\nFrom: <sip:caller@example.com>;tag={id}\nMax-Forwards: 70\nCall-ID: {id}\n" +
				"Via: {via}\nVia: SIP/2.0/SCTP t2.example.com;branch=z9hG4bKkdjuw\nVia: SIP/2.0/TLS t3.example.com;branch=z9hG4bKkdjux\n" +
				"Via: SIP/2.0/UNKNOWN t4.example.com;branch=z9hG4bKkdjuy\nVia: SIP/2.0/TCP t5.example.com;branch=z9hG4bKkdjuz\nCSeq: 60 OPTIONS\nl: 0\n\n",
			[]int{200},
			nil, nil, "SIP/2.0/UNKNOWN t4.example.com",
		},
		{
			"3.1.1.11", "a body of several parts, one of them binary",
			"MESSAGE sip:1002@acme.test SIP/2.0\nVia: {via}\nMax-Forwards: 70\nFrom: <sip:127.0.0.1>;tag={id}\nTo: <sip:1002@acme.test>\n" +
				"Call-ID: {id}\nCSeq: 127 MESSAGE\nMIME-Version: 1.0\nContent-Type: multipart/mixed;boundary=7a9cbec02ceef655\nContent-Length: 154\n\n" +
				"--7a9cbec02ceef655\r\nContent-Type: text/plain\r\n\r\nHello\r\n--7a9cbec02ceef655\r\nContent-Type: application/octet-stream\r\n\r\n\x30\x00\n\x80\xff\r\n\r\n\x00tail\x01\r\n--7a9cbec02ceef655--\r\n",
			[]int{405},
			nil, nil, "",
		},
	}
}

func malformed() []torture {
	return []torture{
		{
			"3.1.2.1", "separators with nothing between",
			"INVITE sip:user@acme.test SIP/2.0\n" + common + "CSeq: 8 INVITE\nVia: {via};;,;,,\nContact: \"Joe\" <sip:joe@example.org>;;;;\nContent-Length: 0\n\n",
			[]int{400},
			nil, nil, "",
		},
		{
			"3.1.2.2", "a Content-Length beyond the end",
			"INVITE sip:user@acme.test SIP/2.0\n" + common + "CSeq: 8 INVITE\nVia: {via}\nContent-Type: application/sdp\nContent-Length: 9999\n\n" + tinySDP,
			[]int{400},
			nil,
			[]int{silence},
			"",
		},
		{
			"3.1.2.3", "a negative Content-Length",
			"INVITE sip:user@acme.test SIP/2.0\n" + common + "CSeq: 8 INVITE\nVia: {via}\nContent-Type: application/sdp\nContent-Length: -999\n\n" + tinySDP,
			[]int{400},
			nil, nil, "",
		},
		{
			"3.1.2.4", "numbers too large, in a request",
			"REGISTER sip:acme.test SIP/2.0\nVia: {via}\nTo: <sip:1002@acme.test>\nFrom: <sip:1002@acme.test>;tag={id}\nCSeq: 36893488147419103232 REGISTER\n" +
				"Max-Forwards: 300\nExpires: 10000000000000000000000000000000000000\nContact: <sip:user@127.0.1.2>\n  ;expires=280297596632815\nCall-ID: {id}\nContent-Length: 0\n\n",
			[]int{400},
			nil, nil, "",
		},
		{
			"3.1.2.6", "a quotation mark that never closes",
			"INVITE sip:1002@acme.test SIP/2.0\nTo: \"Mr. J. User <sip:j.user@example.com>\nFrom: sip:caller@example.net;tag={id}\n" +
				"Max-Forwards: 10\nCall-ID: {id}\nCSeq: 8 INVITE\nVia: {via}\nContact: <sip:user@127.0.1.2>\nl: 0\n\n",
			[]int{400},
			nil, nil, "",
		},
		{
			"3.1.2.7", "a Request-URI in brackets",
			"INVITE <sip:1002@acme.test> SIP/2.0\n" + common + "CSeq: 1 INVITE\nVia: {via}\nl: 0\n\n",
			[]int{400},
			nil, nil, "",
		},
		{
			"3.1.2.8", "a Request-URI with blanks",
			"INVITE sip:1002@acme.test; lr SIP/2.0\n" + common + "CSeq: 1 INVITE\nVia: {via}\nl: 0\n\n",
			[]int{400},
			nil, nil, "",
		},
		{
			"3.1.2.9", "many blanks in the request line",
			"INVITE  sip:1002@acme.test  SIP/2.0\n" + common + "CSeq: 1 INVITE\nVia: {via}\nl: 0\n\n",
			[]int{400},
			nil, nil, "",
		},
		{
			"3.1.2.10", "blanks behind the request line",
			"OPTIONS sip:1002@acme.test SIP/2.0  \n" + common + "CSeq: 1 OPTIONS\nVia: {via}\nl: 0\n\n",
			[]int{400},
			nil, nil, "",
		},
		{
			"3.1.2.11", "headers in the Request-URI",
			"INVITE sip:1002@acme.test?Route=%3Csip:example.com%3E SIP/2.0\n" + common + "CSeq: 1 INVITE\nVia: {via}\nl: 0\n\n",
			[]int{400},
			nil, nil, "",
		},
		{
			"3.1.2.12", "a Date in another zone than GMT",
			"INVITE sip:1009@acme.test SIP/2.0\n" + common + "Date: Fri, 01 Jan 2010 16:00:00 EST\nCSeq: 1 INVITE\nVia: {via}\nContact: <sip:1002@{at}>\nl: 0\n\n",
			[]int{401},
			[]int{404},
			nil, "",
		},
		{
			"3.1.2.13", "a contact with headers and no brackets",
			"REGISTER sip:acme.test SIP/2.0\n" + common + "CSeq: 79 REGISTER\nVia: {via}\nContact: sip:user@127.0.1.2?Route=%3Csip:sip.example.com%3E\nl: 0\n\n",
			[]int{401},
			[]int{200, 400},
			nil, "",
		},
		{
			"3.1.2.14", "blanks in an address",
			"OPTIONS sip:1002@acme.test SIP/2.0\nVia: {via}\nMax-Forwards: 70\nFrom: sip:caller@example.org;tag={id}\nTo: < sip:1002@acme.test >\n" +
				"Call-ID: {id}\nCSeq: 8 OPTIONS\nl: 0\n\n",
			[]int{200, 400},
			nil, nil, "",
		},
		{
			"3.1.2.15", "a comma in a name without quotation marks",
			"OPTIONS sip:1002@acme.test SIP/2.0\nVia: {via}\nMax-Forwards: 70\nFrom: Bell, Alexander <sip:a.g.bell@example.com>;tag={id}\nTo: Watson, Thomas <sip:1002@acme.test>\n" +
				"Call-ID: {id}\nCSeq: 8 OPTIONS\nl: 0\n\n",
			[]int{200, 400},
			nil, nil, "",
		},
		{
			"3.1.2.16", "a version that nobody speaks",
			"OPTIONS sip:1002@acme.test SIP/7.0\n" + common + "CSeq: 1 OPTIONS\nVia: SIP/7.0/{transport} {at};rport;branch={branch}\nl: 0\n\n",
			[]int{505},
			nil, nil, "",
		},
		{
			"3.1.2.17", "a CSeq of another method",
			"OPTIONS sip:1002@acme.test SIP/2.0\n" + common + "CSeq: 8 INVITE\nVia: {via}\nl: 0\n\n",
			[]int{400},
			nil, nil, "",
		},
		{
			"3.1.2.18", "an unknown method with a CSeq of another",
			"NEWMETHOD sip:1002@acme.test SIP/2.0\n" + common + "CSeq: 8 INVITE\nVia: {via}\nContact: <sip:caller@127.0.1.2>\nl: 0\n\n",
			[]int{400, 501},
			nil, nil, "",
		},
	}
}

func responses() []torture {
	head := "Via: {via}\nFrom: <sip:1002@acme.test>;tag=1\nTo: <sip:1001@acme.test>;tag=2\nCall-ID: {id}\n"
	return []torture{
		{"3.1.1.12", "a reason in another script", "SIP/2.0 200 = 2**3 * 5**2 \xd0\xbd\xd0\xbe\xd1\x81\xd1\x82\xd0\xbe\n" + head + "CSeq: 35 INVITE\nContact: <sip:1001@127.0.1.2>\nl: 0\n\n", []int{silence}, nil, nil, ""},
		{"3.1.1.13", "no reason", "SIP/2.0 100 \n" + head + "CSeq: 35 INVITE\nl: 0\n\n", []int{silence}, nil, nil, ""},
		{"3.1.2.5", "numbers too large, in a response", "SIP/2.0 503 Service Unavailable\n" + head + "CSeq: 9292394834772304023312 OPTIONS\nRetry-After: 949302838503028349304023988\nWarning: 1812 overture \"In Progress\"\nl: 0\n\n", []int{silence}, nil, nil, ""},
		{"3.1.2.19", "a status beyond numbers", "SIP/2.0 4294967301 better not break the receiver\n" + head + "CSeq: 353494 INVITE\nl: 0\n\n", []int{silence}, nil, nil, ""},
		{"3.3.10", "a Via of everybody", "SIP/2.0 200 OK\nVia: SIP/2.0/{transport} {at};branch={branch}\nVia: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber23\n" + strings.TrimPrefix(head, "Via: {via}\n") + "CSeq: 35 INVITE\nl: 0\n\n", []int{silence}, nil, nil, ""},
	}
}

func unusable() []torture {
	register := "REGISTER sip:acme.test SIP/2.0\n" + common + "CSeq: 79 REGISTER\nVia: {via}\nl: 0\n"
	return []torture{
		{"3.2.1", "a branch that is the cookie alone", "OPTIONS sip:1002@acme.test SIP/2.0\n" + common + "CSeq: 8 OPTIONS\nVia: SIP/2.0/{transport} {at};rport;branch=z9hG4bK\nl: 0\n\n", []int{200, 400}, nil, nil, ""},
		{"3.3.1", "nearly no headers", "INVITE sip:user@acme.test SIP/2.0\nCSeq: 193942 INVITE\nVia: {via}\nContent-Type: application/sdp\nl: 0\n\n", []int{400}, nil, nil, ""},
		{"3.3.2", "a scheme that nobody knows", "OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0\n" + common + "CSeq: 3923423 OPTIONS\nVia: {via}\nl: 0\n\n", []int{400, 416}, nil, nil, ""},
		{"3.3.3", "a scheme of another trade", "OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0\n" + common + "CSeq: 3923423 OPTIONS\nVia: {via}\nl: 0\n\n", []int{400, 416}, nil, nil, ""},
		{
			"3.3.4", "schemes of other trades in the addresses",
			"REGISTER sip:acme.test SIP/2.0\nVia: {via}\nMax-Forwards: 70\nTo: isbn:2983792873\nFrom: <http://www.example.com>;tag={id}\nCall-ID: {id}\nCSeq: 234902 REGISTER\nContact: <name:John_Smith>\nl: 0\n\n",
			[]int{400, 401},
			nil, nil, "",
		},
		{
			"3.3.5", "extensions that are required and do not exist",
			"OPTIONS sip:1002@acme.test SIP/2.0\n" + common + "CSeq: 8 OPTIONS\nVia: {via}\nRequire: nothingSupportsThis, nothingSupportsThisEither\nProxy-Require: noProxiesSupportThis, norDoAnyProxiesSupportThis\nl: 0\n\n",
			[]int{420},
			nil, nil, "nothingSupportsThisEither",
		},
		{
			"3.3.6", "a body of a kind that nobody knows",
			"INVITE sip:1001@acme.test SIP/2.0\n" + common + "CSeq: 8 INVITE\nVia: {via}\nContact: <sip:1002@{at}>\nContent-Type: application/unknownformat\nContent-Length: 40\n\n<audio>\r\n <pcmu port=\"443\"/>\r\n</audio>\r\n",
			[]int{401},
			[]int{415},
			nil, "application/sdp",
		},
		{"3.3.7", "a scheme of proof that nobody knows", register + "Authorization: NoOneKnowsThisScheme opaque-data=here\n\n", []int{401}, nil, nil, "WWW-Authenticate: Digest"},
		{
			"3.3.8", "two of each header of which there is one",
			"INVITE sip:1002@acme.test SIP/2.0\n" + common + "Via: {via}\nCSeq: 5 INVITE\nCSeq: 59 INVITE\nCall-ID: another{id}\nFrom: sip:other@example.com;tag=3413415\nTo: sip:user@example.net\nMax-Forwards: 7\nContact: <sip:1002@127.0.1.2>\nl: 0\n\n",
			[]int{400},
			nil, nil, "",
		},
		{"3.3.9", "two Content-Lengths", "OPTIONS sip:1002@acme.test SIP/2.0\n" + common + "Via: {via}\nCSeq: 5 OPTIONS\nContent-Length: 13\nContent-Length: 5\nContent-Type: text/plain\n\nThere's no way to know how many octets", []int{400}, nil, nil, ""},
		{"3.3.11", "no hop left", "OPTIONS sip:1002@acme.test SIP/2.0\nTo: sip:1002@acme.test\nFrom: sip:1002@acme.test;tag={id}\nCall-ID: {id}\nMax-Forwards: 0\nCSeq: 8 OPTIONS\nVia: {via}\nl: 0\n\n", []int{200, 483}, nil, nil, ""},
		{"3.3.12", "a parameter of the contact that nobody knows", register + "Contact: sip:1002@127.0.1.2;unknownparam\n\n", []int{401}, []int{200}, nil, "<sip:1002@127.0.1.2>;"},
		{"3.3.13", "a parameter of the contact's URI that nobody knows", register + "Contact: <sip:1002@127.0.1.2;unknownparam>\n\n", []int{401}, []int{200}, nil, "sip:1002@127.0.1.2;unknownparam"},
		{"3.3.14", "a header in the contact's URI", register + "Contact: <sip:1002@127.0.1.2?Route=%3Csip:sip.example.com%3E>\n\n", []int{401}, []int{200, 400}, nil, ""},
		{"3.3.15", "answers wanted of a kind that nobody has", withSDP("INVITE sip:1009@acme.test SIP/2.0\n" + common + "CSeq: 8 INVITE\nVia: {via}\nContact: <sip:1002@{at}>\nAccept: text/nobodyKnowsThis\n"), []int{401}, []int{404, 406}, nil, ""},
		{"3.4.1", "an INVITE of the time of RFC 2543", "INVITE sip:1001@acme.test SIP/2.0\nVia: SIP/2.0/{transport} {at};rport\nFrom: <sip:1002@acme.test>\nTo: <sip:1001@acme.test>\nCall-ID: {id}\nCSeq: 1 INVITE\nContact: <sip:1002@{at}>\nContent-Type: application/sdp\nContent-Length: 0\n\n", []int{401}, nil, nil, ""},
	}
}

func TestTorture(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, office())
	for _, transport := range []string{"UDP", "TCP"} {
		for _, c := range slices.Concat(wellFormed(), malformed(), responses(), unusable()) {
			t.Run(transport+" "+c.section+" "+c.what, func(t *testing.T) {
				if transport == "TCP" && c.stream != nil {
					c.want = c.stream
				}
				c.run(t, s.raw(t, transport, "127.0.1.1", "1002"))
			})
		}
	}
	s.livesOn(t)
}

func (c torture) run(t *testing.T, phone *rawphone.Phone) {
	t.Helper()
	message := c.render(phone)
	phone.Send(t, message)
	if slices.Contains(c.want, silence) {
		if c.stream == nil {
			staysSilent(t, phone)
		}
		return
	}
	answer := phone.Await(t, "answer", func(m rawphone.Message) bool { return m.Code() >= 200 })
	if !slices.Contains(c.want, answer.Code()) {
		t.Errorf("wanted %v, got:\n%s", c.want, answer)
	}
	if c.proven != nil && answer.Code() == 401 {
		phone.Challenged(answer)
		line, rest, _ := strings.Cut(c.render(phone), "\r\n")
		words := strings.Split(line, " ")
		proof := phone.Authorize(t, rawphone.Request{Method: words[0], Target: words[1]})
		phone.Send(t, line+"\r\nAuthorization: "+proof+"\r\n"+rest)
		answer = phone.Await(t, "second answer", func(m rawphone.Message) bool { return m.Code() >= 200 && m.ToTag() != answer.ToTag() })
		if !slices.Contains(c.proven, answer.Code()) {
			t.Errorf("wanted %v, got:\n%s", c.proven, answer)
		}
	}
	if !strings.Contains(string(answer), c.has) {
		t.Errorf("the answer has no %q:\n%s", c.has, answer)
	}
}

func (c torture) render(phone *rawphone.Phone) string {
	transport := phone.Transport()
	branch := "z9hG4bK" + rawphone.ID()
	head, body, _ := strings.Cut(c.message, "\n\n")
	head = strings.ReplaceAll(head, "\n", "\r\n")
	return strings.NewReplacer(
		"{via}", "SIP/2.0/"+transport+" "+phone.Addr()+";rport;branch="+branch,
		"{at}", phone.Addr(), "{id}", rawphone.ID(), "{transport}", transport, "{branch}", branch,
	).Replace(head) + "\r\n\r\n" + body
}

// staysSilent checks that nothing was answered, by a question behind it that is.
func staysSilent(t *testing.T, phone *rawphone.Phone) {
	t.Helper()
	question := rawphone.Request{Method: "OPTIONS", CallID: rawphone.ID()}
	phone.Send(t, phone.Render(question))
	answer := phone.Await(t, "answer to OPTIONS", func(rawphone.Message) bool { return true })
	if answer.Header("Call-ID") != question.CallID {
		t.Errorf("was answered:\n%s", answer)
	}
}

// RFC 4475 3.1.1.8: what is behind the end of a message in one datagram is
// thrown away; on a stream it is the next message.
func TestTortureTwoMessagesAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, office())
	for transport, want := range map[string]int{"UDP": 1, "TCP": 2} {
		phone := s.raw(t, transport, "127.0.1.1", "1002")
		phone.Send(t, phone.Render(rawphone.Request{Method: "REGISTER"})+phone.Render(rawphone.Request{Method: "OPTIONS"}))
		for range want {
			phone.Await(t, "answer", func(rawphone.Message) bool { return true })
		}
		if m, more := phone.Within(500*time.Millisecond, func(rawphone.Message) bool { return true }); more {
			t.Errorf("%s: more than %d answers:\n%s", transport, want, m)
		}
	}
	s.livesOn(t)
}
