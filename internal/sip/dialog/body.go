package dialog

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
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

func appendHeaders(m sip.Message, headers []sip.Header) {
	for _, h := range headers {
		m.AppendHeader(h)
	}
}
