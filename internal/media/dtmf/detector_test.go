package dtmf_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/media/dtmf"
	"github.com/hotdesk-pbx/hotdesk/internal/media/g711"
)

const ms = g711.Rate / 1000

// pair is the sound of two tones, each with its own level in dBm0 and deviation.
type pair struct {
	low, high           float64
	lowLevel, highLevel float64
	off                 float64 // of both tones, as a fraction
	length              int     // samples
}

func (p pair) sound() []int16 {
	pcm := make([]int16, p.length)
	a, b := amplitude(p.lowLevel), amplitude(p.highLevel)
	for i := range pcm {
		t := float64(i) / g711.Rate * 2 * math.Pi * (1 + p.off)
		pcm[i] = clip(a*math.Sin(p.low*t) + b*math.Sin(p.high*t+1))
	}
	return pcm
}

func amplitude(dBm0 float64) float64 { return 22700 * math.Pow(10, dBm0/20) }

func clip(v float64) int16 { return int16(max(-32768, min(32767, v))) }

func hear(sounds ...[]int16) string {
	d, got := dtmf.NewDetector(), ""
	for _, pcm := range sounds {
		for len(pcm) > 0 { // as packets come
			n := min(160, len(pcm))
			code := g711.ULaw.Append(nil, pcm[:n])
			d.Feed(g711.ULaw.Decode(nil, code), func(r rune) { got += string(r) })
			pcm = pcm[n:]
		}
	}
	return got
}

func silence(n int) []int16 { return make([]int16, n) }

func noise(r *rand.Rand, n int, dBm0 float64) []int16 {
	pcm := make([]int16, n)
	for i := range pcm {
		pcm[i] = clip(r.NormFloat64() * amplitude(dBm0) / math.Sqrt2)
	}
	return pcm
}

func mix(a, b []int16) []int16 {
	pcm := make([]int16, len(a))
	for i := range pcm {
		pcm[i] = clip(float64(a[i]) + float64(b[i]))
	}
	return pcm
}

func rows() []float64    { return []float64{697, 770, 852, 941} }
func columns() []float64 { return []float64{1209, 1336, 1477, 1633} }

// TestEveryDigit follows the limits of ITU-T Q.24: 40 ms of tone, 40 ms of
// pause, 1.5 % off, 8 dB and 4 dB of twist, down to -25 dBm0.
func TestEveryDigit(t *testing.T) {
	t.Parallel()
	const layout = "123A456B789C*0#D"
	for i, want := range layout {
		low, high := rows()[i/4], columns()[i%4]
		for name, p := range map[string]pair{
			"40 ms":         {lowLevel: -8, highLevel: -8, length: 40 * ms},
			"loud":          {lowLevel: -3, highLevel: -3, length: 50 * ms},
			"quiet":         {lowLevel: -28, highLevel: -28, length: 50 * ms},
			"1.5 % high":    {lowLevel: -8, highLevel: -8, off: 0.015, length: 50 * ms},
			"1.5 % low":     {lowLevel: -8, highLevel: -8, off: -0.015, length: 50 * ms},
			"column louder": {lowLevel: -16, highLevel: -8, length: 50 * ms},
			"row louder":    {lowLevel: -8, highLevel: -12, length: 50 * ms},
		} {
			p.low, p.high = low, high
			for shift := range 8 { // wherever the windows begin
				lead := silence(100 + shift*13)
				if got := hear(lead, p.sound(), silence(40*ms), p.sound(), silence(40*ms)); got != string([]rune{want, want}) {
					t.Errorf("%c twice, %s, shifted %d: heard %q", want, name, shift, got)
				}
			}
		}
	}
}

func TestOwnTones(t *testing.T) {
	t.Parallel()
	var sounds [][]int16
	const number = "0123456789*#ABCD1001##"
	for _, r := range number {
		sounds = append(sounds, dtmf.Tone(r, 80*time.Millisecond), silence(60*ms))
	}
	if got := hear(sounds...); got != number {
		t.Errorf("heard %q, want %q", got, number)
	}
	if dtmf.Tone('x', time.Second) != nil {
		t.Error("x has a tone")
	}
}

func TestOneLongPressIsOneDigit(t *testing.T) {
	t.Parallel()
	tone := dtmf.Tone('6', 3*time.Second)
	if got := hear(tone); got != "6" {
		t.Errorf("heard %q", got)
	}
	copy(tone[8000:8080], silence(80)) // Q.24: a break of 10 ms is none
	if got := hear(tone); got != "6" {
		t.Errorf("with a break of 10 ms heard %q", got)
	}
}

