package portal_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/spreadsheet"
)

const importing = "/domains/acme.test/users/import"

// uploadTable sends a file to the page of the import.
func (b *browser) uploadTable(content string) page {
	b.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	file, err := form.CreateFormFile("file", "people.csv")
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := file.Write([]byte(content)); err != nil {
		b.t.Fatal(err)
	}
	if err := form.WriteField("do", "check"); err != nil {
		b.t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		b.t.Fatal(err)
	}
	return b.send(http.MethodPost, importing, &body, "Content-Type", form.FormDataContentType())
}

func TestTableIsImported(t *testing.T) {
	t.Parallel()
	o := office(t)
	b := signedIn(t, o, "office_manager")
	domain, _ := o.App.Directory().DomainByName("acme.test")
	p := b.uploadTable("\uFEFFextension;name;site;devices;pin\r\n1100;Ana Ruiz;North;;new\r\n5410;\"Window; 10\";North;5410;\r\n")
	if p.status != http.StatusOK || !strings.Contains(p.body, "Nothing is imported yet") || !strings.Contains(p.body, "1100 Ana Ruiz") || !strings.Contains(p.body, "device 5410") {
		t.Fatalf("the preview: %d %s", p.status, p.body)
	}
	if _, found := o.App.Directory().UserByExtension(domain.ID, "1100"); found {
		t.Fatal("the preview has imported")
	}
	_, area, _ := strings.Cut(p.body, "<textarea")
	_, area, _ = strings.Cut(area, ">")
	table, _, _ := strings.Cut(area, "</textarea>")
	table = strings.ReplaceAll(strings.ReplaceAll(table, "&#34;", `"`), "\n", "\r\n") // as browsers send it
	form := url.Values{"do": {"import"}, "table": {table}, "shown": {valueOf(p.body, "shown")}, "tag": {valueOf(p.body, "tag")}}
	if p := b.ask(http.MethodPost, importing, with(form, "table", table+"1101;Ben;;;\r\n")); p.status != http.StatusOK || !strings.Contains(p.body, "1101 Ben") || !strings.Contains(p.body, "Nothing is imported yet") {
		t.Errorf("a table that was changed after the preview: %d %s", p.status, p.body)
	}
	p = b.ask(http.MethodPost, importing, form)
	ana, found := o.App.Directory().UserByExtension(domain.ID, "1100")
	if p.status != http.StatusOK || !found || ana.Site != "North" || !strings.Contains(p.body, "data:text/csv") {
		t.Fatalf("importing answers %d %s", p.status, p.body)
	}
	if p := b.ask(http.MethodPost, importing, form); p.status != http.StatusPreconditionFailed || !strings.Contains(p.body, "nothing was imported") {
		t.Errorf("a second click: %d %s", p.status, p.body)
	}
	if again, _ := o.App.Directory().UserByExtension(domain.ID, "1100"); again.PINHash != ana.PINHash {
		t.Error("a second click made another PIN")
	}
}

// valueOf is what a hidden field of a page holds.
func valueOf(body, name string) string {
	_, rest, _ := strings.Cut(body, `name="`+name+`" value="`)
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

func TestTablesWithMistakes(t *testing.T) {
	t.Parallel()
	o := office(t)
	b := signedIn(t, o, "office_manager")
	var long strings.Builder
	long.WriteString("extension,name,email\n")
	for i := range 10_000 {
		email := fmt.Sprintf("p%d@acme.test", i)
		if i == 17 || i == 5000 || i == 9999 {
			email = script
		}
		fmt.Fprintf(&long, "%d,Person %d,%s\n", 20000+i, i, strings.ReplaceAll(email, `"`, `'`))
	}
	for _, c := range []struct {
		about, content string
		status         int
		says           []string
	}{
		{"nothing", "", 422, []string{"the table is empty"}},
		{"no text", "\x89PNG\r\n\x1a\n\x00\x00", 422, []string{"not UTF-8"}},
		{"a workbook", "PK\x03\x04", 422, []string{"this is a workbook"}},
		{"a heading misspelt", "nom,name\n1100,Ana\n", 422, []string{"there is no such column"}},
		{"an extension twice", "extension,name\n1100,Ana\n1100,Ben\n", 422, []string{"Line 3<", "stands on line 2 already"}},
		{"three lines of ten thousand", long.String(), 422, []string{"3 mistakes to correct", "Line 19<", "Line 5002<", "Line 10001<"}},
		{"too large", strings.Repeat("x", spreadsheet.MaxSize+1), 422, []string{"larger than 5 MB"}},
		{"far too large", strings.Repeat("x", 3*spreadsheet.MaxSize), 413, []string{"larger than 5 MB"}},
		{"a script", "extension,name\n" + script + ",x\n", 422, []string{"&lt;script&gt;"}},
	} {
		p := b.uploadTable(c.content)
		for _, says := range c.says {
			if p.status != c.status || !strings.Contains(p.body, says) || strings.Contains(p.body, script) {
				t.Errorf("%s: %d, want %d with %s in %.2000s", c.about, p.status, c.status, says, p.body)
			}
		}
	}
	domain, _ := o.App.Directory().DomainByName("acme.test")
	if users := o.App.Directory().Users(domain.ID); len(users) != 11 {
		t.Errorf("there are %d users", len(users))
	}
}

func TestTablesAreExported(t *testing.T) {
	t.Parallel()
	o := office(t)
	for scope, foreign := range map[string]bool{"office_manager": true, "site_manager": false} {
		p := signedIn(t, o, scope).ask(http.MethodGet, "/domains/acme.test/users.csv", nil)
		rows, err := spreadsheet.Read([]byte(p.body))
		if err != nil || !strings.Contains(p.body, "Victor") || strings.Contains(p.body, "5402") != foreign || rows[0].Cells[0] != "extension" {
			t.Errorf("%s gets %s", scope, p.body)
		}
	}
}
