package portal

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/history"
)

// byteOrderMark tells spreadsheets that the file is UTF-8.
const byteOrderMark = "\uFEFF"

// sheetTime is a time that spreadsheets read as such.
const sheetTime = "2006-01-02 15:04:05"

// reportCSV is a table of a report as a file for spreadsheets.
func (v *visit) reportCSV() error {
	tables := map[string]func() ([][]string, error){
		"hours": v.hoursTable, "levels": v.levelsTable, "desks": v.desksTable, "people": v.peopleTable, "timeline": v.timelineTable,
	}
	name := v.r.PathValue("table")
	table, found := tables[name]
	if !found || !v.dates().Form.right() {
		return errNowhere
	}
	rows, err := table()
	if err != nil {
		return err
	}
	h := v.w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", v.domain.Name+"-"+name+".csv"))
	h.Set("Cache-Control", "no-store")
	if _, err := io.WriteString(v.w, byteOrderMark); err != nil {
		return nil //nolint:nilerr // the browser has gone
	}
	to := csv.NewWriter(v.w)
	to.UseCRLF = true
	for _, row := range rows {
		for i, cell := range row {
			row[i] = history.Harmless(cell)
		}
		_ = to.Write(row) // Flush tells, and then the browser has gone
	}
	to.Flush()
	return nil
}

func (v *visit) hoursTable() ([][]string, error) {
	view, err := v.occupancy()
	rows := [][]string{{"day", "hour", "desks_in_use"}}
	for _, day := range weekdays() {
		for hour, value := range view.Week[day] {
			if value >= 0 {
				rows = append(rows, []string{day.String(), strconv.Itoa(hour), strconv.FormatFloat(value, 'f', 2, 64)})
			}
		}
	}
	return rows, err
}

func (v *visit) levelsTable() ([][]string, error) {
	view, err := v.occupancy()
	rows := [][]string{{"from", "to", "desks_on_average", "desks_at_most"}}
	for _, l := range view.Levels {
		rows = append(rows, []string{
			l.From.In(view.Zone).Format(sheetTime), l.To.In(view.Zone).Format(sheetTime), strconv.FormatFloat(l.Average, 'f', 2, 64), strconv.Itoa(l.Peak),
		})
	}
	return rows, err
}

func (v *visit) desksTable() ([][]string, error) {
	view := v.dates()
	desks, err := v.deskUses(view.Span)
	rows := [][]string{{"desk", "name", "sessions", "seconds_in_use", "last_login", "place"}}
	for _, d := range desks {
		rows = append(rows, []string{d.Device, d.Name, strconv.Itoa(d.Sessions), seconds(d.For), view.sheet(d.Last), d.Place})
	}
	return rows, err
}

func (v *visit) peopleTable() ([][]string, error) {
	view := v.dates()
	people, err := v.personUses(view.Span)
	rows := [][]string{{"extension", "name", "sessions", "seconds_at_desks", "last_login", "calls_made", "calls_received", "calls_missed", "talk_seconds"}}
	for _, p := range people {
		rows = append(rows, []string{
			p.Extension, p.Name, strconv.Itoa(p.Sessions), seconds(p.For), view.sheet(p.Last),
			strconv.Itoa(p.Made), strconv.Itoa(p.Received), strconv.Itoa(p.Missed), seconds(p.Talk),
		})
	}
	return rows, err
}

func (v *visit) timelineTable() ([][]string, error) {
	view := v.dates()
	of, found := v.subjectOf(v.r.URL.Query().Get("of"))
	if !found {
		return nil, errNowhere
	}
	moments, _, err := v.moments(of, view.Span, 0)
	rows := [][]string{{"at", "who", "what", "end"}}
	for i, m := range v.tellAll(moments) {
		rows = append(rows, []string{view.sheet(moments[i].At), m.Who, m.What, m.End})
	}
	return rows, err
}

// sheet is a time in the domain's zone for spreadsheets; "" for none.
func (r reportView) sheet(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.In(r.Zone).Format(sheetTime)
}

func seconds(d time.Duration) string { return strconv.Itoa(int(d.Seconds())) }
