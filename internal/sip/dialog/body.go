package dialog

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/textproto"
	"strings"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
)

const sdpType = "application/sdp"

// description finds the session description of a message: its body, or the part
// of a multipart body (RFC 5621), as trunks send it. Ok is false when the body
// is something else.
func description(m sip.Message) (sdp []byte, ok bool) {
	body := m.Body()
	if len(body) == 0 {
		return nil, true
	}
	kind, params, err := mime.ParseMediaType(sip.Value(m, "Content-Type"))
	switch {
	case err == nil && kind == sdpType:
		return body, true
	case err == nil && strings.HasPrefix(kind, "multipart/"):
		return part(body, params["boundary"])
	default:
		return nil, false
	}
}

func part(body []byte, boundary string) (sdp []byte, ok bool) {
	if boundary == "" {
		return nil, false
	}
	for reader := multipart.NewReader(bytes.NewReader(body), boundary); ; {
		section, err := reader.NextPart()
		if err != nil {
			return nil, false
		}
		kind, _, err := mime.ParseMediaType(section.Header.Get("Content-Type"))
		if err != nil || kind != sdpType {
			continue
		}
		sdp, err = io.ReadAll(section)
		return sdp, err == nil && len(sdp) > 0
	}
}

// setBody gives a message its body. Len 0 is none.
func setBody(m sip.Message, contentType string, body []byte) {
	if len(body) == 0 {
		return
	}
	m.AppendHeader(sip.NewHeader("Content-Type", contentType))
	m.SetBody(body)
}

// setParts gives a message a session description, which may be none, and what
// stands beside it.
func setParts(m sip.Message, sdp []byte, parts []Part) {
	if len(parts) == 0 {
		setBody(m, sdpType, sdp)
		return
	}
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	if len(sdp) > 0 {
		parts = append([]Part{{Type: sdpType, Content: sdp}}, parts...)
	}
	for _, p := range parts {
		header := textproto.MIMEHeader{"Content-Type": {p.Type}}
		if p.ID != "" {
			header["Content-ID"] = []string{"<" + p.ID + ">"}
		}
		// Writing to a buffer does not fail.
		section, _ := w.CreatePart(header)
		_, _ = section.Write(p.Content)
	}
	_ = w.Close()
	setBody(m, "multipart/mixed;boundary="+w.Boundary(), body.Bytes())
}

func appendHeaders(m sip.Message, headers []sip.Header) {
	for _, h := range headers {
		m.AppendHeader(h)
	}
}
