package sqlstore

import (
	"fmt"
	"strings"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// column is a column of a row and the field it stands for: a pointer to a
// string, an int, a bool, a time where the zero time means none, or a time of day.
type column struct {
	name  string
	field any
}

// names is a list of columns for a statement.
func names(columns []column) string {
	all := make([]string, len(columns))
	for i, c := range columns {
		all[i] = c.name
	}
	return strings.Join(all, ", ")
}

// stored is what is stored of the field.
func (c column) stored() any {
	switch f := c.field.(type) {
	case *string:
		return *f
	case *int:
		return *f
	case *bool:
		return *f
	case *time.Time:
		return optional(*f)
	case *directory.ClockTime:
		return minutes(*f)
	default:
		return c.field
	}
}

// scanned is where the field is read into.
func (c column) scanned() any {
	switch f := c.field.(type) {
	case *time.Time:
		return instant{f}
	case *directory.ClockTime:
		return clock{f}
	default:
		return c.field
	}
}

// minutes is a time of day as it is stored: null for never.
func minutes(t directory.ClockTime) any {
	if !t.Set {
		return nil
	}
	return t.Hour*60 + t.Minute
}

// clock scans what [minutes] stored.
type clock struct{ at *directory.ClockTime }

// Scan implements [database/sql.Scanner].
func (c clock) Scan(src any) error {
	switch m := src.(type) {
	case nil:
		*c.at = directory.ClockTime{}
	case int64:
		*c.at = directory.ClockTime{Set: true, Hour: int(m) / 60, Minute: int(m) % 60}
	default:
		return fmt.Errorf("a time of day is stored as %T", src)
	}
	return nil
}
