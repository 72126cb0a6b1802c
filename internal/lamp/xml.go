package lamp

import (
	"encoding/xml"
	"strings"
)

// document is an XML document that is written from front to back.
type document []byte

// newDocument has room for what most documents hold.
func newDocument() document { return make(document, 0, 1024) }

// Write adds text as it is; it never fails.
func (d *document) Write(text []byte) (int, error) {
	*d = append(*d, text...)
	return len(text), nil
}

// put adds markup with a value in the place of each "%", escaped for text and
// for attributes alike.
func (d *document) put(markup string, values ...string) {
	for _, value := range values {
		before, after, _ := strings.Cut(markup, "%")
		*d = append(*d, before...)
		_ = xml.EscapeText(d, []byte(value)) // Write never fails
		markup = after
	}
	*d = append(*d, markup...)
}
