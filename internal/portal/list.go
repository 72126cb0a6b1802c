package portal

import (
	"net/url"
	"strconv"
	"strings"
)

// perPage is how many rows of a list one page shows.
const perPage = 100

// listing says which rows of a list a page shows: those that hold a text and
// meet a choice, and of these so many.
type listing struct {
	Path   string // of the list
	Search string
	Only   string // one of the list's choices; "" for all rows
	Page   int    // from 1
	Pages  int
	Found  int // rows on all pages
}

// listing reads which rows the address asks for.
func (v *visit) listing(path string) listing {
	query := v.r.URL.Query()
	page, err := strconv.Atoi(query.Get("page"))
	if err != nil {
		page = 1
	}
	return listing{Path: path, Search: strings.TrimSpace(query.Get("search")), Only: query.Get("only"), Page: max(page, 1)}
}

// finds tells whether one of a row's texts holds what is searched for, in any case.
func (l *listing) finds(texts ...string) bool {
	search := strings.ToLower(l.Search)
	for _, text := range texts {
		if strings.Contains(strings.ToLower(text), search) {
			return true
		}
	}
	return false
}

// narrowed tells whether rows are left out.
func (l *listing) narrowed() bool { return l.Search != "" || l.Only != "" }

// counted is how many there are, in words.
func counted(n int, one, several string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + several
}

// at is the address of the list with some page of its rows.
func (l *listing) at(path string, page int) string {
	query := url.Values{}
	if l.Search != "" {
		query.Set("search", l.Search)
	}
	if l.Only != "" {
		query.Set("only", l.Only)
	}
	if page > 1 {
		query.Set("page", strconv.Itoa(page))
	}
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

// cut takes from all rows that were found those of the page.
func cut[T any](l *listing, rows []T) []T {
	l.Found, l.Pages = len(rows), max((len(rows)+perPage-1)/perPage, 1)
	l.Page = min(l.Page, l.Pages)
	first := (l.Page - 1) * perPage
	return rows[first:min(first+perPage, len(rows))]
}
