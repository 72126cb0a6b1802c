// Package sound finds tones and spoken sentences in what a phone heard, for
// the end-to-end tests. All sound is 8000 samples a second, mono.
package sound

import (
	"math"
	"slices"
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
	best := 0
	for offset, fit := range fits(thin(heard), thin(sentence)) {
		if fit > score {
			score, best = fit, offset
		}
	}
	return score, moment(best)
}

// The pieces in which FindPieces looks for a sentence, and by how much each may
// lie before or behind its place, in thinned samples.
const (
	piece = Rate / coarse / 2
	slip  = Rate / coarse / 10
)

// FindPieces is Find for what a phone wrote down: on a busy machine packets come
// late and its clock slips, which moves all that follows. The time is exact to
// 0.1 s.
func FindPieces(heard, sentence []int16) (score float64, at time.Duration) {
	h, s := thin(heard), thin(sentence)
	total := energy(s)
	if total == 0 {
		return 0, 0
	}
	found := make([]float64, max(0, (len(h)-len(s))/slip+1)) // the score of each place, slip apart
	for i := 0; i < len(s); i += piece {
		part := s[i:min(i+piece, len(s))]
		fit, weight := fits(h, part), energy(part)/total
		for n := range found {
			near := fit[min(max(0, n*slip+i-slip), len(fit)):min(n*slip+i+slip, len(fit))]
			if len(near) > 0 {
				found[n] += weight * slices.Max(near)
			}
		}
	}
	best := 0
	for n, sum := range found {
		if sum > score {
			score, best = sum, n
		}
	}
	return score, moment(best * slip)
}

func moment(offset int) time.Duration { return time.Duration(offset) * coarse * time.Second / Rate }

// fits says for each place in h how well s fits there.
func fits(h, s []float64) []float64 {
	if len(s) == 0 || len(h) < len(s) {
		return nil
	}
	all := make([]float64, len(h)-len(s)+1)
	sentenceEnergy, windowEnergy := energy(s), energy(h[:len(s)])
	for offset := range all {
		if windowEnergy > sentenceEnergy/100 {
			dot := 0.0
			for i, x := range s {
				dot += x * h[offset+i]
			}
			all[offset] = dot / math.Sqrt(windowEnergy*sentenceEnergy)
		}
		if next := offset + len(s); next < len(h) {
			windowEnergy += h[next]*h[next] - h[offset]*h[offset]
		}
	}
	return all
}

func energy(pcm []float64) (sum float64) {
	for _, x := range pcm {
		sum += x * x
	}
	return sum
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
