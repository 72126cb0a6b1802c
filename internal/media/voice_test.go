package media_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"testing/iotest"
	"time"

	"github.com/pion/rtcp"

	"github.com/hotdesk-pbx/hotdesk/internal/media"
	"github.com/hotdesk-pbx/hotdesk/internal/media/dtmf"
	"github.com/hotdesk-pbx/hotdesk/internal/media/g711"
)

// TestPlay hears two clips as one stream: one SSRC, every sequence number, every timestamp.
func TestPlay(t *testing.T) {
	t.Parallel()
	s, p := leg(t, newPorts(t, media.PortsConfig{}))
	for _, clip := range [][]int16{tone(400), tone(160)} { // 2.5 packets and one
		if err := s.Play(t.Context(), clip); err != nil {
			t.Fatal(err)
		}
	}
	first := p.hear()
	last, sounding := first, 160
	if !first.marker || first.payload != 0 || !bytes.Equal(first.body, g711.ULaw.Append(nil, tone(160))) {
		t.Errorf("first packet: %+v", first)
	}
	for i := 1; i < 16; i++ {
		next := p.hear()
		// On a machine too busy to send in time, time is left out, and marked.
		left := next.ts-last.ts > 160
		if next.seq != first.seq+uint16(i) || next.ssrc != first.ssrc || next.payload != 0 || next.marker != left {
			t.Errorf("packet %d: %+v", i, next)
		}
		last = next
		if step := next.ts - first.ts; step%160 != 0 || step < uint32(160*i) {
			t.Errorf("packet %d: timestamp moves by %d", i, step)
		}
		sounding += 160 - bytes.Count(next.body, []byte{0xff})
	}
	if sounding < 550 || sounding > 560 { // the tone crosses zero
		t.Errorf("%d samples of sound, want those of both clips", sounding)
	}
}

// TestPlayIsPaced allows for any busy machine, but not for packets in one burst.
func TestPlayIsPaced(t *testing.T) {
	t.Parallel()
	s, p := leg(t, newPorts(t, media.PortsConfig{}))
	go func() { _ = s.Play(context.Background(), tone(50*160)) }()
	p.hear()
	begun := time.Now()
	for range 49 {
		p.hear()
	}
	if took := time.Since(begun); took < 500*time.Millisecond {
		t.Errorf("49 packets took %v, want 980 ms", took)
	}
}

func TestPlayEnds(t *testing.T) {
	t.Parallel()
	ports := newPorts(t, media.PortsConfig{})
	long := make([]int16, 60*g711.Rate)
	errOver := errors.New("over")
	for name, c := range map[string]struct {
		end  func(*media.Stream, context.CancelCauseFunc)
		want error
	}{
		"context": {func(_ *media.Stream, cancel context.CancelCauseFunc) { cancel(errOver) }, errOver},
		"close":   {func(s *media.Stream, _ context.CancelCauseFunc) { s.Close() }, media.ErrClosed},
		"join":    {func(s *media.Stream, _ context.CancelCauseFunc) { media.Join(s, open(t, ports)) }, media.ErrJoined},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, p := leg(t, ports)
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			ended := make(chan error)
			for range 2 { // one plays, one waits for its turn
				go func() { ended <- s.Play(ctx, long) }()
			}
			p.hear()
			c.end(s, cancel)
			for range 2 {
				if err := <-ended; !errors.Is(err, c.want) {
					t.Errorf("Play ends with %v, want %v", err, c.want)
				}
			}
		})
	}
}

