package officefile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// reader collects the problems of a file.
type reader struct{ problems []Problem }

func (r *reader) add(line int, wrong, fix string) {
	r.problems = append(r.problems, Problem{Line: line, Wrong: wrong, Fix: fix})
}

// section reads the values of one table. A key that was never asked for is
// unknown: see [section.end].
type section struct {
	*table
	r     *reader
	name  string // as it is written: "[[user]]"
	known []string
}

// flaw adds a problem of this table.
func (s *section) flaw(line int, wrong, fix string) {
	s.flawed = true
	s.r.add(line, wrong, fix)
}

// get finds a value of a shape; nil when it is missing or of another shape.
func (s *section) get(key string, want shape) *value {
	s.known = append(s.known, key)
	v := s.values[key]
	if v == nil || v.shape == want {
		return v
	}
	fix := "write " + string(want)
	if want == isText && v.shape != isList && v.shape != isTable {
		fix = "write it in quotes: " + key + " = " + strconv.Quote(v.text)
	}
	s.flaw(v.line, fmt.Sprintf("%s is %s, not %s", key, v.shape, want), fix)
	return nil
}

func (s *section) text(key string, to *string) {
	if v := s.get(key, isText); v != nil {
		*to = v.text
	}
}

// maybe reads a text that may be missing; nil when it is.
func (s *section) maybe(key string) *string {
	if v := s.get(key, isText); v != nil {
		return &v.text
	}
	return nil
}

func (s *section) flag(key string, to *bool) {
	if v := s.get(key, isFlag); v != nil {
		*to = v.flag
	}
}

// unless reads a flag that is kept turned round: what is true when the key is
// missing.
func (s *section) unless(key string, to *bool) {
	is := !*to
	s.flag(key, &is)
	*to = !is
}

func (s *section) number(key string, to *int) {
	if v := s.get(key, isNumber); v != nil {
		*to = v.number
	}
}

func (s *section) texts(key string) []string {
	v := s.get(key, isList)
	if v == nil {
		return nil
	}
	var texts []string
	for _, item := range v.list {
		if item.shape != isText {
			s.flaw(item.line, fmt.Sprintf("%s holds %s", key, item.shape), "write a list of texts: "+key+" = [\"5401\"]")
			continue
		}
		texts = append(texts, item.text)
	}
	return texts
}

// parsed reads a text with a function that tells what is wrong with it.
func parsed[T any](s *section, key string, to *T, parse func(string) (T, error)) {
	v := s.get(key, isText)
	if v == nil {
		return
	}
	t, err := parse(v.text)
	if err != nil {
		s.flaw(v.line, key+": "+err.Error(), "write it like the example")
		return
	}
	*to = t
}

// sub reads a table; nil when it is missing.
func (s *section) sub(key, name string) *section {
	if v := s.get(key, isTable); v != nil {
		return &section{table: v.table, r: s.r, name: name}
	}
	return nil
}

// all reads a list of tables.
func (s *section) all(key, name string) []*section {
	if v := s.values[key]; v != nil && v.shape == isTable {
		s.known = append(s.known, key)
		s.flaw(v.line, "["+key+"] is one table, and there can be many", "write it with two brackets: "+name)
		return nil
	}
	v := s.get(key, isList)
	if v == nil {
		return nil
	}
	var sections []*section
	for _, item := range v.list {
		if item.shape != isTable {
			s.flaw(item.line, fmt.Sprintf("%s holds %s", key, item.shape), "write each as a table under "+name)
			continue
		}
		sections = append(sections, &section{table: item.table, r: s.r, name: name})
	}
	return sections
}

// end reports the keys that nobody asked for.
func (s *section) end() {
	for _, key := range s.keys {
		if slices.Contains(s.known, key) {
			continue
		}
		fix := "remove it; known are " + strings.Join(s.known, ", ")
		if like := nearest(key, s.known); like != "" {
			fix = "did you mean " + like + "?"
		}
		s.flaw(s.values[key].line, fmt.Sprintf("%s has no key %q", s.name, key), fix)
	}
}
