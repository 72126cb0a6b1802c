package portal

import (
	"log/slog"
	"time"

	"github.com/a-h/templ"

	"github.com/hotdesk-pbx/hotdesk/internal/events"
)

// liveBehind is how many facts a browser may lag behind.
const liveBehind = 1024

// settle is how long a part of a page waits after a fact, as several often come
// together.
const settle = 50 * time.Millisecond

// keepUp sends a part of a page that is open, and again after each fact that
// concerns it, until the browser goes or the part is the last. A browser that
// lags behind is sent off, connects anew, and gets what is true then.
func (v *visit) keepUp(concerns func(events.Fact) bool, now func() (part templ.Component, last bool, err error)) error {
	facts := v.cfg.Events.Subscribe(liveBehind)
	defer facts.Close()
	s := newStream(v.w, v.r)
	var err error
	last := false
	for due := time.After(0); err == nil && !last; {
		select {
		case <-s.ctx.Done():
			return nil
		case <-s.beat.C:
			err = s.alive()
		case <-due:
			due = nil
			last, err = s.sendNow(now)
		case fact, ok := <-facts.Facts():
			last = !ok
			if ok && due == nil && concerns(fact) {
				due = time.After(settle)
			}
		}
	}
	if err != nil {
		v.cfg.Log.Info("a page is not kept up to date any more", slog.String("path", v.r.URL.Path), slog.Any("error", err))
	}
	return nil // the answer has begun: no page can say what went wrong
}

func (s *stream) sendNow(now func() (templ.Component, bool, error)) (last bool, err error) {
	part, last, err := now()
	if err != nil {
		return last, err
	}
	return last, s.send(part)
}
