package restapi

import (
	"bytes"
	"cmp"
	_ "embed" // the page
	"encoding/json"
	"fmt"
	"html/template"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

//go:embed docs.html
var docsPage string

// deepest is how many objects inside each other the page shows.
const deepest = 4

// docsGroup is a subject of the page.
type docsGroup struct {
	Name       string
	Operations []docsOperation
}

// docsOperation is an operation as the page shows it.
type docsOperation struct {
	ID, Method, Path, Summary, Description, Act, Curl string

	Tables []docsTable
}

// docsTable is the parameters, the body or the answer of an operation.
type docsTable struct {
	Name string
	Rows []docsRow
}

type docsRow struct{ Name, Type, Doc string }

// documents describe the API: for programs, and as a page.
type documents struct{ openAPI, page []byte }

func document(api *huma.OpenAPI) (d documents, err error) {
	if d.openAPI, err = json.MarshalIndent(api, "", "  "); err != nil {
		return d, fmt.Errorf("describe the API: %w", err)
	}
	d.page, err = docs(api)
	return d, err
}

// docs makes the page that describes the API. It takes nothing from elsewhere
// and has no script.
func docs(api *huma.OpenAPI) ([]byte, error) {
	page, err := template.New("docs").Parse(docsPage)
	if err != nil {
		return nil, fmt.Errorf("read the page of the API: %w", err)
	}
	var text bytes.Buffer
	if err := page.Execute(&text, docsGroups(api)); err != nil {
		return nil, fmt.Errorf("write the page of the API: %w", err)
	}
	return text.Bytes(), nil
}

func docsGroups(api *huma.OpenAPI) []docsGroup {
	var groups []docsGroup
	for _, path := range slices.Sorted(maps.Keys(api.Paths)) {
		item := api.Paths[path]
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op == nil {
				continue
			}
			name := subject(path)
			i := slices.IndexFunc(groups, func(g docsGroup) bool { return g.Name == name })
			if i < 0 {
				groups, i = append(groups, docsGroup{Name: name}), len(groups)
			}
			groups[i].Operations = append(groups[i].Operations, describe(api, op))
		}
	}
	return groups
}

// subject is the word of a path that says what it is about.
func subject(path string) string {
	path = strings.TrimPrefix(strings.TrimPrefix(path, domain), prefix)
	for word := range strings.SplitSeq(path, "/") {
		if word != "" {
			word, _, _ = strings.Cut(word, ".")
			return word
		}
	}
	return "domains"
}

func describe(api *huma.OpenAPI, op *huma.Operation) docsOperation {
	d := docsOperation{ID: op.OperationID, Method: op.Method, Path: op.Path, Summary: op.Summary, Description: op.Description, Curl: curl(op)}
	d.Act, _ = op.Extensions[actExtension].(string)
	var parameters docsTable
	for _, p := range op.Parameters {
		parameters.Rows = append(parameters.Rows, docsRow{p.Name, p.In + ", " + typeOf(p.Schema), words(p.Description, p.Schema)})
	}
	tables := []docsTable{{"Parameters", parameters.Rows}}
	if op.RequestBody != nil {
		tables = append(tables, docsTable{"Body", bodyRows(api, op.RequestBody.Content)})
	}
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		if strings.HasPrefix(status, "2") {
			tables = append(tables, docsTable{"Answer " + status, bodyRows(api, op.Responses[status].Content)})
		}
	}
	d.Tables = slices.DeleteFunc(tables, func(t docsTable) bool { return len(t.Rows) == 0 })
	return d
}

func bodyRows(api *huma.OpenAPI, content map[string]*huma.MediaType) []docsRow {
	var rows []docsRow
	for _, kind := range slices.Sorted(maps.Keys(content)) {
		rows = append(rows, fields(api, "", content[kind].Schema, 0)...)
	}
	return rows
}

// fields are the rows of an object, with what is inside it.
func fields(api *huma.OpenAPI, before string, s *huma.Schema, depth int) []docsRow {
	if s = resolve(api, s); s == nil || depth == deepest {
		return nil
	}
	if s.Type == huma.TypeArray {
		return fields(api, strings.TrimSuffix(before, ".")+"[].", s.Items, depth)
	}
	var rows []docsRow
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		p := s.Properties[name]
		rows = append(rows, docsRow{before + name, typeOf(resolve(api, p)), words(p.Description, p)})
		rows = append(rows, fields(api, before+name+".", p, depth+1)...)
	}
	return rows
}

func resolve(api *huma.OpenAPI, s *huma.Schema) *huma.Schema {
	if s != nil && s.Ref != "" {
		return api.Components.Schemas.SchemaFromRef(s.Ref)
	}
	return s
}

func typeOf(s *huma.Schema) string {
	if s == nil {
		return ""
	}
	return cmp.Or(s.Type, "anything")
}

// words describes a value, with what it may be.
func words(doc string, s *huma.Schema) string {
	if s == nil || len(s.Enum) == 0 {
		return doc
	}
	all := make([]string, len(s.Enum))
	for i, value := range s.Enum {
		all[i] = fmt.Sprint(value)
	}
	return strings.TrimSpace(doc + " One of " + strings.Join(all, ", ") + ".")
}

// curl is a request to copy.
func curl(op *huma.Operation) string {
	parts := []string{"curl", "-H", `"Authorization: Bearer $KEY"`}
	if op.Method != get {
		parts = append(parts, "-X", op.Method)
	}
	if op.RequestBody != nil {
		for _, kind := range slices.Sorted(maps.Keys(op.RequestBody.Content)) {
			parts = append(parts, "-H", `"Content-Type: `+kind+`"`, "--data", "@body")
		}
	}
	path := op.Path
	for _, p := range op.Parameters {
		if p.In == "path" && p.Schema != nil && len(p.Schema.Examples) > 0 {
			path = strings.ReplaceAll(path, "{"+p.Name+"}", fmt.Sprint(p.Schema.Examples[0]))
		}
	}
	return strings.Join(append(parts, "http://127.0.0.1:8080"+path), " ")
}

func (a *API) serveOpenAPI(w http.ResponseWriter, r *http.Request) {
	if d, ok := a.asked(w, r); ok {
		w.Header().Set("Content-Type", "application/openapi+json")
		_, _ = w.Write(d.openAPI)
	}
}

// asked gives the documents to somebody who asks for one.
func (a *API) asked(w http.ResponseWriter, r *http.Request) (documents, bool) {
	d, err := a.documents()
	if err != nil {
		a.cfg.Log.ErrorContext(r.Context(), "the API is not described", slog.Any("error", err))
		a.refuse(w, http.StatusInternalServerError, "the server cannot describe itself: its log says why")
	}
	return d, err == nil
}

// serveDocs answers with the page.
func (a *API) serveDocs(w http.ResponseWriter, r *http.Request) {
	d, ok := a.asked(w, r)
	if !ok {
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(d.page)
}
