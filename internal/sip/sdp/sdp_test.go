package sdp_test

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	pion "github.com/pion/sdp/v3"

	"github.com/hotdesk-pbx/hotdesk/internal/sip/sdp"
)

// lines joins lines as they go over the wire.
func lines(text ...string) []byte { return []byte(strings.Join(text, "\r\n") + "\r\n") }

func at() netip.AddrPort { return netip.MustParseAddrPort("198.51.100.1:10000") }

// deskPhone is an offer as a desk phone makes it.
func deskPhone() []byte {
	return lines("v=0", "o=- 20083 20083 IN IP4 192.0.2.7", "s=SDP data", "c=IN IP4 192.0.2.7", "t=0 0",
		"m=audio 11780 RTP/AVP 9 0 8 18 101", "a=rtpmap:9 G722/8000", "a=rtpmap:0 PCMU/8000", "a=rtpmap:8 PCMA/8000",
		"a=rtpmap:18 G729/8000", "a=fmtp:18 annexb=no", "a=fmtp:101 0-15", "a=rtpmap:101 telephone-event/8000",
		"a=ptime:20", "a=sendrecv")
}

func compareAddresses() cmp.Option { return cmpopts.EquateComparable(netip.AddrPort{}) }

func TestAudio(t *testing.T) {
	t.Parallel()
	s, err := sdp.Parse(deskPhone())
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Audio()
	if err != nil {
		t.Fatal(err)
	}
	want := sdp.Audio{
		RTP: netip.MustParseAddrPort("192.0.2.7:11780"), RTCP: netip.MustParseAddrPort("192.0.2.7:11781"),
		Direction: sdp.SendRecv, Ptime: 20 * time.Millisecond,
		Formats: []sdp.Format{
			{PayloadType: 9, Name: "G722", ClockRate: 8000, Channels: 1},
			{PayloadType: 0, Name: "PCMU", ClockRate: 8000, Channels: 1},
			{PayloadType: 8, Name: "PCMA", ClockRate: 8000, Channels: 1},
			{PayloadType: 18, Name: "G729", ClockRate: 8000, Channels: 1, Params: "annexb=no"},
			{PayloadType: 101, Name: "TELEPHONE-EVENT", ClockRate: 8000, Channels: 1, Params: "0-15"},
		},
	}
	if diff := cmp.Diff(want, got, compareAddresses()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if pt, ok := got.Event(8000); !ok || pt != 101 {
		t.Errorf("payload type for digits: %d, %v", pt, ok)
	}
}

func TestAudioForms(t *testing.T) {
	t.Parallel()
	type view struct {
		RTP, RTCP, Direction, Formats string
		Mux, Held                     bool
	}
	for _, test := range []struct {
		name  string
		body  []byte
		want  view
		fails error
	}{
		{
			"static numbers without rtpmap", lines("v=0", "c=IN IP4 192.0.2.1", "m=audio 5004 RTP/AVP 0 8 9 97"),
			view{"192.0.2.1:5004", "192.0.2.1:5005", "sendrecv", "0=PCMU/8000 8=PCMA/8000 9=G722/8000", false, false},
			nil,
		},
		{
			"address of the stream before that of the session", lines("v=0", "c=IN IP4 192.0.2.1", "m=audio 5004 RTP/AVP 0", "c=IN IP4 192.0.2.2/127"),
			view{"192.0.2.2:5004", "192.0.2.2:5005", "sendrecv", "0=PCMU/8000", false, false},
			nil,
		},
		{
			"rtcp elsewhere", lines("v=0", "c=IN IP4 192.0.2.1", "m=audio 5004/2 RTP/AVP 0", "a=rtcp:5100 IN IP4 192.0.2.9", "a=rtcp-mux"),
			view{"192.0.2.1:5004", "192.0.2.9:5100", "sendrecv", "0=PCMU/8000", true, false},
			nil,
		},
		{
			"rtcp port only", lines("v=0", "c=IN IP4 192.0.2.1", "m=audio 5004 RTP/AVP 0", "a=rtcp:5100"),
			view{"192.0.2.1:5004", "192.0.2.1:5100", "sendrecv", "0=PCMU/8000", false, false},
			nil,
		},
		{
			"IPv6", lines("v=0", "c=IN IP6 2001:db8::1", "m=audio 5004 RTP/AVP 0"),
			view{"[2001:db8::1]:5004", "[2001:db8::1]:5005", "sendrecv", "0=PCMU/8000", false, false},
			nil,
		},
		{
			"host name", lines("v=0", "c=IN IP4 phone.test", "m=audio 5004 RTP/AVP 0"),
			view{"invalid AddrPort", "invalid AddrPort", "sendrecv", "0=PCMU/8000", false, false},
			nil,
		},
		{
			"held", lines("v=0", "c=IN IP4 192.0.2.1", "m=audio 5004 RTP/AVP 0", "a=sendonly"),
			view{"192.0.2.1:5004", "192.0.2.1:5005", "sendonly", "0=PCMU/8000", false, true},
			nil,
		},
		{
			"held as of old", lines("v=0", "c=IN IP4 0.0.0.0", "m=audio 5004 RTP/AVP 0"),
			view{"0.0.0.0:5004", "0.0.0.0:5005", "sendonly", "0=PCMU/8000", false, true},
			nil,
		},
		{
			"held as of old, by a held side", lines("v=0", "c=IN IP4 0.0.0.0", "m=audio 5004 RTP/AVP 0", "a=recvonly"),
			view{"0.0.0.0:5004", "0.0.0.0:5005", "inactive", "0=PCMU/8000", false, true},
			nil,
		},
		{
			"direction of the session", lines("v=0", "c=IN IP4 192.0.2.1", "a=inactive", "m=audio 5004 RTP/AVP 0"),
			view{"192.0.2.1:5004", "192.0.2.1:5005", "inactive", "0=PCMU/8000", false, true},
			nil,
		},
		{
			"direction of the stream before that of the session", lines("v=0", "c=IN IP4 192.0.2.1", "a=inactive", "m=audio 5004 RTP/AVP 0", "a=recvonly"),
			view{"192.0.2.1:5004", "192.0.2.1:5005", "recvonly", "0=PCMU/8000", false, false},
			nil,
		},
		{
			"second stream is the live one", lines("v=0", "c=IN IP4 192.0.2.1", "m=audio 6000 RTP/SAVP 0", "m=video 6002 RTP/AVP 31", "m=audio 5004 RTP/AVP 8"),
			view{"192.0.2.1:5004", "192.0.2.1:5005", "sendrecv", "8=PCMA/8000", false, false},
			nil,
		},
		{
			"opus, odd case and spaces", lines("v=0", "c=IN IP4 192.0.2.1", "m=Audio 5004  rtp/avpf 111 ", "a=rtpmap:111 OPUS/48000/2"),
			view{"192.0.2.1:5004", "192.0.2.1:5005", "sendrecv", "111=OPUS/48000", false, false},
			nil,
		},
		{
			"only line feeds, lines out of order", []byte("v=0\na=x\nt=0 0\nb=AS:80\nc=IN IP4 192.0.2.1\ns=-\nm=audio 5004 RTP/AVP 0\n\n"),
			view{"192.0.2.1:5004", "192.0.2.1:5005", "sendrecv", "0=PCMU/8000", false, false},
			nil,
		},
		{
			"highest port", lines("v=0", "c=IN IP4 192.0.2.1", "m=audio 65535 RTP/AVP 0"),
			view{"192.0.2.1:65535", "invalid AddrPort", "sendrecv", "0=PCMU/8000", false, false},
			nil,
		},
		{"encrypted only", lines("v=0", "c=IN IP4 192.0.2.1", "m=audio 5004 UDP/TLS/RTP/SAVPF 0"), view{}, sdp.ErrSecure},
		{"no audio", lines("v=0", "c=IN IP4 192.0.2.1", "m=image 5004 udptl t38"), view{}, sdp.ErrNoAudio},
		{"no stream", lines("v=0"), view{}, sdp.ErrNoAudio},
		{"refused", lines("v=0", "c=IN IP4 192.0.2.1", "m=audio 0 RTP/AVP 0"), view{}, sdp.ErrNoAudio},
		{"no address", lines("v=0", "m=audio 5004 RTP/AVP 0"), view{}, sdp.ErrMalformed},
		{"broken address", lines("v=0", "c=IN 192.0.2.1", "m=audio 5004 RTP/AVP 0"), view{}, sdp.ErrMalformed},
		{"codecs without names", lines("v=0", "c=IN IP4 192.0.2.1", "m=audio 5004 RTP/AVP 97 x 300", "a=rtpmap:97 x", "a=rtpmap:97 y/z"), view{}, sdp.ErrMalformed},
	} {
		s, err := sdp.Parse(test.body)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		a, err := s.Audio()
		if !errors.Is(err, test.fails) || test.fails == nil && err != nil {
			t.Errorf("%s: error %v, want %v", test.name, err, test.fails)
		}
		if err != nil {
			continue
		}
		var formats []string
		for _, f := range a.Formats {
			formats = append(formats, fmt.Sprintf("%d=%s/%d", f.PayloadType, f.Name, f.ClockRate))
		}
		got := view{a.RTP.String(), a.RTCP.String(), string(a.Direction), strings.Join(formats, " "), a.Mux, a.Held()}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"nothing":            "",
		"only line ends":     "\r\n\r\n",
		"another version":    "v=1\r\ns=-\r\n",
		"not SDP":            "<xml/>",
		"no type":            "v=0\r\n=x\r\n",
		"no equals":          "v=0\r\nm audio\r\n",
		"NUL":                "v=0\r\ns=\x00\r\n",
		"port too high":      "v=0\r\nm=audio 65536 RTP/AVP 0\r\n",
		"port negative":      "v=0\r\nm=audio -1 RTP/AVP 0\r\n",
		"no port":            "v=0\r\nm=audio\r\n",
		"too many streams":   "v=0\r\n" + strings.Repeat("m=audio 1 RTP/AVP 0\r\n", 33),
		"too many lines":     "v=0\r\n" + strings.Repeat("a=x\r\n", 2001),
		"upper-case type":    "v=0\r\nA=x\r\n",
		"UTF-16, as if text": "v\x000\x00",
	} {
		if _, err := sdp.Parse([]byte(body)); !errors.Is(err, sdp.ErrMalformed) {
			t.Errorf("%s: error %v, want ErrMalformed", name, err)
		}
	}
}

// wellFormed asks another parser. It does not know fax.
func wellFormed(t *testing.T, body []byte) {
	t.Helper()
	var parsed pion.SessionDescription
	text := strings.ReplaceAll(string(body), "m=image 0 udptl t38", "m=text 0 RTP/AVP 98")
	if err := parsed.Unmarshal([]byte(text)); err != nil {
		t.Errorf("another parser refuses our description: %v\n%s", err, body)
	}
}

func relay(t *testing.T, body []byte, origin *sdp.Origin) string {
	t.Helper()
	out, err := sdp.Relay(body, at(), origin)
	if err != nil {
		t.Fatalf("Relay: %v\n%s", err, body)
	}
	wellFormed(t, out)
	return string(out)
}

func TestRelay(t *testing.T) {
	t.Parallel()
	got := relay(t, lines("v=0", "o=jdoe 289 2890 IN IP4 10.47.16.5", "s=Call", "i=x", "c=IN IP4 10.47.16.5", "b=AS:128", "t=0 0",
		"a=group:BUNDLE 0 1", "a=ice-options:trickle", "a=tool:phone", "k=clear:x",
		"m=audio 49170/2 RTP/AVP 96 0 101", "c=IN IP6 2001:db8::9", "a=mid:0", "a=rtpmap:96 opus/48000/2", "a=fmtp:96 useinbandfec=1;stereo=0",
		"a=candidate:1 1 UDP 2130706431 10.47.16.5 49170 typ host", "a=ice-ufrag:x", "a=ice-pwd:y", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:z",
		"a=rtcp:49175", "a=rtcp-mux", "a=ptime:30", "a=x-own:1", "a=sendonly", "a=rtpmap:101 telephone-event/48000",
		"m=video 51372 RTP/AVP 31", "a=rtpmap:31 H261/90000",
		"m=image 4000 udptl t38"), sdp.NewOrigin(7))
	want := string(lines("v=0", "o=- 7 1 IN IP4 198.51.100.1", "s=Call", "i=x", "c=IN IP4 198.51.100.1", "b=AS:128", "t=0 0", "a=tool:phone",
		"m=audio 10000 RTP/AVP 96 0 101", "c=IN IP4 198.51.100.1", "a=mid:0", "a=rtpmap:96 opus/48000/2", "a=fmtp:96 useinbandfec=1;stereo=0",
		"a=ptime:30", "a=x-own:1", "a=sendonly", "a=rtpmap:101 telephone-event/48000",
		"m=video 0 RTP/AVP 31", "m=image 0 udptl t38"))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// The old way to hold must not be lost when the address is rewritten.
func TestRelayKeepsHold(t *testing.T) {
	t.Parallel()
	for have, want := range map[string]string{"": "sendonly", "a=sendrecv": "sendonly", "a=recvonly": "inactive", "a=inactive": "inactive"} {
		body := []string{"v=0", "o=- 1 1 IN IP4 192.0.2.1", "s=-", "c=IN IP4 0.0.0.0", "t=0 0", "m=audio 5004 RTP/AVP 0"}
		if have != "" {
			body = append(body, have)
		}
		got := relay(t, lines(body...), sdp.NewOrigin(1))
		if !strings.Contains(got, "c=IN IP4 198.51.100.1\r\n") || !strings.HasSuffix(got, "RTP/AVP 0\r\na="+want+"\r\n") {
			t.Errorf("%q with 0.0.0.0 became\n%s", have, got)
		}
	}
}

func TestWithDirection(t *testing.T) {
	t.Parallel()
	const head, tail = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\na=inactive\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\nc=IN IP4 192.0.2.1\r\n", "m=video 0 RTP/AVP 96\r\na=sendonly\r\n"
	for _, before := range []string{"", "a=recvonly\r\n"} {
		got, err := sdp.WithDirection([]byte(head+before+tail), sdp.SendOnly)
		if want := head + "a=sendonly\r\n" + tail; err != nil || string(got) != want {
			t.Errorf("%q, %v, want %q", got, err, want)
		}
	}
	for body, want := range map[string]error{"hello": sdp.ErrMalformed, "v=0\r\n": sdp.ErrNoAudio} {
		if _, err := sdp.WithDirection([]byte(body), sdp.SendOnly); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", body, err, want)
		}
	}
}

func TestVersionGrowsWithChangesOnly(t *testing.T) {
	t.Parallel()
	origin := sdp.NewOrigin(1<<63 | 5)
	version := func(body []byte) string {
		_, rest, _ := strings.Cut(relay(t, body, origin), "o=- 5 ")
		v, _, _ := strings.Cut(rest, " ")
		return v
	}
	held := lines("v=0", "o=- 1 2 IN IP4 192.0.2.7", "s=-", "c=IN IP4 192.0.2.7", "t=0 0", "m=audio 11780 RTP/AVP 0", "a=sendonly")
	refreshed := []byte(strings.Replace(string(held), "o=- 1 2", "o=- 1 3", 1))
	got := []string{version(deskPhone()), version(deskPhone()), version(held), version(refreshed), version(deskPhone())}
	if diff := cmp.Diff([]string{"1", "1", "2", "2", "3"}, got); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
}

func TestRelayRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body []byte
		want error
	}{
		"encrypted": {lines("v=0", "c=IN IP4 192.0.2.1", "m=audio 5004 RTP/SAVP 0"), sdp.ErrSecure},
		"fax":       {lines("v=0", "c=IN IP4 192.0.2.1", "m=image 5004 udptl t38"), sdp.ErrNoAudio},
		"codecless": {lines("v=0", "c=IN IP4 192.0.2.1", "m=audio 5004 RTP/AVP"), sdp.ErrNoAudio},
		"homeless":  {lines("v=0", "m=audio 5004 RTP/AVP 0"), sdp.ErrMalformed},
		"no SDP":    {[]byte("hello"), sdp.ErrMalformed},
	} {
		if _, err := sdp.Relay(test.body, at(), sdp.NewOrigin(1)); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
}

