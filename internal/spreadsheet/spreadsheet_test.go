package spreadsheet_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hotdesk-pbx/hotdesk/internal/spreadsheet"
)

func TestRead(t *testing.T) {
	t.Parallel()
	want := []spreadsheet.Row{{1, []string{"extension", "name"}}, {2, []string{"1001", "Ruiz, Ana"}}, {4, []string{"1002", `Ben "B"`}}}
	for about, text := range map[string]string{
		"commas":                   "extension,name\n1001,\"Ruiz, Ana\"\n\n1002,\"Ben \"\"B\"\"\"\n",
		"no line end at the end":   "extension,name\n1001,\"Ruiz, Ana\"\n\n1002,\"Ben \"\"B\"\"\"",
		"semicolons, as in Europe": "extension;name\n1001;Ruiz, Ana\n;\n1002;\"Ben \"\"B\"\"\"\n",
		"tabs, as pasted":          "extension\tname\n1001\tRuiz, Ana\n\t\n1002\t\"Ben \"\"B\"\"\"\n",
		"of Windows":               "\uFEFFextension,name\r\n1001,\"Ruiz, Ana\"\r\n,\r\n1002,\"Ben \"\"B\"\"\"\r\n",
		"of an old Macintosh":      "extension,name\r1001,\"Ruiz, Ana\"\r\r1002,\"Ben \"\"B\"\"\"",
		"with spaces":              " extension , name \n1001 , \"\"\"\n",
	} {
		rows, err := spreadsheet.Read([]byte(text))
		if about == "with spaces" {
			if form, is := errors.AsType[*spreadsheet.FormError](err); !is || form.Line != 2 {
				t.Errorf("a quotation mark out of place: %v, %v", rows, err)
			}
			continue
		}
		if diff := cmp.Diff(want, rows); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", about, err, diff)
		}
	}
}

func TestNoTable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		about, text string
		line        int
		says        string
	}{
		{"Latin-1", "extension,name\n1001,Ren\xe9\n", 2, "UTF-8"},
		{"UTF-16", "\xff\xfee\x00x\x00", 1, "UTF-16"},
		{"UTF-16, the other way", "\xfe\xff\x00e\x00x", 1, "UTF-16"},
		{"a workbook", "PK\x03\x04\x14\x00", 1, "workbook"},
		{"a picture", "\x89PNG\r\n\x1a\n", 1, "UTF-8"},
		{"NUL", "extension,name\n1001,A\x00na\n", 2, "NUL"},
		{"a quotation mark that does not end", "extension,name\n1001,\"Ana\n1002,Ben\n", 2, "quotation mark"},
		{"too large", strings.Repeat("x", spreadsheet.MaxSize+1), 1, "larger"},
		{"too many lines", strings.Repeat("x\n", spreadsheet.MaxLines+1), spreadsheet.MaxLines + 1, "more than"},
	} {
		rows, err := spreadsheet.Read([]byte(c.text))
		form, is := errors.AsType[*spreadsheet.FormError](err)
		if !is || form.Line != c.line || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, %v", c.about, rows, err)
		}
	}
	for _, empty := range []string{"", "\uFEFF", "\n\n", ",,\n"} {
		if rows, err := spreadsheet.Read([]byte(empty)); len(rows) != 0 || err != nil {
			t.Errorf("%q: %v, %v", empty, rows, err)
		}
	}
}

func TestFormulasAreWords(t *testing.T) {
	t.Parallel()
	rows := [][]string{{"name", "caller_id"}, {`=HYPERLINK("http://evil.test")`, "+14165550101"}, {"@SUM(A1)", "-1"}, {"O'Hara", "'quoted'"}}
	var text bytes.Buffer
	if err := spreadsheet.Write(&text, rows); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(text.String()) {
		for cell := range strings.SplitSeq(strings.TrimSpace(line), ",") {
			if cell = strings.Trim(cell, `"`); strings.ContainsAny(cell[:1], "=+-@") {
				t.Errorf("a formula: %s", line)
			}
		}
	}
	read, err := spreadsheet.Read(text.Bytes())
	if err != nil || len(read) != len(rows) {
		t.Fatal(read, err)
	}
	for i, row := range read {
		if diff := cmp.Diff(rows[i], row.Cells); diff != "" {
			t.Error(diff)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("extension;name\r\n1001;\"Ana\"\r\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		rows, err := spreadsheet.Read(text)
		var form *spreadsheet.FormError
		if err != nil && !errors.As(err, &form) {
			t.Fatal(err)
		}
		for _, row := range rows {
			if row.Line < 1 || len(row.Cells) == 0 {
				t.Errorf("a row that is none: %v", row)
			}
		}
	})
}
