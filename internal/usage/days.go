package usage

import (
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/report"
)

const (
	// UsualDays is how many days a report is about when nobody chooses.
	UsualDays = 28
	// mostDays bounds a report: all of its sessions are read at once.
	mostDays = 366
)

// DayError is the refusal of the days of a report: what is wrong with which.
type DayError struct {
	Field string // "from", "to"
	Wrong string
}

// Error says what is wrong.
func (e *DayError) Error() string { return e.Wrong }

// Where names the field.
func (e *DayError) Where() string { return e.Field }

// Days reads the days that a report is asked for, such as "2026-01-31", both of
// them in it; "" for the last [UsualDays]. What is not past yet is cut off. It
// fails with a [*DayError].
func Days(first, last string, now time.Time, zone *time.Location) (report.Span, error) {
	today := now.In(zone)
	from, to := today.AddDate(0, 0, 1-UsualDays), today
	var err error
	if last != "" {
		if to, err = time.Parse(time.DateOnly, last); err != nil {
			return report.Span{}, &DayError{"to", "This is no day; write it as 2026-01-31"}
		}
	}
	if first != "" {
		if from, err = time.Parse(time.DateOnly, first); err != nil {
			return report.Span{}, &DayError{"from", "This is no day; write it as 2026-01-31"}
		}
	}
	switch days := report.Days(from, to, time.UTC); { // where each has 24 hours
	case !days.From.Before(days.To):
		return report.Span{}, &DayError{"to", "The last day is before the first"}
	case days.To.Sub(days.From) > mostDays*24*time.Hour:
		return report.Span{}, &DayError{"to", "A report is about a year at most"}
	}
	return report.Days(from, to, zone).Until(now), nil
}