func TestRelayAnswerMatchesOffer(t *testing.T) {
	t.Parallel()
	offer := lines("v=0", "c=IN IP4 192.0.2.1", "m=audio 6000 RTP/SAVP 0", "m=audio 5004 RTP/AVP 0", "m=video 5006 RTP/AVP 31")
	live := "m=audio 7000 RTP/AVP 0"
	for name, answer := range map[string][]byte{
		"right":            lines("v=0", "c=IN IP4 192.0.2.2", "m=audio 0 RTP/SAVP 0", live, "m=video 0 RTP/AVP 31"),
		"one too few":      lines("v=0", "c=IN IP4 192.0.2.2", "m=audio 0 RTP/SAVP 0", live),
		"one too many":     lines("v=0", "c=IN IP4 192.0.2.2", "m=audio 0 RTP/SAVP 0", live, "m=video 9 RTP/AVP 31", "m=text 8 RTP/AVP 99"),
		"of another kind":  lines("v=0", "c=IN IP4 192.0.2.2", "m=audio 0 RTP/SAVP 0", live, "m=image 9 udptl t38"),
		"takes the others": lines("v=0", "c=IN IP4 192.0.2.2", "m=audio 9 RTP/SAVP 0", live, "m=video 9 RTP/AVP 31"),
	} {
		out, err := sdp.RelayAnswer(answer, offer, at(), sdp.NewOrigin(1))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if want := "m=audio 0 RTP/SAVP 0\r\nm=audio 10000 RTP/AVP 0\r\nm=video 0 RTP/AVP 31\r\n"; !strings.HasSuffix(string(out), want) {
			t.Errorf("%s became\n%s", name, out)
		}
	}
	refusing := lines("v=0", "c=IN IP4 192.0.2.2", "m=audio 0 RTP/SAVP 0", "m=audio 0 RTP/AVP 0", "m=video 9 RTP/AVP 31")
	if _, err := sdp.RelayAnswer(refusing, offer, at(), sdp.NewOrigin(1)); !errors.Is(err, sdp.ErrNoAudio) {
		t.Errorf("an answer without audio: %v, want ErrNoAudio", err)
	}
}

