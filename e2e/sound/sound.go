// Package sound finds tones and spoken sentences in what a phone heard, for
// the end-to-end tests. All sound is 8000 samples a second, mono.
package sound

import (
	"math"
	"time"
)

// Rate is samples a second.
const Rate = 8000

// Tone is a steady tone.
func Tone(hz float64, length time.Duration) []int16 {
	pcm := make([]int16, int(length.Seconds()*Rate))
	for i := range pcm {
		pcm[i] = int16(8000 * math.Sin(2*math.Pi*hz*float64(i)/Rate))
	}
	return pcm
}

// ToneLength is for how long a tone is the main thing heard.
func ToneLength(heard []int16, hz float64) time.Duration {
	const block = Rate / 50
	blocks := 0
	for start := 0; start+block <= len(heard); start += block {
		if share(heard[start:start+block], hz) > 0.5 {
			blocks++
		}
	}
	return time.Duration(blocks) * 20 * time.Millisecond
}

// share is the part of a block's energy that lies at a frequency (Goertzel);
// 0 for near silence.
func share(block []int16, hz float64) float64 {
	coefficient := 2 * math.Cos(2*math.Pi*hz/Rate)
	var s1, s2, energy float64
	for _, sample := range block {
		x := float64(sample)
		energy += x * x
		s1, s2 = x+coefficient*s1-s2, s1
	}
	if energy < float64(len(block))*100*100 {
		return 0
	}
	power := s1*s1 + s2*s2 - coefficient*s1*s2
	return 2 * power / (float64(len(block)) * energy)
}

// coarse is by how much Find thins out sound before it searches.
const coarse = 4

// Find says how well a sentence fits where it fits best in what was heard (1
// is perfect, over 0.6 is heard), and when it began.
func Find(heard, sentence []int16) (score float64, at time.Duration) {
	h, s := thin(heard), thin(sentence)
	if len(s) == 0 || len(h) < len(s) {
		return 0, 0
	}
	var sentenceEnergy, windowEnergy float64
	for i, x := range s {
		sentenceEnergy += x * x
		windowEnergy += h[i] * h[i]
	}
	best := 0
	for offset := 0; offset+len(s) <= len(h); offset++ {
		if windowEnergy > sentenceEnergy/100 {
			dot := 0.0
			for i, x := range s {
				dot += x * h[offset+i]
			}
			if fit := dot / math.Sqrt(windowEnergy*sentenceEnergy); fit > score {
				score, best = fit, offset
			}
		}
		if next := offset + len(s); next < len(h) {
			windowEnergy += h[next]*h[next] - h[offset]*h[offset]
		}
	}
	return score, time.Duration(best) * coarse * time.Second / Rate
}

func thin(pcm []int16) []float64 {
	out := make([]float64, len(pcm)/coarse)
	for i := range out {
		for j := range coarse {
			out[i] += float64(pcm[i*coarse+j])
		}
	}
	return out
}