func TestNotDigits(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	both := pair{low: 770, high: 1336, lowLevel: -8, highLevel: -8, length: 20 * ms}
	for name, pcm := range map[string][]int16{
		"20 ms only":         both.sound(),
		"one tone":           pair{low: 770, high: 1336, lowLevel: -8, highLevel: -90, length: 500 * ms}.sound(),
		"dial tone":          pair{low: 350, high: 440, lowLevel: -13, highLevel: -13, length: 2000 * ms}.sound(),
		"ringing":            pair{low: 440, high: 480, lowLevel: -13, highLevel: -13, length: 2000 * ms}.sound(),
		"busy":               pair{low: 480, high: 620, lowLevel: -13, highLevel: -13, length: 2000 * ms}.sound(),
		"too much twist":     pair{low: 770, high: 1336, lowLevel: -22, highLevel: -8, length: 100 * ms}.sound(),
		"twist the other":    pair{low: 770, high: 1336, lowLevel: -8, highLevel: -18, length: 100 * ms}.sound(),
		"too quiet":          pair{low: 770, high: 1336, lowLevel: -50, highLevel: -50, length: 100 * ms}.sound(),
		"4 % off":            pair{low: 770, high: 1336, lowLevel: -8, highLevel: -8, off: 0.04, length: 100 * ms}.sound(),
		"two of a row":       pair{low: 697, high: 770, lowLevel: -8, highLevel: -8, length: 100 * ms}.sound(),
		"two of a column":    pair{low: 1209, high: 1336, lowLevel: -8, highLevel: -8, length: 100 * ms}.sound(),
		"noise":              noise(r, 60*g711.Rate, -10),
		"tone lost in noise": mix(pair{low: 770, high: 1336, lowLevel: -30, highLevel: -30, length: 500 * ms}.sound(), noise(r, 500*ms, -15)),
	} {
		if got := hear(silence(200), pcm, silence(400)); got != "" {
			t.Errorf("%s: heard %q", name, got)
		}
	}
}

func TestDigitsInNoise(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	const number = "159D*0#"
	for round := range 20 {
		var pcm []int16
		for _, digit := range number {
			pcm = append(append(pcm, dtmf.Tone(digit, 70*time.Millisecond)...), silence(70*ms)...)
		}
		if got := hear(mix(pcm, noise(r, len(pcm), -26))); got != number { // 15 dB below a tone
			t.Errorf("round %d: heard %q, want %q", round, got, number)
		}
	}
}

// TestNoTalkOff speaks for three minutes: vowels with moving pitch and formants,
// at the pitches of men, women and children, and whistles.
func TestNoTalkOff(t *testing.T) {
	t.Parallel()
	for voice := range uint64(4) {
		t.Run(fmt.Sprint(voice), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(voice, 7))
			d := dtmf.NewDetector()
			heard := ""
			for range 45 * 4 { // syllables of a quarter of a second
				d.Feed(syllable(r, 90+80*float64(voice)), func(digit rune) { heard += string(digit) })
			}
			if len(heard) > 0 {
				t.Errorf("in 45 s of speech heard %q", heard)
			}
		})
	}
}

// syllable is a glottal pulse train of gliding pitch through three gliding formants.
func syllable(r *rand.Rand, pitch float64) []int16 {
	n := 250 * ms
	start := pitch * (0.8 + 0.5*r.Float64())
	end := pitch * (0.8 + 0.5*r.Float64())
	formants := func() [3]float64 {
		return [3]float64{250 + 600*r.Float64(), 850 + 1500*r.Float64(), 2300 + 900*r.Float64()}
	}
	from, to := formants(), formants()
	pcm := make([]int16, n)
	phase := 0.0
	for i := range pcm {
		x := float64(i) / float64(n)
		f0 := start + (end-start)*x
		phase += 2 * math.Pi * f0 / g711.Rate
		sum := 0.0
		for k := 1.0; k*f0 < 3800; k++ {
			gain := 0.0
			for j := range from {
				centre, width := from[j]+(to[j]-from[j])*x, 60.0+40*float64(j)
				off := (k*f0 - centre) / width
				gain += 1 / (1 + off*off) / float64(j+1)
			}
			sum += gain * math.Sin(k*phase)
		}
		envelope := math.Sin(math.Pi * x)
		pcm[i] = clip(9000*envelope*sum + 30*r.NormFloat64())
	}
	return pcm
}

func FuzzDetector(f *testing.F) {
	f.Add([]byte{0xff, 0x7f, 0x00, 0x80})
	f.Fuzz(func(t *testing.T, sound []byte) {
		digits := 0
		dtmf.NewDetector().Feed(g711.ULaw.Decode(nil, sound), func(r rune) {
			digits++
			if _, ok := dtmf.Code(r); !ok {
				t.Errorf("%q is no digit", r)
			}
		})
		if digits > len(sound)/(30*ms)+1 {
			t.Errorf("%d digits in %d ms", digits, len(sound)/ms)
		}
	})
}

// BenchmarkDetector hears a second of speech each time.
func BenchmarkDetector(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	var pcm []int16
	for range 4 {
		pcm = append(pcm, syllable(r, 120)...)
	}
	d := dtmf.NewDetector()
	for b.Loop() {
		d.Feed(pcm, func(rune) {})
	}
}
