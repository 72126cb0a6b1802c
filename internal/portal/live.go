package portal

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"github.com/a-h/templ"
)

const (
	liveBehind = 1024             // facts that a browser may lag behind
	liveBeat   = 20 * time.Second // between signs of life, so that proxies keep the connection
)

// stream is a page that stays open: server-sent events, each a part of the page
// that replaces what stands there.
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

// send replaces parts of the page.
func (s *stream) send(content templ.Component) error {
	s.buf.Reset()
	if err := content.Render(s.ctx, &s.buf); err != nil {
		return err
	}
	event := []byte("data: ")
	event = append(event, bytes.ReplaceAll(s.buf.Bytes(), []byte("\n"), []byte("\ndata: "))...)
	return s.write(append(event, "\n\n"...))
}

// alive says that nothing has happened.
func (s *stream) alive() error { return s.write([]byte(": still here\n\n")) }

func (s *stream) write(event []byte) error {
	if err := s.out.SetWriteDeadline(time.Now().Add(liveBeat)); err != nil {
		return err
	}
	if _, err := s.w.Write(event); err != nil {
		return err
	}
	return s.out.Flush()
}
