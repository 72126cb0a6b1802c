package g711_test

import (
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/media/g711"
)

// TestKnownValues holds points of tables 1 and 2 of ITU-T G.711, in the 16-bit scale.
func TestKnownValues(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		law   g711.Law
		pcm   int16
		code  byte
		plays int16
	}{
		{g711.ULaw, 0, 0xff, 0},
		{g711.ULaw, -1, 0x7f, 0},
		{g711.ULaw, 8, 0xfe, 8},
		{g711.ULaw, 32767, 0x80, 32124},
		{g711.ULaw, -32768, 0x00, -32124},
		{g711.ULaw, 1000, 0xce, 988},
		{g711.ULaw, -1000, 0x4e, -988},
		{g711.ALaw, 0, 0xd5, 8},
		{g711.ALaw, -1, 0x55, -8},
		{g711.ALaw, 32767, 0xaa, 32256},
		{g711.ALaw, -32768, 0x2a, -32256},
		{g711.ALaw, 1000, 0xfa, 1008},
		{g711.ALaw, -1000, 0x7a, -1008},
	} {
		if got := c.law.Append(nil, []int16{c.pcm})[0]; got != c.code {
			t.Errorf("%v: %d becomes %#02x, want %#02x", c.law, c.pcm, got, c.code)
		}
		if got := c.law.Decode(nil, []byte{c.code})[0]; got != c.plays {
			t.Errorf("%v: %#02x plays %d, want %d", c.law, c.code, got, c.plays)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for _, law := range []g711.Law{g711.ULaw, g711.ALaw} {
		for code := range 256 {
			pcm := law.Decode(nil, []byte{byte(code)})
			back := law.Append(nil, pcm)[0]
			if back != byte(code) && (law != g711.ULaw || code != 0x7f) { // mu-law has two zeros
				t.Errorf("%v: %#02x comes back as %#02x", law, code, back)
			}
		}
		last := int16(-32768)
		for v := -32768; v <= 32767; v++ {
			got := law.Decode(nil, law.Append(nil, []int16{int16(v)}))[0]
			if got < last {
				t.Fatalf("%v: not monotonic at %d", law, v)
			}
			last = got
			diff := max(v-int(got), int(got)-v)
			if size := max(v, -v); diff > size/16+16 && size < 32124 {
				t.Fatalf("%v: %d comes back as %d", law, v, got)
			}
		}
	}
}

func TestLaws(t *testing.T) {
	t.Parallel()
	for _, law := range []g711.Law{g711.ULaw, g711.ALaw} {
		if g711.Of(law.Payload()) != law {
			t.Errorf("%v: payload type %d leads to %v", law, law.Payload(), g711.Of(law.Payload()))
		}
		if got := law.Append(nil, []int16{0})[0]; got != law.Silence() {
			t.Errorf("%v: silence is %#02x, but zero becomes %#02x", law, law.Silence(), got)
		}
	}
	if g711.Of(9) != 0 || g711.Law(0).String() != "none" {
		t.Error("G.722 is not one of the laws")
	}
}

func BenchmarkEncode(b *testing.B) {
	pcm, out := make([]int16, 160), make([]byte, 0, 160)
	for i := range pcm {
		pcm[i] = int16(i * 200)
	}
	for b.Loop() {
		out = g711.ULaw.Append(out[:0], pcm)
	}
}

func BenchmarkDecode(b *testing.B) {
	code, out := make([]byte, 160), make([]int16, 0, 160)
	for b.Loop() {
		out = g711.ULaw.Decode(out[:0], code)
	}
}
