package media_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/media"
	"github.com/hotdesk-pbx/hotdesk/internal/media/dtmf"
)

func TestInsertedDigitsTakeThePlaceOfRelayedPackets(t *testing.T) {
	t.Parallel()
	ports := newPorts(t, media.PortsConfig{})
	a, phoneA := leg(t, ports)
	b, phoneB := leg(t, ports)
	media.Join(a, b)
	phoneB.expect(phoneA.say(1, 0x55))
	done := make(chan error, 2)
	for _, digit := range "5#" {
		b.InsertDigit(t.Context(), digit, func(err error) { done <- err })
	}
	var heard dtmf.Events
	digits, inserted, seq, ended := "", 0, phoneA.seq, 0
	for ended < 2 {
		phoneA.say(1, 0x55)
		p := phoneB.hear()
		if p.seq != seq || p.ssrc != phoneA.ssrc {
			t.Fatalf("packet %d of source %x, want %d of %x", p.seq, p.ssrc, seq, phoneA.ssrc)
		}
		seq++
		if p.payload == events {
			inserted++
			if digit, ok := heard.Packet(p.body, p.ts, time.Now()); ok {
				digits += string(digit)
			}
		}
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			ended++
		default:
		}
	}
	if digits != "5#" || inserted != 16 {
		t.Errorf("heard %q in %d events, want both digits in 16, in their order", digits, inserted)
	}
	last := phoneA.say(1, 0x55)
	phoneB.expect(last)
}

func TestDigitsThatCannotBeInserted(t *testing.T) {
	t.Parallel()
	ports := newPorts(t, media.PortsConfig{})
	a, phoneA := leg(t, ports)
	b, phoneB := leg(t, ports)
	media.Join(a, b)
	phoneB.expect(phoneA.say(1, 0x55))
	insert := func(ctx context.Context, digit rune) error {
		done := make(chan error, 1)
		b.InsertDigit(ctx, digit, func(err error) { done <- err })
		return <-done
	}
	if err := insert(t.Context(), 'x'); !errors.Is(err, media.ErrNotDigit) {
		t.Errorf("no digit: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := insert(ctx, '1'); !errors.Is(err, context.Canceled) { // nothing is relayed
		t.Errorf("without sound: %v", err)
	}
	phoneB.expect(phoneA.say(1, 0x55)) // what was given up is not sent later
	deaf := phoneB.remote()
	deaf.Events = 0
	b.Update(deaf)
	if err := insert(t.Context(), '1'); !errors.Is(err, media.ErrNoEvents) {
		t.Errorf("to a phone without events: %v", err)
	}
	b.Update(phoneB.remote())
	b.Close()
	if err := insert(t.Context(), '1'); !errors.Is(err, media.ErrClosed) {
		t.Errorf("on a closed stream: %v", err)
	}
}
