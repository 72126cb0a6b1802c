package history

import (
	"fmt"
	"time"
)

// dateLayout is a day.
const dateLayout = "2006-01-02"

// ParseFrom reads the beginning of a span of time: a day such as "2026-11-25",
// in the zone, from its first moment, or a moment (RFC 3339).
func ParseFrom(text string, zone *time.Location) (time.Time, error) {
	if day, err := time.ParseInLocation(dateLayout, text, zone); err == nil {
		return day, nil
	}
	moment, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is no day such as \"2026-11-25\" and no moment such as \"2026-11-25T09:00:00Z\"", text)
	}
	return moment, nil
}

// ParseTo reads the end of a span of time, which is not in it any more: of a
// day, the first moment of the next.
func ParseTo(text string, zone *time.Location) (time.Time, error) {
	if day, err := time.ParseInLocation(dateLayout, text, zone); err == nil {
		return day.AddDate(0, 0, 1), nil
	}
	return ParseFrom(text, zone)
}
