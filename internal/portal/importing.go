package portal

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/officecsv"
	"github.com/hotdesk-pbx/hotdesk/internal/spreadsheet"
)

// maxUpload bounds what the page of an import may send, in bytes: a table, with
// what a browser puts around it.
const maxUpload = 2 * spreadsheet.MaxSize

// shownProblems and shownChanges are how many of them a preview lists.
const (
	shownProblems = 200
	shownChanges  = 100
)

// preview is what an import would do, or why it will not.
type preview struct {
	Problems []officecsv.Problem
	Result   *officecsv.Result // nil while there are problems, or nothing was read yet
}

// importPage shows where a table goes.
func (v *visit) importPage() error { return v.showImport(newForm(), preview{}) }

func (v *visit) showImport(f *form, p preview) error {
	return v.show(f.status, "Import", importForm(v.domain, f, p))
}

// importTable checks a table and shows what it would do; sent once more as it
// was shown, it does so.
func (v *visit) importTable() error {
	f, text, err := v.readTable()
	if err != nil {
		return err
	}
	if !f.right() {
		return v.showImport(f, preview{})
	}
	sheet, err := officecsv.Read(text)
	if err == nil && f.text("do") == "import" && f.text("shown") == directory.Tag(string(text)) {
		var result officecsv.Result
		result, err = officecsv.Apply(v.r.Context(), v.cfg.Directory, v.actor(), v.domain.ID, sheet, f.text(tagField))
		if err == nil {
			return v.showImported(result)
		}
		if errors.Is(err, directory.ErrStale) {
			f.refuse("", "The office was changed meanwhile, so nothing was imported. This is what the import would do now.")
			f.status, err = http.StatusPreconditionFailed, nil
		}
	}
	if err != nil {
		return v.refuseTable(f, err)
	}
	return v.previewTable(f, text, sheet)
}

// previewTable shows what a table would do.
func (v *visit) previewTable(f *form, text []byte, sheet officecsv.Sheet) error {
	result, err := officecsv.Try(v.cfg.Directory, v.actor(), v.domain.ID, sheet)
	if err != nil {
		return v.refuseTable(f, err)
	}
	f.Values.Set("shown", directory.Tag(string(text)))
	f.Values.Set(tagField, result.Tag)
	return v.showImport(f, preview{Result: &result})
}

// refuseTable shows what is wrong with a table.
func (v *visit) refuseTable(f *form, err error) error {
	if refused, is := errors.AsType[*officecsv.ProblemsError](err); is {
		f.status = http.StatusUnprocessableEntity
		return v.showImport(f, preview{Problems: refused.Problems})
	}
	if err := f.take(err, ""); err != nil {
		return err
	}
	return v.showImport(f, preview{})
}

// readTable reads a table, from a file where one was chosen, else as it was
// pasted. The form holds it as far as it is text.
func (v *visit) readTable() (*form, []byte, error) {
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, maxUpload)
	f := newForm()
	err := v.r.ParseMultipartForm(maxUpload)
	if _, is := errors.AsType[*http.MaxBytesError](err); is {
		f.refuse("file", "This is larger than 5 MB. Split the table into several.")
		f.status = http.StatusRequestEntityTooLarge
		return f, nil, nil
	}
	if err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return nil, nil, &badRequestError{err: err}
	}
	f.Values = v.r.PostForm
	text := []byte(f.Values.Get("table"))
	if file, _, err := v.r.FormFile("file"); err == nil {
		defer file.Close()
		chosen, err := io.ReadAll(file)
		if err != nil {
			return nil, nil, &badRequestError{err: err}
		}
		if len(chosen) > 0 {
			text = chosen
		}
	}
	f.Values.Set("table", "")
	if utf8.Valid(text) && !bytes.ContainsRune(text, 0) && len(text) <= spreadsheet.MaxSize {
		text = []byte(strings.ReplaceAll(strings.TrimPrefix(string(text), "\uFEFF"), "\r\n", "\n")) // as a page shows it
		f.Values.Set("table", string(text))
	}
	return f, text, nil
}

// showImported shows what was done; the secrets also as a file.
func (v *visit) showImported(r officecsv.Result) error {
	file := ""
	if len(r.Secrets) > 0 {
		var err error
		if file, err = dataURL(officecsv.SecretRows(r.Secrets)); err != nil {
			return err
		}
	}
	return v.show(http.StatusOK, "Import", imported(v.domain, r, file))
}

// exportUsers and exportPhones write tables for spreadsheets.
func (v *visit) exportUsers() error { return v.exportTable("users", officecsv.WriteUsers) }

func (v *visit) exportPhones() error { return v.exportTable("phones", officecsv.WritePhones) }

func (v *visit) exportTable(name string, write func(io.Writer, directory.Office, func(site string) bool) error) error {
	o, found := v.cfg.Directory.Office(v.domain.ID)
	if !found {
		return errNowhere
	}
	h := v.w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="`+v.domain.Name+`-`+name+`.csv"`)
	h.Set("Cache-Control", "no-store")
	return write(v.w, o, func(site string) bool { return v.sees(directory.ActManageAccounts, site) })
}
