package switchboard

import (
	"context"

	"github.com/hotdesk-pbx/hotdesk/internal/media"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/sdp"
)

// proposal rewrites the far side's offer in the call for this side. A phone that
// is put on hold is asked to listen, whatever the far side says, since it gets
// the music.
func (s *side) proposal(offer []byte) ([]byte, error) {
	audio, err := audioOf(offer)
	if err == nil && audio.Held() && s.law != 0 && !s.holds {
		offer, err = sdp.WithDirection(offer, sdp.SendOnly)
	}
	if err != nil {
		return nil, err
	}
	return s.offer(offer)
}

// exchanged is an offer in the call with its answer, and who made the offer.
type exchanged struct {
	offer, answer []byte
	offering      *side
}

// agree takes what an exchange in the call came to, which the near phone wished
// for, and gives the answer as the offering side is told it.
func (t *talking) agree(near, far *side, x exchanged) ([]byte, error) {
	offer, err := audioOf(x.offer)
	if err != nil {
		return nil, err
	}
	answer, err := audioOf(x.answer)
	if err != nil {
		return nil, err
	}
	said, answering := offer, far
	if x.offering == far {
		said, answering = answer, near
	}
	before := near.holds
	near.holds = said.Held()
	told := x.answer
	if d := answering.replies(offer, answer); d != answer.Direction {
		told, err = sdp.WithDirection(told, d)
	}
	var body []byte
	if err == nil {
		body, err = t.settleAs(x.offering, answering, x.offer, x.answer, told)
	}
	if err != nil {
		near.holds = before
		return nil, err
	}
	t.relay(near, far)
	return body, nil
}

// replies is the direction that an offering phone is told this side has answered
// with: one that fits its own offer (RFC 3264 6.1), and with which it listens to
// the music while this side has it on hold.
func (s *side) replies(offer, answer sdp.Audio) sdp.Direction {
	switch {
	case offer.Direction == sdp.Inactive:
		return sdp.Inactive
	case s.holds && answer.Held() && !offer.Held() && lawOf(offer, answer) != 0:
		return sdp.SendOnly
	default:
		return answer.Direction
	}
}

// relay lets two phones hear each other or, while one has put the other on
// hold, that one the music. What a phone sends that holds is heard by nobody.
func (c *call) relay(a, b *side) {
	for _, pair := range [][2]*side{{a, b}, {b, a}} {
		waits, holds := pair[0], pair[1]
		if holds.holds && !waits.holds && waits.law != 0 {
			media.Part(waits.stream)
			holds.hush()
			c.soothe(waits)
			return
		}
	}
	a.hush()
	b.hush()
	media.Join(a.stream, b.stream)
}

// soothe plays music to a phone that waits, until it is hushed.
func (c *call) soothe(s *side) {
	if s.hushed != nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	tune := c.board.cfg.Conversations.Music(c.desk())
	done := make(chan struct{})
	stream := s.stream
	go func() {
		defer close(done)
		for stream.Play(ctx, tune) == nil {
		}
	}()
	s.hushed = func() { cancel(); <-done }
}

// hush ends the music, if any.
func (s *side) hush() {
	if s.hushed != nil {
		s.hushed()
		s.hushed = nil
	}
}
