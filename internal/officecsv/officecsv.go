// Package officecsv brings people, desks and phones into a domain, and out of
// it, as tables of a spreadsheet: one line for each. A table adds and changes;
// what it does not name stays. It knows nothing of SQL, HTTP or the command line.
package officecsv

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/spreadsheet"
)

// maxPasswords bounds how many portal passwords one table gives or asks for:
// each takes 20 ms of a processor.
const maxPasswords = 1000

// newWord stands in a cell for a secret that is to be generated.
const newWord = "new"

// Problem is one mistake in a table, in words for the person who made it.
type Problem struct {
	Line  int    // counted from 1; 0: of nothing that stands in the table
	Field string // the heading of the column; "" for the whole line
	Wrong string // what is wrong, a sentence without its full stop
	Fix   string // what to do about it, a sentence without its full stop
}

// String is the problem on one line.
func (p Problem) String() string {
	where := "line " + fmt.Sprint(p.Line) + ": "
	if p.Line == 0 {
		where = ""
	}
	if p.Field != "" {
		where += p.Field + ": "
	}
	return where + p.Wrong + "; " + p.Fix
}

// ProblemsError is the refusal of a table: every mistake in it.
type ProblemsError struct{ Problems []Problem }

// Error lists the problems, one per line.
func (e *ProblemsError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// The headings of a table of people and desks, and of one of phones. Any of them
// may be missing but the first, which is the name of a line.
func userColumns() []string {
	return []string{
		"extension", "name", "email", "scope", "site", "place", "caller_id", "hot_desking", "disabled",
		"devices", "pin", "password", "device_password",
	}
}

func phoneColumns() []string { return []string{"mac", "model", "name", "site", "place", "devices"} }

// Sheet is a table as it was read. Its rules are checked when it is tried or
// applied, because some hang on what is there already.
type Sheet struct {
	phones bool // else of people and desks
	lines  []entry
	flaws  []Problem
}

// entry is one line of a table.
type entry struct {
	line  int
	name  string            // the extension, or the MAC address
	cells map[string]string // by heading
	id    string            // of what it makes; it is not used for what is there
}

// text is what stands in a column; false where there is no such column.
func (e entry) text(column string) (string, bool) {
	text, given := e.cells[column]
	return text, given
}

// set overwrites a text with what stands in a column.
func (e entry) set(column string, to *string) {
	if text, given := e.cells[column]; given {
		*to = text
	}
}

// Read reads a table. It fails with a [*ProblemsError] where that has no form;
// mistakes within the lines are told when the sheet is tried or applied.
func Read(text []byte) (Sheet, error) {
	rows, err := spreadsheet.Read(text)
	if form, is := errors.AsType[*spreadsheet.FormError](err); is {
		return Sheet{}, refusal(Problem{Line: form.Line, Wrong: form.Wrong, Fix: form.Fix})
	}
	if err != nil {
		return Sheet{}, err
	}
	if len(rows) == 0 {
		return Sheet{}, refusal(Problem{Line: 1, Wrong: "the table is empty", Fix: "begin with a line of headings, such as: " + strings.Join(userColumns(), ",")})
	}
	s, columns, problems := readHeading(rows[0])
	if len(problems) > 0 {
		return Sheet{}, &ProblemsError{problems}
	}
	if len(rows) == 1 {
		return Sheet{}, refusal(Problem{Line: rows[0].Line, Wrong: "there is nothing below the headings", Fix: "write a line for each"})
	}
	s.read(columns, rows[1:])
	return s, nil
}

func refusal(p Problem) error { return &ProblemsError{[]Problem{p}} }

// readHeading finds out what a table is about.
func readHeading(row spreadsheet.Row) (s Sheet, columns []string, problems []Problem) {
	for _, cell := range row.Cells {
		columns = append(columns, strings.NewReplacer(" ", "_", "-", "_").Replace(strings.ToLower(cell)))
	}
	for len(columns) > 0 && columns[len(columns)-1] == "" { // separators at the end
		columns = columns[:len(columns)-1]
	}
	known := userColumns()
	if s.phones = slices.Contains(columns, "mac"); s.phones {
		known = phoneColumns()
	}
	for i, column := range columns {
		switch {
		case !slices.Contains(known, column):
			problems = append(problems, Problem{row.Line, column, "there is no such column", "known are " + strings.Join(known, ", ")})
		case slices.Contains(columns[:i], column):
			problems = append(problems, Problem{row.Line, column, "the column stands there twice", "leave one of the two"})
		}
	}
	if !slices.Contains(columns, known[0]) {
		problems = append(problems, Problem{row.Line, "extension", "the column is missing", "people and desks are known by it, phones by their column mac; the first line names the columns"})
	}
	return s, columns, problems
}

// read reads the lines below the headings.
func (s *Sheet) read(columns []string, rows []spreadsheet.Row) {
	seen := make(map[string]int, len(rows))
	passwords := 0
	for _, row := range rows {
		e := entry{line: row.Line, cells: make(map[string]string, len(columns)), id: directory.NewID()}
		for i, column := range columns {
			e.cells[column] = ""
			if i < len(row.Cells) {
				e.cells[column] = row.Cells[i]
			}
		}
		if len(row.Cells) > len(columns) && strings.Join(row.Cells[len(columns):], "") != "" {
			s.flaw(e.line, "", "there are more cells than columns", "put a cell that holds the separator between quotation marks")
		}
		if e.cells["password"] != "" {
			if passwords++; passwords == maxPasswords+1 {
				s.flaw(e.line, "password", fmt.Sprintf("these are more than %d portal passwords", maxPasswords), "split the table, or leave them out: people make their own by \"Forgotten password\"")
			}
		}
		s.name(&e)
		if line := seen[e.name]; line > 0 {
			s.flaw(e.line, s.key(), fmt.Sprintf("%s stands on line %d already", e.cells[s.key()], line), "leave one of the two")
			continue
		}
		seen[e.name] = e.line
		s.lines = append(s.lines, e)
	}
}

func (s *Sheet) key() string {
	if s.phones {
		return "mac"
	}
	return "extension"
}

func (s *Sheet) name(e *entry) {
	e.name = e.cells[s.key()]
	if s.phones {
		e.name = directory.NormalMAC(e.name)
	}
}

func (s *Sheet) flaw(line int, field, wrong, fix string) {
	s.flaws = append(s.flaws, Problem{line, field, wrong, fix})
}