func FuzzRelay(f *testing.F) {
	f.Add(deskPhone())
	f.Add(lines("v=0", "c=IN IP4 0.0.0.0", "m=audio 1/2 RTP/AVP 0", "a=", "a=:", "a=rtpmap", "a=rtpmap:", "a=rtcp:", "a=rtcp:1 x", "a=ptime:NaN"))
	f.Add(lines("v=0", "m=audio 1 RTP/AVP", "c=IN IP6 fe80::1%x"))
	f.Add([]byte("v=0\n\n \nm= \n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		if out, err := sdp.Relay(body, at(), sdp.NewOrigin(1)); err == nil {
			again, err := sdp.Relay(out, at(), sdp.NewOrigin(1))
			if err != nil || string(again) != string(out) {
				t.Errorf("relaying twice is not relaying once: %v\n%q\n%q", err, out, again)
			}
		}
		answer, _, err := endpoint(1).Answer(body)
		if err != nil {
			return
		}
		if _, err := endpoint(1).Agree(answer); err != nil {
			t.Errorf("our answer cannot be read: %v\n%q", err, answer)
		}
	})
}

func BenchmarkRelay(b *testing.B) {
	origin, body := sdp.NewOrigin(1), deskPhone()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := sdp.Relay(body, at(), origin); err != nil {
			b.Fatal(err)
		}
	}
}

