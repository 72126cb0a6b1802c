package sdp_test

import (
	"errors"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hotdesk-pbx/hotdesk/internal/sip/sdp"
)

func endpoint(port uint16) sdp.Endpoint {
	return sdp.Endpoint{
		At: netip.AddrPortFrom(at().Addr(), port), Origin: sdp.NewOrigin(9),
		Formats: []sdp.Format{sdp.PCMU(), sdp.PCMA(), sdp.TelephoneEvent()},
	}
}

func TestEndpointAnswers(t *testing.T) {
	t.Parallel()
	offer := lines("v=0", "o=- 1 1 IN IP4 192.0.2.7", "s=-", "c=IN IP4 192.0.2.7", "t=3034423619 3042462419",
		"m=video 9 RTP/AVP 31", "m=audio 11780 RTP/AVP 9 8 0 97", "a=rtpmap:97 telephone-event/8000", "a=sendonly")
	body, agreed, err := endpoint(10000).Answer(offer)
	if err != nil {
		t.Fatal(err)
	}
	want := string(lines("v=0", "o=- 9 1 IN IP4 198.51.100.1", "s=-", "c=IN IP4 198.51.100.1", "t=3034423619 3042462419",
		"m=video 0 RTP/AVP 31", "m=audio 10000 RTP/AVP 8 97", "a=rtpmap:8 PCMA/8000", "a=rtpmap:97 telephone-event/8000", "a=fmtp:97 0-16",
		"a=ptime:20", "a=recvonly"))
	if diff := cmp.Diff(want, string(body)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if agreed.Codec.Name != "PCMA" || agreed.Event != 97 || !agreed.HasEvent || agreed.Direction != sdp.RecvOnly ||
		agreed.Remote.RTP != netip.MustParseAddrPort("192.0.2.7:11780") {
		t.Errorf("agreed on %+v", agreed)
	}
}

func TestEndpointRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body []byte
		want error
	}{
		"no codec in common": {lines("v=0", "c=IN IP4 192.0.2.1", "m=audio 5004 RTP/AVP 9 18"), sdp.ErrNoCodec},
		"only digits":        {lines("v=0", "c=IN IP4 192.0.2.1", "m=audio 5004 RTP/AVP 101", "a=rtpmap:101 telephone-event/8000"), sdp.ErrNoCodec},
		"another rate":       {lines("v=0", "c=IN IP4 192.0.2.1", "m=audio 5004 RTP/AVP 97", "a=rtpmap:97 PCMU/16000"), sdp.ErrNoCodec},
		"encrypted":          {lines("v=0", "c=IN IP4 192.0.2.1", "m=audio 5004 RTP/SAVP 0"), sdp.ErrSecure},
		"no audio":           {lines("v=0", "c=IN IP4 192.0.2.1"), sdp.ErrNoAudio},
		"no SDP":             {[]byte("x"), sdp.ErrMalformed},
	} {
		if _, _, err := endpoint(1).Answer(test.body); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
}

// Two endpoints of ours agree, hold and resume.
func TestOfferAndAnswer(t *testing.T) {
	t.Parallel()
	caller, callee := endpoint(10000), endpoint(20000)
	caller.At = netip.MustParseAddrPort("[2001:db8::1]:10000")
	callee.Formats = []sdp.Format{sdp.PCMA(), sdp.PCMU()}
	for _, step := range []struct{ wants, callerMay, calleeMay sdp.Direction }{
		{"", sdp.SendRecv, sdp.SendRecv},
		{sdp.SendOnly, sdp.SendOnly, sdp.RecvOnly},
		{sdp.Inactive, sdp.Inactive, sdp.Inactive},
		{sdp.SendRecv, sdp.SendRecv, sdp.SendRecv},
	} {
		caller.Direction = step.wants
		offer := caller.Offer()
		wellFormed(t, offer)
		answer, theirs, err := callee.Answer(offer)
		if err != nil {
			t.Fatal(err)
		}
		ours, err := caller.Agree(answer)
		if err != nil {
			t.Fatal(err)
		}
		type deal struct {
			Codec     string
			HasEvent  bool
			Direction sdp.Direction
			Remote    string
		}
		got := []deal{
			{ours.Codec.Name, ours.HasEvent, ours.Direction, ours.Remote.RTP.String()},
			{theirs.Codec.Name, theirs.HasEvent, theirs.Direction, theirs.Remote.RTP.String()},
		}
		want := []deal{
			{"PCMU", false, step.callerMay, callee.At.String()},
			{"PCMU", false, step.calleeMay, caller.At.String()},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("direction %q (-want +got):\n%s", step.wants, diff)
		}
	}
}
