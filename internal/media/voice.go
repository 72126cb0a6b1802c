package media

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/media/dtmf"
)

const (
	maxLate        = 3 * FrameTime // a stall longer than this is not caught up
	eventTicks     = 5             // a digit lasts 100 ms,
	eventPauseTick = 4             // and 80 ms of silence follow it
	eventEnds      = 3             // RFC 4733 2.5.1.4: the end is sent three times
	eventVolume    = 10            // -10 dBm0
)

// Play sends G.711 sound of 8000 samples a second and returns when the last of
// it is on its way, or early with the error of ctx, ErrJoined, ErrClosed or
// ErrNoCodec. A second Play waits for the first. From the first Play until the
// stream is joined or closed it sends without a break, silence between clips;
// Play with no sound begins that. On hold the time of the clip goes by unheard.
func (s *Stream) Play(ctx context.Context, pcm []int16) error {
	if r := s.route.Load(); r == nil || r.remote.Codec == 0 {
		return ErrNoCodec
	}
	return s.voice.say(ctx, &sound{pcm: pcm})
}

// SendDigit sends one digit as a telephone event (RFC 4733) of 100 ms and the
// pause after it; it takes turns with Play. For tones in the sound itself play dtmf.Tone.
func (s *Stream) SendDigit(ctx context.Context, digit rune) error {
	code, ok := dtmf.Code(digit)
	if !ok {
		return fmt.Errorf("%w: %q", ErrNotDigit, digit)
	}
	if r := s.route.Load(); r == nil || r.remote.Events == 0 {
		return ErrNoEvents
	}
	return s.voice.say(ctx, &press{code: code})
}

// voice sends one continuous RTP stream of our own: one SSRC, sequence and clock for all clips.
type voice struct {
	stream *Stream
	now    func() time.Time
	cname  string
	turn   chan struct{} // full while something plays

	mu      sync.Mutex
	quit    chan struct{} // closes to end the running goroutine; nil while none runs
	clip    source
	done    chan error // gets the end of clip; buffered
	ssrc    uint32
	seq     uint16
	ts      uint32
	at      time.Time // when the next packet is due
	marker  bool      // the next packet follows a time without packets (RFC 3551 4.1)
	ticks   int
	packets uint32
	octets  uint32
	buf     [rtpHeaderSize + FrameSamples]byte
}

// source is a clip that sends itself, one packet per call.
type source interface {
	// next sends the next packet; it is false with the last.
	next(v *voice, r *route) bool
}

func (v *voice) prepare(s *Stream, cfg PortsConfig) error {
	var random [22]byte
	if _, err := io.ReadFull(cfg.Rand, random[:]); err != nil {
		return fmt.Errorf("choose SSRC: %w", err)
	}
	v.stream, v.now, v.turn = s, cfg.Now, make(chan struct{}, 1)
	v.ssrc = binary.BigEndian.Uint32(random[0:])
	v.ts = binary.BigEndian.Uint32(random[4:])
	v.seq = binary.BigEndian.Uint16(random[8:])
	v.cname = hex.EncodeToString(random[10:]) // RFC 7022 4.2: 96 random bits
	return nil
}

// say waits for its turn, plays clip and waits for the end.
func (v *voice) say(ctx context.Context, clip source) error {
	select {
	case v.turn <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-v.stream.closed:
		return ErrClosed
	}
	defer func() { <-v.turn }()
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	done, err := v.start(clip)
	if err != nil {
		return err
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		v.drop(clip)
		return context.Cause(ctx)
	}
}

func (v *voice) start(clip source) (<-chan error, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	select {
	case <-v.stream.closed:
		return nil, ErrClosed
	default:
	}
	if v.stream.peer.Load() != nil {
		return nil, ErrJoined
	}
	if v.quit == nil {
		v.resume()
	}
	v.clip, v.done = clip, make(chan error, 1)
	done := v.done
	if s, ok := clip.(*sound); ok && len(s.pcm) == 0 {
		v.finish(nil)
	}
	return done, nil
}

// resume starts the goroutine; the clock has gone on while it stood still.
func (v *voice) resume() {
	now := v.now()
	if !v.at.IsZero() && now.After(v.at) {
		v.ts += uint32(now.Sub(v.at)/FrameTime) * FrameSamples //nolint:gosec // wraps as RTP time does
	}
	v.at, v.marker = now, true
	v.quit = make(chan struct{})
	go v.run(v.quit)
}

