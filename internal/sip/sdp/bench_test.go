package sdp_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/sip/sdp"
)

// BenchmarkCall is what the descriptions of one call between two phones cost:
// the offer and the answer are read, rewritten and read again.
func BenchmarkCall(b *testing.B) {
	phone := strings.ReplaceAll(`v=0
o=- 20001 20001 IN IP4 192.0.2.17
s=SDP data
c=IN IP4 192.0.2.17
t=0 0
m=audio 11780 RTP/AVP 9 0 8 18 101
a=rtpmap:9 G722/8000
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:18 G729/8000
a=fmtp:18 annexb=no
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-16
a=ptime:20
a=sendrecv
a=rtcp:11781 IN IP4 192.0.2.17
`, "\n", "\r\n")
	at := netip.MustParseAddrPort("192.0.2.1:10000")
	read := func(body []byte) {
		s, err := sdp.Parse(body)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := s.Audio(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		offer, err := sdp.Relay([]byte(phone), at, sdp.NewOrigin(1))
		if err != nil {
			b.Fatal(err)
		}
		answer, err := sdp.RelayAnswer([]byte(phone), offer, at, sdp.NewOrigin(2))
		if err != nil {
			b.Fatal(err)
		}
		for _, body := range [][]byte{[]byte(phone), offer, []byte(phone), answer} {
			read(body)
		}
	}
}