func TestPlayRefuses(t *testing.T) {
	t.Parallel()
	ports := newPorts(t, media.PortsConfig{})
	s := open(t, ports)
	ctx := t.Context()
	if err := s.Play(ctx, tone(160)); !errors.Is(err, media.ErrNoCodec) {
		t.Errorf("before Update: %v", err)
	}
	if err := s.SendDigit(ctx, '1'); !errors.Is(err, media.ErrNoEvents) {
		t.Errorf("digit before Update: %v", err)
	}
	if err := s.SendDigit(ctx, 'x'); !errors.Is(err, media.ErrNotDigit) {
		t.Errorf("x: %v", err)
	}
	joined, _ := leg(t, ports)
	bridge := media.Join(joined, s)
	if err := joined.Play(ctx, tone(160)); !errors.Is(err, media.ErrJoined) {
		t.Errorf("joined: %v", err)
	}
	bridge.Unjoin()
	if err := joined.Play(ctx, tone(160)); err != nil {
		t.Errorf("no longer joined: %v", err)
	}
	joined.Close()
	if err := joined.Play(ctx, tone(160)); !errors.Is(err, media.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	fresh, _ := leg(t, ports)
	if err := fresh.Play(gone, tone(160)); !errors.Is(err, context.Canceled) || fresh.Stats().Sent > 0 {
		t.Errorf("over before it began: %v", err)
	}
}

// TestClockGoesOnWhileJoined keeps the timestamps in step with time, and marks the new start.
func TestClockGoesOnWhileJoined(t *testing.T) {
	t.Parallel()
	ports := newPorts(t, media.PortsConfig{})
	s, p := leg(t, ports)
	other, phoneB := leg(t, ports)
	if err := s.Play(t.Context(), tone(160)); err != nil {
		t.Fatal(err)
	}
	first := p.hear()
	bridge := media.Join(s, other)
	begun := time.Now()
	until(t, "a while", func() bool { return time.Since(begun) > 200*time.Millisecond })
	bridge.Unjoin()
	relayed := phoneB.seq
	if err := s.Play(t.Context(), tone(160)); err != nil {
		t.Fatal(err)
	}
	for next := p.hear(); ; next = p.hear() {
		if next.marker {
			if next.ts-first.ts < 160*9 || next.ssrc != first.ssrc || relayed != phoneB.seq {
				t.Errorf("after the bridge: %+v, before it: %+v", next, first)
			}
			return
		}
	}
}

func TestHeldPhoneHearsNothing(t *testing.T) {
	t.Parallel()
	s, p := leg(t, newPorts(t, media.PortsConfig{}))
	remote := p.remote()
	for _, direction := range []media.Direction{media.ReceiveOnly, media.Inactive} {
		remote.Direction = direction
		s.Update(remote)
		if err := s.Play(t.Context(), tone(320)); err != nil {
			t.Fatal(err)
		}
	}
	if sent := s.Stats().Sent; sent != 0 {
		t.Errorf("%d packets sent", sent)
	}
	remote.Direction, remote.Codec = media.SendOnly, g711.ALaw
	s.Update(remote)
	if err := s.Play(t.Context(), tone(160)); err != nil {
		t.Fatal(err)
	}
	if got := p.hear(); !got.marker || got.payload != 8 {
		t.Errorf("after hold: %+v", got)
	}
}

func TestSendDigit(t *testing.T) {
	t.Parallel()
	s, p := leg(t, newPorts(t, media.PortsConfig{}))
	for _, digit := range "5#" {
		if err := s.SendDigit(t.Context(), digit); err != nil {
			t.Fatal(err)
		}
	}
	seq := uint16(0)
	for round, code := range []uint8{5, 11} {
		start := p.hear()
		for start.payload != events {
			start = p.hear()
		}
		if !start.marker {
			t.Error("the first packet of an event has no marker")
		}
		if round > 0 && start.seq == seq {
			t.Error("no pause between the digits")
		}
		for i := 1; i <= 7; i++ {
			event, ok := dtmf.ParseEvent(start.body)
			if want := (dtmf.Event{Code: code, End: i >= 5, Volume: 10, Duration: uint16(min(i, 5) * 160)}); !ok || event != want {
				t.Errorf("packet %d: %+v, want %+v", i, event, want)
			}
			seq = start.seq + 1
			next := p.hear()
			if next.seq != seq {
				t.Errorf("sequence %d follows %d", next.seq, start.seq)
			}
			if i < 7 && (next.ts != start.ts || next.payload != events || next.marker) {
				t.Errorf("packet %d: %+v after %+v", i+1, next, start)
			}
			start = next
		}
	}
}

// TestReports waits for the report that comes after 5 s of sending.
func TestReports(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes 5 s")
	}
	s, p := leg(t, newPorts(t, media.PortsConfig{}))
	p.say(10, 1)
	p.seq += 3
	p.say(1, 1)
	if err := s.Play(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if err := p.rtcp.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 2048)
	n, _, err := p.rtcp.ReadFromUDPAddrPort(buf)
	if err != nil {
		t.Fatal(err)
	}
	packets, err := rtcp.Unmarshal(buf[:n])
	if err != nil || len(packets) != 2 {
		t.Fatalf("%v, %v", packets, err)
	}
	report, ok := packets[0].(*rtcp.SenderReport)
	if !ok || report.PacketCount < 200 || report.OctetCount != 160*report.PacketCount || len(report.Reports) != 1 {
		t.Fatalf("%+v", packets[0])
	}
	if r := report.Reports[0]; r.SSRC != p.ssrc || r.TotalLost != 3 {
		t.Errorf("%+v", r)
	}
	if sent := time.Unix(int64(report.NTPTime>>32)-2208988800, 0); time.Since(sent).Abs() > time.Minute {
		t.Errorf("sent at %v", sent)
	}
	name, ok := packets[1].(*rtcp.SourceDescription)
	if !ok || len(name.Chunks) != 1 || len(name.Chunks[0].Items) != 1 || len(name.Chunks[0].Items[0].Text) != 24 {
		t.Errorf("%+v", packets[1])
	}
}

func TestNoRandomness(t *testing.T) {
	t.Parallel()
	ports := newPorts(t, media.PortsConfig{Rand: iotest.ErrReader(errors.New("no entropy"))})
	if _, err := ports.Open(); err == nil || ports.InUse() != 0 {
		t.Errorf("%v, %d in use", err, ports.InUse())
	}
}

// tone is a ramp: no two frames of it are alike, none is silent.
func tone(n int) []int16 {
	pcm := make([]int16, n)
	for i := range pcm {
		pcm[i] = int16(1000 + i*8)
	}
	return pcm
}

// BenchmarkPlay counts what one stream costs that plays for a second: 50 packets.
func BenchmarkPlay(b *testing.B) {
	s, _ := leg(b, newPorts(b, media.PortsConfig{}))
	pcm := make([]int16, g711.Rate)
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Play(context.Background(), pcm); err != nil {
			b.Fatal(err)
		}
	}
}
