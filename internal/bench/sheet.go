package bench

import (
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// sheet collects figures.
type sheet struct {
	names  []string
	values map[string]map[string][]float64 // by name and program
}

func (s *sheet) add(name, binary string, value float64) {
	if s.values == nil {
		s.values = map[string]map[string][]float64{}
	}
	if s.values[name] == nil {
		s.names = append(s.names, name)
		s.values[name] = map[string][]float64{}
	}
	s.values[name][binary] = append(s.values[name][binary], value)
}

// write writes the medians, with the least and the most where there are several.
func (s *sheet) write(to io.Writer, binaries []string) error {
	var b strings.Builder
	b.WriteString("\n| figure |")
	for _, binary := range binaries {
		b.WriteString(" " + filepath.Base(binary) + " |")
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(binaries)) + "\n")
	for _, name := range s.names {
		b.WriteString("| " + name + " |")
		for _, binary := range binaries {
			b.WriteString(" " + spread(s.values[name][binary]) + " |")
		}
		b.WriteString("\n")
	}
	if _, err := io.WriteString(to, b.String()); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	return nil
}

func spread(values []float64) string {
	if len(values) == 0 {
		return "-"
	}
	slices.Sort(values)
	text := plain(quantile(values, 0.5))
	if len(values) > 1 {
		text += " (" + plain(values[0]) + " to " + plain(values[len(values)-1]) + ")"
	}
	return text
}

// quantile is a value of a sorted list, in between two where it falls there.
func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	at := q * float64(len(sorted)-1)
	low := int(at)
	if low+1 == len(sorted) {
		return sorted[low]
	}
	return sorted[low] + (sorted[low+1]-sorted[low])*(at-float64(low))
}

// plain writes three digits that count, or all of a greater number.
func plain(v float64) string {
	if math.Abs(v) >= 100 || v == 0 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

// times are measured durations, in the order they came.
type times []time.Duration

// milliseconds are the times, sorted.
func (t times) milliseconds() []float64 {
	list := make([]float64, len(t))
	for i, d := range t {
		list[i] = float64(d) / float64(time.Millisecond)
	}
	slices.Sort(list)
	return list
}

// noteTimes takes the median and the 99th percentile of times down.
func (r *round) noteTimes(what string, t times) {
	sorted := t.milliseconds()
	r.note(what+", median ms", quantile(sorted, 0.5))
	r.note(what+", p99 ms", quantile(sorted, 0.99))
}
