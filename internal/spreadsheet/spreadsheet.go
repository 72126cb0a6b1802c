// Package spreadsheet reads and writes tables as spreadsheets save them: CSV
// (RFC 4180) with whatever separator and line ends their country and system
// have. It knows nothing of what the tables mean.
package spreadsheet

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// byteOrderMark tells spreadsheets that a file is UTF-8; without it they take
// names for the letters of the machine's own country.
const byteOrderMark = "\uFEFF"

// MaxSize is the size of the largest text that is read, in bytes.
const MaxSize = 5 << 20

// MaxLines is how many lines of a text are read.
const MaxLines = 20_000

// Row is one line of a table.
type Row struct {
	Line  int // in the text, counted from 1; of a row of several lines the first
	Cells []string
}

// FormError says why a text is no table.
type FormError struct {
	Line       int // counted from 1
	Wrong, Fix string
}

// Error is the refusal on one line.
func (e *FormError) Error() string { return fmt.Sprintf("line %d: %s; %s", e.Line, e.Wrong, e.Fix) }

// Read reads a table. Rows without any text are left out. It fails with a
// [*FormError].
func Read(text []byte) ([]Row, error) {
	if len(text) > MaxSize {
		return nil, &FormError{1, "the text is larger than 5 MB", "split it into several"}
	}
	text = bytes.TrimPrefix(text, []byte(byteOrderMark))
	if err := checkText(text); err != nil {
		return nil, err
	}
	// Files of old systems end their lines with a carriage return alone.
	if !bytes.Contains(text, []byte("\n")) {
		text = bytes.ReplaceAll(text, []byte("\r"), []byte("\n"))
	}
	in := csv.NewReader(bytes.NewReader(text))
	in.Comma, in.FieldsPerRecord, in.ReuseRecord = separator(text), -1, true
	var rows []Row
	for {
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if broken, is := errors.AsType[*csv.ParseError](err); is {
			return nil, &FormError{broken.StartLine, "a quotation mark stands where none belongs, or its second is missing", "put the whole cell between two, and double those within"}
		}
		if err != nil {
			return nil, fmt.Errorf("read a table: %w", err)
		}
		line, _ := in.FieldPos(0)
		if len(rows) == MaxLines {
			return nil, &FormError{line, fmt.Sprintf("there are more than %d lines", MaxLines), "split the text into several"}
		}
		if row, some := clean(cells); some {
			rows = append(rows, Row{Line: line, Cells: row})
		}
	}
}

// checkText refuses what is no text in UTF-8.
func checkText(text []byte) error {
	const fix = "save the table as \"CSV UTF-8\""
	if bytes.HasPrefix(text, []byte("PK\x03\x04")) {
		return &FormError{1, "this is a workbook, not a text", fix}
	}
	if bytes.HasPrefix(text, []byte{0xff, 0xfe}) || bytes.HasPrefix(text, []byte{0xfe, 0xff}) {
		return &FormError{1, "the text is UTF-16", fix}
	}
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		line := func() int { return 1 + bytes.Count(text[:i], []byte("\n")) }
		if r == utf8.RuneError && size == 1 {
			return &FormError{line(), "a letter is not UTF-8", fix}
		}
		if r == 0 {
			return &FormError{line(), "this is no text: it holds a NUL", fix}
		}
		i += size
	}
	return nil
}

// separator is what stands between the cells of the first line: a comma, or
// what spreadsheets write in countries where that is the decimal point.
func separator(text []byte) rune {
	first, _, _ := strings.Cut(strings.TrimLeft(string(text[:min(len(text), 64<<10)]), "\r\n "), "\n")
	best := ','
	for _, c := range []rune{';', '\t'} {
		if strings.Count(first, string(c)) > strings.Count(first, string(best)) {
			best = c
		}
	}
	return best
}

// clean copies cells without the spaces around them and the apostrophes that
// [Write] puts in front; false when none holds anything.
func clean(cells []string) ([]string, bool) {
	row, some := make([]string, len(cells)), false
	for i, cell := range cells {
		cell = strings.TrimSpace(cell)
		if bare, found := strings.CutPrefix(cell, "'"); found && isFormula(bare) {
			cell = bare
		}
		row[i], some = strings.Clone(cell), some || cell != ""
	}
	return row, some
}

// isFormula tells whether a spreadsheet would compute a cell instead of showing it.
func isFormula(cell string) bool {
	return cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0]))
}

// Write writes a table with a byte order mark. A cell that a spreadsheet would
// take for a formula gets an apostrophe in front: names come from people, and a
// formula may send the table elsewhere.
func Write(to io.Writer, rows [][]string) error {
	if _, err := io.WriteString(to, byteOrderMark); err != nil {
		return fmt.Errorf("write a table: %w", err)
	}
	out := csv.NewWriter(to)
	out.UseCRLF = true
	for _, row := range rows {
		guarded := make([]string, len(row))
		for i, cell := range row {
			if isFormula(cell) {
				cell = "'" + cell
			}
			guarded[i] = cell
		}
		_ = out.Write(guarded) // Flush tells
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write a table: %w", err)
	}
	return nil
}
