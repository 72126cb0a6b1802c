package portal

import (
	"time"

	"github.com/a-h/templ"

	"github.com/hotdesk-pbx/hotdesk/internal/events"
)

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
	due := time.After(0)
	for {
		select {
		case <-s.ctx.Done():
			return nil
		case <-s.beat.C:
			if err := s.alive(); err != nil {
				return nil // the browser has gone
			}
		case <-due:
			due = nil
			part, last, err := now()
			if err != nil {
				return err
			}
			if err := s.send(part); err != nil || last {
				return nil // the browser has gone, or has all
			}
		case fact, ok := <-facts.Facts():
			if !ok {
				return nil
			}
			if due == nil && concerns(fact) {
				due = time.After(settle)
			}
		}
	}
}
