package dtmf

import "math"

const (
	window = 160 // 20 ms: parts the rows, yet takes tones 1.5 % off
	hop    = 40
	hits   = 5 // windows alike that begin a digit: 30 ms at least, 40 ms always do
	misses = 4 // windows unlike that end it

	minAmplitude   = 260  // of the weaker tone: -39 dBm0
	minShare       = 0.80 // of the sound's energy that must lie in the two tones; speech is spread
	minLead        = 6.3  // 8 dB over the other tones of the group
	maxSwing       = 1.20 // 0.8 dB up or down from window to window: a telephone's tone is steady, a voice is not
	maxTwist       = 7.9  // column over row, 9 dB
	maxReverse     = 4.0  // row over column, 6 dB
	maxSecond      = 0.06 // second harmonic of the column tone, against the tone: a voice has it
	tonesPerGroup  = 4
	columnHarmonic = 2
)

// Detector hears digits as tones in sound, by Goertzel's method: level, twist,
// purity, second harmonic, at least 40 ms of tone and of pause. It is for one
// stream and one goroutine.
type Detector struct {
	buf      [window]float64
	shape    [window]float64 // von Hann's: keeps a loud tone out of the bins of a faint one
	shaped   [window]float64
	filled   int
	row      [tonesPerGroup]float64 // 2 cos of the tones
	column   [tonesPerGroup]float64
	harmonic [tonesPerGroup]float64
	total    float64 // energy of the window, shaped
	before   float64 // energy of the window before
	current  rune    // the digit that sounds, 0: none
	candid   rune
	alike    int
	unlike   int
}

// NewDetector gives a detector that has heard nothing yet.
func NewDetector() *Detector {
	d := &Detector{}
	for i := range d.shape {
		d.shape[i] = 0.5 - 0.5*math.Cos(2*math.Pi*(float64(i)+0.5)/window)
	}
	for i := range tonesPerGroup {
		d.row[i] = coefficient(rowTone(i))
		d.column[i] = coefficient(columnTone(i))
		d.harmonic[i] = coefficient(columnHarmonic * columnTone(i))
	}
	return d
}

func coefficient(tone float64) float64 { return 2 * math.Cos(2*math.Pi*tone/rate) }

// Feed takes the next samples and calls found with each digit that begins in them.
func (d *Detector) Feed(pcm []int16, found func(rune)) {
	for _, v := range pcm {
		d.buf[d.filled] = float64(v)
		if d.filled++; d.filled < window {
			continue
		}
		if digit := d.step(d.classify()); digit != 0 {
			found(digit)
		}
		copy(d.buf[:], d.buf[hop:])
		d.filled = window - hop
	}
}

// step counts windows and gives a digit in the moment it is sure.
func (d *Detector) step(seen rune) rune {
	if seen == d.current && seen != 0 {
		d.alike, d.unlike, d.candid = 0, 0, 0
		return 0
	}
	if d.current != 0 {
		if d.unlike++; d.unlike >= misses {
			d.current, d.unlike = 0, 0
		}
	}
	steady := d.total < d.before*maxSwing && d.before < d.total*maxSwing
	if seen != d.candid || !steady {
		d.candid, d.alike = seen, 0
	}
	if seen == 0 {
		return 0
	}
	if d.alike++; d.alike < hits {
		return 0
	}
	d.current, d.candid, d.alike, d.unlike = seen, 0, 0, 0
	return seen
}

// classify gives the digit of the window, or 0.
func (d *Detector) classify() rune {
	d.before, d.total = d.total, 0
	for i, v := range d.buf {
		v *= d.shape[i]
		d.shaped[i] = v
		d.total += v * v
	}
	// For a sine of amplitude A the shape leaves power (A*window/4)² and energy A²*window*3/16.
	const floor = minAmplitude * minAmplitude / 16.0 * window * window
	const purest = window / 3.0   // power per energy
	if d.total*purest < 2*floor { // too quiet for two tones: saves the work in silence
		return 0
	}
	i, low, okRow := d.strongest(&d.row)
	j, high, okColumn := d.strongest(&d.column)
	switch {
	case !okRow || !okColumn || low < floor || high < floor:
		return 0
	case high > low*maxTwist || low > high*maxReverse:
		return 0
	case low+high < minShare*d.total*purest:
		return 0
	case d.power(d.harmonic[j]) > maxSecond*high:
		return 0
	}
	return rune(rows[i*4+j])
}

// strongest gives the tone of a group that stands out of it.
func (d *Detector) strongest(group *[tonesPerGroup]float64) (index int, power float64, ok bool) {
	var powers [tonesPerGroup]float64
	for i, c := range group {
		powers[i] = d.power(c)
		if powers[i] > powers[index] {
			index = i
		}
	}
	for i, p := range powers {
		if i != index && p*minLead > powers[index] {
			return 0, 0, false
		}
	}
	return index, powers[index], true
}

// power is the squared magnitude at one tone.
func (d *Detector) power(c float64) float64 {
	var s1, s2 float64
	for _, v := range d.shaped {
		s1, s2 = v+c*s1-s2, s1
	}
	return s1*s1 + s2*s2 - c*s1*s2
}
