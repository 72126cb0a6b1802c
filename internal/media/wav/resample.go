package wav

import (
	"math"

	"github.com/hotdesk-pbx/hotdesk/internal/media/g711"
)

const (
	lobes = 16   // half length of the filter, in samples of the lower rate
	pass  = 0.92 // of the band up to 4 kHz is kept
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
	for i := range out {
		centre := float64(i) * ratio
		first, last := max(0, int(centre)-half), min(len(pcm)-1, int(centre)+half)
		sum, weight := 0.0, 0.0
		for j := first; j <= last; j++ {
			w := tap((float64(j) - centre) / ratio)
			sum += w * float64(pcm[j])
			weight += w
		}
		out[i] = int16(max(math.MinInt16, min(math.MaxInt16, math.Round(sum/weight))))
	}
	return out
}

// tap is the filter at a distance in samples of the lower rate.
func tap(x float64) float64 {
	if math.Abs(x) >= lobes {
		return 0
	}
	window := 0.5 + 0.5*math.Cos(math.Pi*x/lobes)
	if x == 0 {
		return pass
	}
	return window * math.Sin(math.Pi*pass*x) / (math.Pi * x)
}
