package sqlstore

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// rowsTogether is how many rows one insert statement writes. More would save
// PostgreSQL some round trips, but SQLite finds the name of each parameter in a
// list of all of them.
const rowsTogether = 16

// millis is a time as it is stored where there must be one.
func millis(t time.Time) int64 { return t.UnixMilli() }

// optional is a time as it is stored where the zero time means none.
func optional(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return millis(t)
}

// instant scans a stored time, null as the zero time.
type instant struct{ *time.Time }

// Scan implements [database/sql.Scanner].
func (i instant) Scan(src any) error {
	switch ms := src.(type) {
	case nil:
		*i.Time = time.Time{}
	case int64:
		*i.Time = time.UnixMilli(ms).UTC()
	default:
		return fmt.Errorf("a time is stored as %T", src)
	}
	return nil
}

// reference is an id as it is stored in a foreign key, where "" means none.
func reference(id string) any {
	if id == "" {
		return nil
	}
	return id
}

// optionalText scans a text, null as "".
type optionalText struct{ *string }

// Scan implements [database/sql.Scanner].
func (t optionalText) Scan(src any) error {
	switch s := src.(type) {
	case nil:
		*t.string = ""
	case string:
		*t.string = s
	case []byte:
		*t.string = string(s)
	default:
		return fmt.Errorf("a text is stored as %T", src)
	}
	return nil
}

// lines is a list of texts as it is stored in one column. A line break inside
// one becomes a space, which is what header folding makes of it (RFC 3261 7.3.1).
func lines(list []string) string {
	unbroken := make([]string, len(list))
	for i, s := range list {
		unbroken[i] = strings.ReplaceAll(s, "\n", " ")
	}
	return strings.Join(unbroken, "\n")
}

// lineList scans what [lines] stored.
type lineList struct{ list *[]string }

// Scan implements [database/sql.Scanner].
func (l lineList) Scan(src any) error {
	var all string
	if err := (optionalText{&all}).Scan(src); err != nil {
		return err
	}
	*l.list = nil
	if all != "" {
		*l.list = strings.Split(all, "\n")
	}
	return nil
}

// storable makes texts from outside fit for both databases: PostgreSQL refuses
// broken UTF-8 and NUL, and a phone may send either in any header.
func storable(args []any) []any {
	for i, a := range args {
		if s, ok := a.(string); ok && (!utf8.ValidString(s) || strings.Contains(s, "\x00")) {
			args[i] = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
		}
	}
	return args
}

// places is the list of parameters for rows of values: "($1, $2), ($3, $4)".
func places(rows, columns int) string {
	var b strings.Builder
	for r := range rows {
		if r > 0 {
			b.WriteString(", ")
		}
		b.WriteByte('(')
		for c := range columns {
			if c > 0 {
				b.WriteString(", ")
			}
			b.WriteByte('$')
			b.WriteString(strconv.Itoa(r*columns + c + 1))
		}
		b.WriteByte(')')
	}
	return b.String()
}

// unnumbered writes the parameters of a statement as "?" where they are numbered
// in the order in which they stand: SQLite then looks for none by its name.
func unnumbered(text string) string {
	var b strings.Builder
	for n, rest := 1, text; ; n++ {
		before, after, found := strings.Cut(rest, "$")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		rest = strings.TrimLeft(after, "0123456789")
		if after[:len(after)-len(rest)] != strconv.Itoa(n) {
			return text
		}
		b.WriteByte('?')
	}
}