// stop ends the goroutine and the clip, which returns err.
func (v *voice) stop(err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.quit != nil {
		close(v.quit)
		v.quit = nil
	}
	v.finish(err)
}

func (v *voice) drop(clip source) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.clip == clip {
		v.clip = nil
	}
}

func (v *voice) finish(err error) {
	if v.clip != nil {
		v.clip = nil
		v.done <- err
	}
}

func (v *voice) run(quit chan struct{}) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-quit:
			return
		case <-timer.C:
			timer.Reset(v.tick(quit))
		}
	}
}

// tick sends what is due now and tells how long to wait for the next.
func (v *voice) tick(quit chan struct{}) time.Duration {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.quit != quit { // stopped, perhaps started again, since the timer fired
		return time.Hour
	}
	now := v.now()
	if late := now.Sub(v.at); late > maxLate {
		v.stalled(late)
	}
	if r := v.stream.route.Load(); r != nil {
		v.emit(r)
		if v.ticks++; v.ticks%reportTicks == 0 {
			v.report(now)
		}
	}
	v.ts += FrameSamples
	v.at = v.at.Add(FrameTime)
	return v.at.Sub(now)
}

// stalled makes up for a time in which nothing was sent. A clip goes on as if
// there had been none: a hole in a tone would make two digits of one.
func (v *voice) stalled(late time.Duration) {
	v.at = v.at.Add(late.Truncate(FrameTime))
	if v.clip == nil {
		v.ts += uint32(late/FrameTime) * FrameSamples //nolint:gosec // wraps as RTP time does
		v.marker = true
	}
}

func (v *voice) emit(r *route) {
	if v.clip == nil {
		v.sound(r, nil)
		return
	}
	if !v.clip.next(v, r) {
		v.finish(nil)
	}
}

// sound sends one frame, filled up with silence.
func (v *voice) sound(r *route, pcm []int16) {
	law := r.remote.Codec
	if law == 0 {
		return
	}
	pkt := law.Append(v.buf[:rtpHeaderSize], pcm)
	for len(pkt) < rtpHeaderSize+FrameSamples {
		pkt = append(pkt, law.Silence())
	}
	v.packet(r, pkt, law.Payload(), v.ts)
}

// packet puts the RTP header in front of a payload and sends it, unless on hold.
func (v *voice) packet(r *route, pkt []byte, payload uint8, ts uint32) {
	if r.remote.Direction == ReceiveOnly || r.remote.Direction == Inactive {
		v.marker = true
		return
	}
	pkt[0], pkt[1] = 2<<6, payload
	if v.marker {
		pkt[1] |= 0x80
		v.marker = false
	}
	binary.BigEndian.PutUint16(pkt[2:], v.seq)
	binary.BigEndian.PutUint32(pkt[4:], ts)
	binary.BigEndian.PutUint32(pkt[8:], v.ssrc)
	v.seq++
	v.packets++
	v.octets += uint32(len(pkt) - rtpHeaderSize) //nolint:gosec // at most 160
	v.stream.speak(pkt, v.stream)
}

// sound is a clip of samples.
type sound struct{ pcm []int16 }

func (c *sound) next(v *voice, r *route) bool {
	n := min(FrameSamples, len(c.pcm))
	v.sound(r, c.pcm[:n])
	c.pcm = c.pcm[n:]
	return len(c.pcm) > 0
}

// press is a digit as telephone events: updates while it lasts, its end three times, a pause.
type press struct {
	code uint8
	tick int
	ts   uint32
}

func (p *press) next(v *voice, r *route) bool {
	if p.tick == 0 {
		p.ts, v.marker = v.ts, true
	}
	p.tick++
	if p.tick < eventTicks+eventEnds {
		e := dtmf.Event{
			Code: p.code, End: p.tick >= eventTicks, Volume: eventVolume,
			Duration: uint16(min(p.tick, eventTicks) * FrameSamples), //nolint:gosec // at most 800
		}
		v.packet(r, e.Append(v.buf[:rtpHeaderSize]), r.remote.Events, p.ts)
		return true
	}
	v.sound(r, nil)
	return p.tick < eventTicks+eventEnds-1+eventPauseTick
}
