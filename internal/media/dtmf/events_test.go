package dtmf_test

import (
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/media/dtmf"
)

// step is one packet of a test, sent after a wait.
type step struct {
	digit    rune
	ts       uint32
	duration uint16
	end      bool
	after    time.Duration
}

func TestEachPressOnce(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		steps []step
		want  string
	}{
		{"whole", []step{{digit: '5', ts: 800, duration: 160}, {digit: '5', ts: 800, duration: 320}, {digit: '5', ts: 800, duration: 480, end: true}, {digit: '5', ts: 800, duration: 480, end: true}, {digit: '5', ts: 800, duration: 480, end: true}}, "5"},
		{"only ends arrive", []step{{digit: '#', ts: 800, duration: 800, end: true}, {digit: '#', ts: 800, duration: 800, end: true}}, "#"},
		{"only one end arrives", []step{{digit: '*', ts: 1, duration: 800, end: true}}, "*"},
		{"all ends lost, then another digit", []step{{digit: '1', ts: 100, duration: 160}, {digit: '2', ts: 2000, duration: 160}, {digit: '2', ts: 2000, duration: 320, end: true}}, "12"},
		{"all ends lost, then the same digit", []step{{digit: '1', ts: 100, duration: 160}, {digit: '1', ts: 100, duration: 320}, {digit: '1', ts: 4100, duration: 160}}, "11"},
		{"first duration 0", []step{{digit: '9', ts: 100}, {digit: '9', ts: 100, duration: 160}, {digit: '9', ts: 100, duration: 320, end: true}}, "9"},
		{"start after end", []step{{digit: '9', ts: 100, duration: 480, end: true}, {digit: '9', ts: 100, duration: 160}, {digit: '9', ts: 100, duration: 320}}, "9"},
		{"ends resent after the next digit began", []step{{digit: '1', ts: 100, duration: 480, end: true}, {digit: '2', ts: 900, duration: 160}, {digit: '1', ts: 100, duration: 480, end: true}, {digit: '2', ts: 900, duration: 320, end: true}}, "12"},
		{"same digit twice", []step{{digit: '0', ts: 100, duration: 480, end: true}, {digit: '0', ts: 900, duration: 160}, {digit: '0', ts: 900, duration: 480, end: true}}, "00"},
		{"timestamp wraps", []step{{digit: '3', ts: 0xffffff00, duration: 480, end: true}, {digit: '3', ts: 300, duration: 480, end: true}}, "33"},
		{"held for long: parts of 8 s", []step{{digit: '7', ts: 100, duration: 0xffff}, {digit: '7', ts: 100 + 0xffff, duration: 160}, {digit: '7', ts: 100 + 0xffff, duration: 320, end: true}, {digit: '7', ts: 100, duration: 0xff00}}, "7"},
		{"timestamp moves on with the duration", []step{{digit: '7', ts: 160, duration: 160}, {digit: '7', ts: 320, duration: 320}, {digit: '7', ts: 640, duration: 640}, {digit: '7', ts: 480, duration: 480}, {digit: '7', ts: 800, duration: 800, end: true}, {digit: '7', ts: 800, duration: 800, end: true}, {digit: '7', ts: 640, duration: 640}}, "7"},
		{"same packets again after a second", []step{{digit: '0', ts: 100, duration: 160}, {digit: '0', ts: 100, duration: 480, end: true}, {digit: '0', ts: 100, duration: 160, after: time.Second}, {digit: '0', ts: 100, duration: 480, end: true}}, "00"},
		{"same timestamp for all digits", []step{{digit: '1', ts: 0, duration: 480, end: true}, {digit: '2', ts: 0, duration: 480, end: true}}, "12"},
		{"same timestamp long after", []step{{digit: '1', ts: 0, duration: 480, end: true}, {digit: '1', ts: 0, duration: 480, end: true, after: 3 * time.Second}}, "11"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var events dtmf.Events
			now, got := time.Unix(0, 0), ""
			for _, s := range c.steps {
				code, _ := dtmf.Code(s.digit)
				now = now.Add(20*time.Millisecond + s.after)
				payload := dtmf.Event{Code: code, Duration: s.duration, End: s.end, Volume: 10}.Append(nil)
				if digit, ok := events.Packet(payload, s.ts, now); ok {
					got += string(digit)
				}
			}
			if got != c.want {
				t.Errorf("heard %q, want %q", got, c.want)
			}
		})
	}
}

func TestEventsThatAreNoDigits(t *testing.T) {
	t.Parallel()
	var events dtmf.Events
	for _, payload := range [][]byte{nil, {1, 0, 0}, {16, 0, 0, 160}, {255, 0x80, 1, 0}} {
		if digit, ok := events.Packet(payload, 0, time.Unix(0, 0)); ok {
			t.Errorf("%v is heard as %q", payload, digit)
		}
	}
}

func TestCodes(t *testing.T) {
	t.Parallel()
	for i, r := range "0123456789*#ABCD" {
		code, ok := dtmf.Code(r)
		if !ok || int(code) != i {
			t.Errorf("code of %q is %d, %v", r, code, ok)
		}
		if back, ok := dtmf.Digit(code); !ok || back != r {
			t.Errorf("code %d is %q", code, back)
		}
	}
	if code, ok := dtmf.Code('d'); !ok || code != 15 {
		t.Error("small letters are digits too")
	}
	if _, ok := dtmf.Code('x'); ok {
		t.Error("x is no digit")
	}
}

func FuzzEvents(f *testing.F) {
	f.Add([]byte{1, 0x80, 3, 32}, uint32(1))
	f.Add([]byte{}, uint32(0))
	f.Fuzz(func(t *testing.T, payload []byte, ts uint32) {
		var events dtmf.Events
		now := time.Unix(0, 0)
		_, first := events.Packet(payload, ts, now)
		if _, second := events.Packet(payload, ts, now); first && second {
			t.Error("one packet, heard twice, made two digits")
		}
	})
}
