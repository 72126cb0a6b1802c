package switchboard

import (
	"net/netip"
	"slices"

	"github.com/hotdesk-pbx/hotdesk/internal/media"
	"github.com/hotdesk-pbx/hotdesk/internal/media/g711"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/sdp"
)

// side is one leg of a call with its sound.
type side struct {
	leg    *dialog.Leg
	stream *media.Stream
	at     netip.AddrPort // where the phone is told to send its sound
	origin *sdp.Origin
	told   sdp.Audio // what the phone was told last
	able   []byte    // the description of the phone's that names most, for offers to others
	names  int       // how many formats that names
	law    g711.Law  // what can be played to the phone; 0 for nothing
	holds  bool      // the phone has put the other on hold, which no mere answer does: announcements are sendonly, too
	hushed func()    // ends the music that is played to the phone; nil without
}

// offer rewrites the far side's offer for this side.
func (s *side) offer(body []byte) ([]byte, error) {
	return s.tell(sdp.Relay(body, s.at, s.origin))
}

// answer rewrites the far side's answer to an offer of this side.
func (s *side) answer(body, offer []byte) ([]byte, error) {
	return s.tell(sdp.RelayAnswer(body, offer, s.at, s.origin))
}

// anew rewrites what another phone has described as a new offer for this one.
func (s *side) anew(body []byte) ([]byte, error) {
	return s.tell(sdp.RelayAnew(body, s.leg.LocalSDP(), s.at, s.origin))
}

// tell notes what this side's phone will know of where and what to send.
func (s *side) tell(body []byte, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	s.told, err = audioOf(body)
	return body, err
}

// heard takes the phone's own description: where it wants its sound. What it
// may send is in what it was told.
func (s *side) heard(body []byte) error {
	audio, err := audioOf(body)
	if err != nil {
		return err
	}
	if s.able == nil || len(audio.Formats) > s.names {
		s.able, s.names = body, len(audio.Formats)
	}
	s.holds = s.holds && audio.Held()
	remote := remoteOf(audio, s.told)
	s.law = remote.Codec
	remote.Host = s.leg.Flow().Remote.Addr()
	s.stream.Update(remote)
	return nil
}

func audioOf(body []byte) (sdp.Audio, error) {
	description, err := sdp.Parse(body)
	if err != nil {
		return sdp.Audio{}, err
	}
	return description.Audio()
}

// remoteOf is a phone as its stream needs to know it: from its own description
// and what it was told of us (RFC 3264 5.1: a side sends with the payload
// types of the other's description).
func remoteOf(phone, told sdp.Audio) media.Remote {
	remote := media.Remote{Addr: phone.RTP, RTCP: phone.RTCP, Direction: mirrored(phone.Direction)}
	for _, f := range told.Formats {
		remote.Payloads = append(remote.Payloads, f.PayloadType)
	}
	remote.Codec = lawOf(phone, told)
	if event, ok := phone.Event(g711.Rate); ok {
		remote.Events = event
	}
	if event, ok := told.Event(g711.Rate); ok {
		remote.EventsIn = event
	}
	return remote
}

// lawOf is the G.711 law that can be played to a phone, or none: the first one
// that the phone describes and has been told of.
func lawOf(phone, told sdp.Audio) g711.Law {
	has := func(a sdp.Audio, name string) bool {
		return slices.ContainsFunc(a.Formats, func(f sdp.Format) bool { return f.Name == name && f.ClockRate == g711.Rate })
	}
	for _, f := range phone.Formats {
		switch {
		case !has(told, f.Name) || f.ClockRate != g711.Rate:
		case f.Name == sdp.PCMU().Name:
			return g711.ULaw
		case f.Name == sdp.PCMA().Name:
			return g711.ALaw
		}
	}
	return 0
}

// mirrored is what we may do when the phone says what it does.
func mirrored(d sdp.Direction) media.Direction {
	switch d {
	case sdp.SendOnly:
		return media.ReceiveOnly
	case sdp.RecvOnly:
		return media.SendOnly
	default:
		return media.Direction(d)
	}
}
