package mailtest

import (
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"strings"
	"testing"
)

// Read takes a mail apart: its header, and its parts by their type; the name of
// what is attached stands at "name".
func Read(tb testing.TB, m Mail) (mail.Header, map[string]string) {
	tb.Helper()
	parsed, err := mail.ReadMessage(strings.NewReader(m.Text))
	if err != nil {
		tb.Fatal(err)
	}
	parts := map[string]string{}
	readParts(tb, parts, parsed.Header.Get("Content-Type"), parsed.Body)
	return parsed.Header, parts
}

func readParts(tb testing.TB, parts map[string]string, contentType string, body io.Reader) {
	tb.Helper()
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		tb.Fatal(err)
	}
	if !strings.HasPrefix(kind, "multipart/") {
		tb.Fatalf("a part of type %s stands alone", kind)
	}
	reader := multipart.NewReader(body, params["boundary"])
	for {
		part, err := reader.NextPart()
		if err == io.EOF { //nolint:errorlint // so it is told
			return
		}
		if err != nil {
			tb.Fatal(err)
		}
		kind, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type"))
		if strings.HasPrefix(kind, "multipart/") {
			readParts(tb, parts, part.Header.Get("Content-Type"), part)
			continue
		}
		var content io.Reader = part
		if part.Header.Get("Content-Transfer-Encoding") == "base64" {
			content = base64.NewDecoder(base64.StdEncoding, part)
		}
		text, err := io.ReadAll(content)
		if err != nil {
			tb.Fatal(err)
		}
		parts[kind] = strings.ReplaceAll(string(text), "\r\n", "\n")
		if name := part.FileName(); name != "" {
			parts[kind], parts["name"] = string(text), name
		}
	}
}

// Subject is a mail's, in plain text.
func Subject(tb testing.TB, header mail.Header) string {
	tb.Helper()
	text, err := new(mime.WordDecoder).DecodeHeader(header.Get("Subject"))
	if err != nil {
		tb.Fatal(err)
	}
	return text
}