func TestRelayAnew(t *testing.T) {
	t.Parallel()
	at := netip.MustParseAddrPort("198.51.100.1:10000")
	held := lines("v=0", "o=- 1 1 IN IP4 192.0.2.1", "s=-", "c=IN IP4 0.0.0.0", "t=0 0", "m=audio 5004 RTP/AVP 8 0", "a=sendonly", "a=ptime:20")
	video := lines("v=0", "o=- 1 1 IN IP4 198.51.100.1", "s=-", "c=IN IP4 198.51.100.1", "t=0 0", "m=video 0 RTP/AVP 31", "m=audio 9000 RTP/AVP 0")
	head := "v=0\r\no=- 7 1 IN IP4 198.51.100.1\r\ns=-\r\nc=IN IP4 198.51.100.1\r\nt=0 0\r\n"
	sound := "m=audio 10000 RTP/AVP 8 0\r\nc=IN IP4 198.51.100.1\r\na=ptime:20\r\na=sendrecv\r\n"
	for name, test := range map[string]struct {
		last []byte
		want string
	}{
		"nothing was told":   {nil, head + sound},
		"more streams":       {video, head + "m=video 0 RTP/AVP 31\r\n" + sound},
		"nonsense was told":  {[]byte("hello"), head + sound},
		"the same, as it is": {held, head + sound},
	} {
		got, err := sdp.RelayAnew(held, test.last, at, sdp.NewOrigin(7))
		if diff := cmp.Diff(test.want, string(got)); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
	}
	for _, body := range []string{"hello", "v=0\r\ns=-\r\nm=audio 0 RTP/AVP 0\r\n"} {
		if got, err := sdp.RelayAnew([]byte(body), nil, at, sdp.NewOrigin(7)); err == nil {
			t.Errorf("%q became %q", body, got)
		}
	}
}
