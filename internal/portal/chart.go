package portal

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/usage"
)

// most is the highest value of the week, against which its cells are coloured.
func (o occupancyView) most() float64 {
	most := 0.0
	for _, day := range o.Week {
		for _, value := range day {
			most = max(most, value)
		}
	}
	return most
}

// heat colours a cell: half of the colour at most, so that its text stays legible.
func heat(value, most float64) string {
	if value <= 0 || most <= 0 {
		return ""
	}
	return fmt.Sprintf("--heat: %.0f%%", 4+46*value/most)
}

// heatText is what stands in a cell.
func heatText(value float64) string {
	if value < .05 {
		return ""
	}
	return tenths(value)
}

// tenths is a number of desks: "12" or "3.4".
func tenths(value float64) string {
	return strings.TrimSuffix(strconv.FormatFloat(value, 'f', 1, 64), ".0")
}

const chartWidth, chartHeight, chartLeft, chartBottom = 720.0, 200.0, 32.0, 24.0

// chart draws how many desks were in use: the most as an area, the average as a
// line. Nothing in it is anybody's text.
func (o occupancyView) chart() string {
	if len(o.Levels) == 0 {
		return ""
	}
	top := niceTop(o.Peak)
	x := func(at time.Time) float64 {
		whole := o.Span.To.Sub(o.Span.From).Seconds()
		return chartLeft + (chartWidth-chartLeft)*at.Sub(o.Span.From).Seconds()/whole
	}
	y := func(desks float64) float64 { return 8 + (chartHeight-chartBottom-8)*(1-desks/float64(top)) }
	var area, line strings.Builder
	fmt.Fprintf(&area, "M%.1f,%.1f", x(o.Span.From), y(0))
	for i, l := range o.Levels {
		fmt.Fprintf(&area, "V%.1fH%.1f", y(float64(l.Peak)), x(l.To))
		middle := l.From.Add(l.To.Sub(l.From) / 2)
		fmt.Fprintf(&line, "%s%.1f,%.1f", map[bool]string{true: "M", false: "L"}[i == 0], x(middle), y(l.Average))
	}
	fmt.Fprintf(&area, "V%.1fZ", y(0))
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="chart" viewBox="0 0 %.0f %.0f" role="img" aria-label="Desks in use from %s to %s: at most %d, on average %s">`,
		chartWidth, chartHeight, o.Form.text("from"), o.Form.text("to"), o.Peak, tenths(o.Average))
	for _, desks := range []int{0, top / 2, top} {
		fmt.Fprintf(&b, `<line x1="%.0f" x2="%.0f" y1="%.1f" y2="%.1f"/><text x="%.0f" y="%.1f" text-anchor="end">%d</text>`,
			chartLeft, chartWidth, y(float64(desks)), y(float64(desks)), chartLeft-6, y(float64(desks))+4, desks)
	}
	for i, l := range o.Levels {
		if every := (len(o.Levels) + 6) / 7; i%every == 0 {
			fmt.Fprintf(&b, `<text x="%.1f" y="%.0f">%s</text>`, x(l.From), chartHeight-6, l.From.In(o.Zone()).Format(map[bool]string{true: "2 Jan", false: "Mon 15:04"}[o.Daily]))
		}
	}
	fmt.Fprintf(&b, `<path class="chart-area" d="%s"/><path class="chart-line" d="%s"/></svg>`, area.String(), line.String())
	return b.String()
}

// niceTop is an even number above which nothing is drawn.
func niceTop(peak int) int { return max(2, 2*int(math.Ceil(float64(peak)/2))) }

func unused(desks []usage.Desk) int {
	n := 0
	for _, d := range desks {
		if d.Sessions == 0 {
			n++
		}
	}
	return n
}

func placeless(desks []usage.Desk) int {
	n := 0
	for _, d := range desks {
		if d.Place == "" {
			n++
		}
	}
	return n
}
