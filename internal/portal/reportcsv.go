package portal

import (
	"errors"
	"fmt"

	"github.com/hotdesk-pbx/hotdesk/internal/usage"
)

// reportCSV is a table of a report as a file for spreadsheets.
func (v *visit) reportCSV() error {
	name, view := v.r.PathValue("table"), v.dates()
	if !view.Form.right() {
		return errNowhere
	}
	rows, err := v.reportRows(view, name)
	switch {
	case errors.Is(err, usage.ErrNoTable), errors.Is(err, usage.ErrNoSubject):
		return errNowhere
	case err != nil:
		return err
	}
	h := v.w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", v.domain.Name+"-"+name+".csv"))
	h.Set("Cache-Control", "no-store")
	_ = usage.WriteCSV(v.w, rows) // it fails when the browser has gone
	return nil
}

func (v *visit) reportRows(view reportView, name string) ([][]string, error) {
	if name != "timeline" {
		return v.cfg.Usage.Table(v.r.Context(), view.Scope, name)
	}
	of, err := v.cfg.Usage.Subject(view.Scope, v.r.URL.Query().Get("of"))
	if err != nil {
		return nil, err
	}
	moments, _, err := v.cfg.Usage.Moments(v.r.Context(), view.Scope, of, 0)
	rows := [][]string{{"at", "who", "what", "end"}}
	for i, m := range v.tellAll(moments) {
		rows = append(rows, []string{view.Sheet(moments[i].At), m.Who, m.What, m.End})
	}
	return rows, err
}
