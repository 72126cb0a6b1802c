package history

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
)

// byteOrderMark tells spreadsheets that the file is UTF-8; without it they
// take names for the letters of the machine's own country.
const byteOrderMark = "\uFEFF"

// timeLayout is a date and time that spreadsheets read as such.
const timeLayout = "2006-01-02 15:04:05"

// Columns are the heading of the file.
func Columns() []string {
	return []string{
		"started", "answered", "ended", "direction", "result", "talk_seconds",
		"caller", "caller_name", "caller_device", "dialled", "callee", "callee_name", "callee_device",
		"first_called", "transferred_to", "trunk", "id",
	}
}

// CSV writes calls as a file for spreadsheets: RFC 4180, in UTF-8 with a byte
// order mark.
type CSV struct {
	to     io.Writer
	rows   *csv.Writer
	sheet  Sheet
	headed bool
}

// Sheet is how the calls are shown.
type Sheet struct {
	Zone   *time.Location
	UserID string                 // direction, result and talk time are this user's; "": the call's
	Trunk  func(id string) string // the name of a trunk
}

// NewCSV makes a writer.
func NewCSV(to io.Writer, sheet Sheet) *CSV {
	rows := csv.NewWriter(to)
	rows.UseCRLF = true
	return &CSV{to: to, rows: rows, sheet: sheet}
}

// Write writes calls below those before, and first of all the heading.
func (c *CSV) Write(records []callrecord.Record) error {
	if !c.headed {
		c.headed = true
		if _, err := io.WriteString(c.to, byteOrderMark); err != nil {
			return fmt.Errorf("write calls: %w", err)
		}
		_ = c.rows.Write(Columns()) // Flush tells
	}
	for i := range records {
		_ = c.rows.Write(c.sheet.row(&records[i]))
	}
	c.rows.Flush()
	if err := c.rows.Error(); err != nil {
		return fmt.Errorf("write calls: %w", err)
	}
	return nil
}

func (s Sheet) row(r *callrecord.Record) []string {
	direction, result, talk := string(cmp.Or(r.Way, callrecord.Inside)), string(r.Result), r.Talk()
	if e, is := callrecord.View(r, s.UserID); is {
		direction, result, talk = string(e.Direction), string(e.Outcome), e.Talk
	}
	cells := []string{
		s.time(r.StartedAt), s.time(r.AnsweredAt), s.time(r.EndedAt), direction, result, strconv.Itoa(int(talk.Seconds())),
		r.Caller.Number, r.Caller.Name, r.Caller.DeviceName, r.Dialled, r.Callee.Number, r.Callee.Name, r.Callee.DeviceName,
		r.Diverted.Number, transferredTo(r), s.Trunk(r.TrunkID), r.ID,
	}
	for i, cell := range cells {
		cells[i] = Harmless(cell)
	}
	return cells
}

// transferredTo is the number to which the call went on, or all of them, one after the other.
func transferredTo(r *callrecord.Record) string {
	transfers := r.Transfers()
	numbers := make([]string, len(transfers))
	for n, t := range transfers {
		numbers[n] = t.Transferred.Number
	}
	return strings.Join(numbers, " ")
}

func (s Sheet) time(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(s.Zone).Format(timeLayout)
}

// Harmless is a text that no spreadsheet takes for a formula: callers choose
// their names. A number with its plus stays as it is.
func Harmless(text string) string {
	if text == "" || !strings.ContainsRune("=+-@\t\r\n", rune(text[0])) {
		return text
	}
	if digits, plus := strings.CutPrefix(text, "+"); plus && strings.Trim(digits, "0123456789") == "" {
		return text
	}
	return "'" + text
}
