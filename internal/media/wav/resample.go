package wav

import (
	"math"

	"github.com/hotdesk-pbx/hotdesk/internal/media/g711"
)

const (
	lobes = 16   // half length of the filter, in samples of the lower rate
	pass  = 0.92 // of the band up to 4 kHz is kept
	fine  = 512  // points of the filter's table for each sample of the lower rate
)

// toTelephone lowers the rate to 8000 by a windowed sinc, which also takes away
// what would fold back from above 4 kHz.
func toTelephone(pcm []int16, rate int) []int16 {
	if rate == g711.Rate {
		return pcm
	}
	ratio := float64(rate) / g711.Rate
	out := make([]int16, int(float64(len(pcm))/ratio))
	half := int(lobes * ratio)
	table := taps()
	for i := range out {
		centre := float64(i) * ratio
		first, last := max(0, int(centre)-half), min(len(pcm)-1, int(centre)+half)
		sum, weight := 0.0, 0.0
		for j := first; j <= last; j++ {
			w := table[int(math.Abs(float64(j)-centre)/ratio*fine)]
			sum += w * float64(pcm[j])
			weight += w
		}
		out[i] = int16(max(math.MinInt16, min(math.MaxInt16, math.Round(sum/weight))))
	}
	return out
}

// taps is one half of the filter as a table: computing it for each sample would take minutes for a long file.
func taps() []float64 {
	table := make([]float64, (lobes+1)*fine+1) // a sample more: the ends are rounded outwards
	for i := range table {
		table[i] = tap((float64(i) + 0.5) / fine)
	}
	return table
}

// tap is the filter at a distance in samples of the lower rate.
func tap(x float64) float64 {
	if math.Abs(x) >= lobes {
		return 0
	}
	window := 0.5 + 0.5*math.Cos(math.Pi*x/lobes)
	return window * math.Sin(math.Pi*pass*x) / (math.Pi * x)
}
