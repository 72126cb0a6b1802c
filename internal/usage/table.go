package usage

import (
	"context"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/history"
	"github.com/hotdesk-pbx/hotdesk/internal/report"
)

// ErrNoTable says that there is no report of that name.
var ErrNoTable = errors.New("there is no such report")

// byteOrderMark tells spreadsheets that the file is UTF-8.
const byteOrderMark = "\uFEFF"

// sheetTime is a time that spreadsheets read as such.
const sheetTime = "2006-01-02 15:04:05"

// Tables are the names of the reports that are tables.
func Tables() []string { return []string{"hours", "levels", "desks", "people"} }

// Table is a report as rows of a spreadsheet, of which the first names the
// columns. It fails with [ErrNoTable].
func (s *Service) Table(ctx context.Context, of Scope, name string) ([][]string, error) {
	tables := map[string]func(context.Context, Scope) ([][]string, error){"hours": s.hours, "levels": s.levels, "desks": s.deskRows, "people": s.peopleRows}
	table, found := tables[name]
	if !found {
		return nil, ErrNoTable
	}
	return table(ctx, of)
}

// Weekdays are the days in the order in which people at work count them.
func Weekdays() []time.Weekday {
	return []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday, time.Saturday, time.Sunday}
}

func (s *Service) hours(ctx context.Context, of Scope) ([][]string, error) {
	o, err := s.Occupancy(ctx, of)
	rows := [][]string{{"day", "hour", "desks_in_use"}}
	for _, day := range Weekdays() {
		for hour, value := range o.Week[day] {
			if value >= 0 {
				rows = append(rows, []string{day.String(), strconv.Itoa(hour), average(value)})
			}
		}
	}
	return rows, err
}

func (s *Service) levels(ctx context.Context, of Scope) ([][]string, error) {
	o, err := s.Occupancy(ctx, of)
	rows := [][]string{{"from", "to", "desks_on_average", "desks_at_most"}}
	for _, l := range o.Levels {
		rows = append(rows, []string{of.Sheet(l.From), of.Sheet(l.To), average(l.Average), strconv.Itoa(l.Peak)})
	}
	return rows, err
}

func (s *Service) deskRows(ctx context.Context, of Scope) ([][]string, error) {
	desks, err := s.Desks(ctx, of)
	rows := [][]string{{"desk", "name", "sessions", "seconds_in_use", "last_login", "place"}}
	for _, d := range desks {
		rows = append(rows, slices.Concat([]string{d.Device, d.Name}, of.use(d.Use), []string{d.Place}))
	}
	return rows, err
}

func (s *Service) peopleRows(ctx context.Context, of Scope) ([][]string, error) {
	people, err := s.People(ctx, of)
	rows := [][]string{{"extension", "name", "sessions", "seconds_at_desks", "last_login", "calls_made", "calls_received", "calls_missed", "talk_seconds"}}
	for _, p := range people {
		rows = append(rows, slices.Concat([]string{p.Extension, p.Name}, of.use(p.Use),
			[]string{strconv.Itoa(p.Made), strconv.Itoa(p.Received), strconv.Itoa(p.Missed), seconds(p.Talk)}))
	}
	return rows, err
}

func (s Scope) use(u report.Use) []string {
	return []string{strconv.Itoa(u.Sessions), seconds(u.For), s.Sheet(u.Last)}
}

// Sheet is a time in the domain's zone for spreadsheets; "" for none.
func (s Scope) Sheet(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.In(s.Zone()).Format(sheetTime)
}

func average(desks float64) string { return strconv.FormatFloat(desks, 'f', 2, 64) }

func seconds(d time.Duration) string { return strconv.Itoa(int(d.Seconds())) }

// WriteCSV writes rows as a file for spreadsheets (RFC 4180), in which no text is
// taken for a formula.
func WriteCSV(w io.Writer, rows [][]string) error {
	if _, err := io.WriteString(w, byteOrderMark); err != nil {
		return err
	}
	to := csv.NewWriter(w)
	to.UseCRLF = true
	for _, row := range rows {
		for i, cell := range row {
			row[i] = history.Harmless(cell)
		}
		_ = to.Write(row) // Error tells
	}
	to.Flush()
	return to.Error()
}
