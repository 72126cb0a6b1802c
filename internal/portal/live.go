package portal

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"github.com/a-h/templ"
)

// liveBeat is the time between signs of life: pages tell by them that the
// connection stands, and proxies keep it.
const liveBeat = 5 * time.Second

// liveWrite is how long a browser may take to read what it is sent.
const liveWrite = 20 * time.Second

// stream is a page that stays open: server-sent events with parts of the page.
type stream struct {
	ctx  context.Context //nolint:containedctx // that of the request, which the stream is the answer to
	w    http.ResponseWriter
	out  *http.ResponseController
	beat *time.Ticker
	buf  bytes.Buffer
}

func newStream(w http.ResponseWriter, r *http.Request) *stream {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no")
	s := &stream{ctx: r.Context(), w: w, out: http.NewResponseController(w), beat: time.NewTicker(liveBeat)}
	context.AfterFunc(s.ctx, s.beat.Stop)
	return s
}

// event sends parts of the page under a name and an ID, "" for none.
func (s *stream) event(name, id string, parts ...[]byte) error {
	s.buf.Reset()
	if name != "" {
		s.buf.WriteString("event: " + name + "\n")
	}
	if id != "" {
		s.buf.WriteString("id: " + id + "\n")
	}
	for _, part := range parts {
		for line := range bytes.Lines(part) {
			s.buf.WriteString("data: ")
			s.buf.Write(bytes.TrimSuffix(line, []byte("\n")))
			s.buf.WriteByte('\n')
		}
	}
	if len(parts) == 0 { // an event without data is none
		s.buf.WriteString("data:\n")
	}
	s.buf.WriteByte('\n')
	return s.write(s.buf.Bytes())
}

// send sends a part of the page.
func (s *stream) send(content templ.Component) error {
	var part bytes.Buffer
	if err := content.Render(s.ctx, &part); err != nil {
		return err
	}
	return s.event("", "", part.Bytes())
}

// alive says that nothing has happened.
func (s *stream) alive() error { return s.event("alive", "") }

func (s *stream) write(event []byte) error {
	if err := s.out.SetWriteDeadline(time.Now().Add(liveWrite)); err != nil {
		return err
	}
	if _, err := s.w.Write(event); err != nil {
		return err
	}
	return s.out.Flush()
}
