// Package report counts how desks were used: pure functions over sessions and
// call records. It reads nothing by itself.
package report

import (
	"slices"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
)

// Span is what a report is about: from From to before To.
type Span struct{ From, To time.Time }

// Days is the span of whole days in a zone, both of them in it. The days count,
// not the time of day in them; a day on which the clocks change has 23 or 25
// hours.
func Days(first, last time.Time, zone *time.Location) Span {
	return Span{From: midnight(first, zone), To: midnight(last.AddDate(0, 0, 1), zone)}
}

// midnight is when a day begins: at 00:00, or where the clocks go forward then
// at the first instant after.
func midnight(day time.Time, zone *time.Location) time.Time {
	year, month, date := day.Date()
	at := time.Date(year, month, date, 0, 0, 0, 0, zone)
	if at.Day() != time.Date(year, month, date, 12, 0, 0, 0, zone).Day() { // 00:00 does not exist: At is an hour before
		_, at = at.ZoneBounds()
	}
	return at
}

// Until is the span as far as it is past.
func (s Span) Until(now time.Time) Span {
	if s.To.After(now) {
		s.To = now
	}
	if s.To.Before(s.From) {
		s.To = s.From
	}
	return s
}

// clip is what of a session lies in the span; false for nothing. One that lasts
// goes on to the end of the span.
func (s Span) clip(session hotdesk.Session) (Span, bool) {
	in := Span{From: session.StartedAt, To: session.EndedAt}
	if in.From.Before(s.From) {
		in.From = s.From
	}
	if in.To.IsZero() || in.To.After(s.To) {
		in.To = s.To
	}
	return in, in.From.Before(in.To)
}

// Step says how many desks are in use from a time on.
type Step struct {
	At    time.Time
	Desks int
}

// Steps tell how many desks were in use throughout a span: the first step
// stands at its start.
func Steps(sessions []hotdesk.Session, span Span) []Step {
	type change struct {
		at time.Time
		by int
	}
	var changes []change
	for _, s := range sessions {
		if in, ok := span.clip(s); ok {
			changes = append(changes, change{in.From, 1}, change{in.To, -1})
		}
	}
	slices.SortFunc(changes, func(a, b change) int { return a.at.Compare(b.at) })
	steps := []Step{{At: span.From}}
	for _, c := range changes {
		last := &steps[len(steps)-1]
		if c.at.Equal(last.At) {
			last.Desks += c.by
			continue
		}
		steps = append(steps, Step{At: c.at, Desks: last.Desks + c.by})
	}
	return steps
}

// Level is how many desks were in use in some time.
type Level struct {
	From, To time.Time
	Average  float64
	Peak     int
}

// Levels cut a span at times, which are in order and in the span, and tell how
// many desks were in use in each part.
func Levels(steps []Step, span Span, cuts []time.Time) []Level {
	edges := slices.Concat([]time.Time{span.From}, cuts, []time.Time{span.To})
	var levels []Level
	at := 0
	for i := range len(edges) - 1 {
		from, to := edges[i], edges[i+1]
		if !from.Before(to) {
			continue
		}
		for at+1 < len(steps) && !steps[at+1].At.After(from) {
			at++
		}
		levels = append(levels, level(steps[at:], from, to))
	}
	return levels
}

// level is that between two times, of which the first lies in the first step.
func level(steps []Step, from, to time.Time) Level {
	l := Level{From: from, To: to}
	var used float64 // seconds at desks
	for i, s := range steps {
		if !s.At.Before(to) {
			break
		}
		end := to
		if i+1 < len(steps) && steps[i+1].At.Before(to) {
			end = steps[i+1].At
		}
		begin := s.At
		if begin.Before(from) {
			begin = from
		}
		used += float64(s.Desks) * end.Sub(begin).Seconds()
		l.Peak = max(l.Peak, s.Desks)
	}
	l.Average = used / to.Sub(from).Seconds()
	return l
}

// Hours are the times in a span at which an hour of the clock begins in a zone,
// also where the clocks change.
func Hours(span Span, zone *time.Location) []time.Time {
	var cuts []time.Time
	for at := span.From; ; {
		local := at.In(zone)
		next := at.Add(time.Hour - time.Duration(local.Minute())*time.Minute - time.Duration(local.Second())*time.Second - time.Duration(local.Nanosecond()))
		if _, end := local.ZoneBounds(); !end.IsZero() && end.After(at) && end.Before(next) {
			next = end
		}
		if at = next; !at.Before(span.To) {
			return cuts
		}
		cuts = append(cuts, at)
	}
}

// Midnights are the times in a span at which a day begins in a zone.
func Midnights(span Span, zone *time.Location) []time.Time {
	var cuts []time.Time
	day := span.From.In(zone)
	for n := 1; ; n++ {
		at := midnight(day.AddDate(0, 0, n), zone)
		if !at.Before(span.To) {
			return cuts
		}
		cuts = append(cuts, at)
	}
}

// Week is how many desks were in use on the average in each hour of each day of
// the week, Sunday first; negative where the span had no such hour.
type Week [7][24]float64

// ByHour tells how many desks were in use by hour and day of the week.
func ByHour(steps []Step, span Span, zone *time.Location) Week {
	var used, had [7][24]float64 // seconds
	for _, l := range Levels(steps, span, Hours(span, zone)) {
		local, seconds := l.From.In(zone), l.To.Sub(l.From).Seconds()
		used[local.Weekday()][local.Hour()] += l.Average * seconds
		had[local.Weekday()][local.Hour()] += seconds
	}
	var week Week
	for day := range had {
		for hour := range had[day] {
			week[day][hour] = -1
			if had[day][hour] > 0 {
				week[day][hour] = used[day][hour] / had[day][hour]
			}
		}
	}
	return week
}

// Use is how a desk was used, or how a person used desks.
type Use struct {
	Sessions int
	For      time.Duration // within the span
	Last     time.Time     // when the last session began
}

// UseBy counts sessions by what key tells of each: the device, or the person.
func UseBy(sessions []hotdesk.Session, span Span, key func(hotdesk.Session) string) map[string]Use {
	uses := map[string]Use{}
	for _, s := range sessions {
		in, ok := span.clip(s)
		if !ok {
			continue
		}
		u := uses[key(s)]
		u.Sessions++
		u.For += in.To.Sub(in.From)
		if s.StartedAt.After(u.Last) {
			u.Last = s.StartedAt
		}
		uses[key(s)] = u
	}
	return uses
}

// Calls are those of a person.
type Calls struct {
	Made, Received, Missed int // those missed are not among those received
	Talk                   time.Duration
}

// CallsBy counts the calls of each person, by the user's ID. Conversations with
// the system are none.
func CallsBy(records []callrecord.Record) map[string]Calls {
	calls := map[string]Calls{}
	for i := range records {
		r := &records[i]
		if r.Result == callrecord.Service {
			continue
		}
		people := []string{r.Caller.UserID, r.Callee.UserID, r.Diverted.UserID, r.Transferred.UserID}
		slices.Sort(people)
		for _, id := range slices.Compact(people) {
			entry, had := callrecord.View(r, id)
			if id == "" || !had {
				continue
			}
			c := calls[id]
			switch {
			case entry.Direction == callrecord.Made:
				c.Made++
			case entry.Missed():
				c.Missed++
			default:
				c.Received++
			}
			c.Talk += entry.Talk
			calls[id] = c
		}
	}
	return calls
}
