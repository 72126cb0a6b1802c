package sip

import (
	"fmt"
	"slices"
	"strings"
)

// Parameter is one parameter of a URI or of a header value.
type Parameter struct {
	Name  string // in lower case
	Value string // as written, quotes and all; "" where there is none
}

// Params are the parameters of a URI or of a header value, in their order.
type Params []Parameter

// Get gives the value of a parameter.
func (p Params) Get(name string) (string, bool) {
	for _, one := range p {
		if one.Name == name {
			return one.Value, true
		}
	}
	return "", false
}

// Has reports whether a parameter is there.
func (p Params) Has(name string) bool {
	_, ok := p.Get(name)
	return ok
}

// with gives a parameter a value, in place.
func (p Params) with(name, value string) Params {
	for i, one := range p {
		if one.Name == name {
			p[i].Value = value
			return p
		}
	}
	return append(p, Parameter{name, value})
}

// without takes a parameter out, in place.
func (p Params) without(name string) Params {
	return slices.DeleteFunc(p, func(one Parameter) bool { return one.Name == name })
}

// append writes the parameters with a byte before the first and one before each other.
func (p Params) append(w wire, first, next byte) wire {
	sep := first
	for _, one := range p {
		w = append(append(w, sep), one.Name...)
		if one.Value != "" {
			w = append(append(w, '='), one.Value...)
		}
		sep = next
	}
	return w
}

// parseParams reads ";name=value;name" from its first semicolon on into the
// room given. Names come in lower case, values as written, quotes and all.
func parseParams(s string, room Params) (Params, error) {
	p := room[:0]
	for s != "" {
		s = s[1:] // the semicolon
		part := s
		if i := strings.IndexByte(s, ';'); i >= 0 {
			if i = indexOutside(s, ';'); i >= 0 {
				part, s = s[:i], s[i:]
			} else {
				s = ""
			}
		} else {
			s = ""
		}
		one, err := parseParam(part)
		if err != nil {
			return nil, err
		}
		if one.Name != "" && !p.Has(one.Name) {
			p = append(p, one)
		}
	}
	return p, nil
}

func parseParam(part string) (Parameter, error) {
	name, value, has := strings.Cut(part, "=")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	if name == "" && !has {
		return Parameter{}, nil // ";;" and a last ";" are common and harmless
	}
	if !isToken(name) {
		return Parameter{}, fmt.Errorf("parameter: %w", ErrSyntax)
	}
	if strings.HasPrefix(value, `"`) {
		if closingQuote(value) != len(value)-1 {
			return Parameter{}, fmt.Errorf("parameter %s: %w", name, ErrSyntax)
		}
	} else if indexBlank(value) >= 0 || strings.IndexByte(value, '"') >= 0 {
		return Parameter{}, fmt.Errorf("parameter %s: %w", name, ErrSyntax)
	}
	return Parameter{strings.ToLower(name), value}, nil
}
