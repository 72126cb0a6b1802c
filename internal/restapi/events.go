package restapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/eventlog"
)

// Events tells what happens: [*eventlog.Log].
type Events interface {
	Open(ctx context.Context) (*eventlog.Stream, error)
	Since(ctx context.Context, id string, hand func(eventlog.Told) error) (bool, error)
}

const (
	// eventBeat is the time between signs of life, so that proxies keep the connection.
	eventBeat = 20 * time.Second
	// eventWrite is how long a peer may take for an event.
	eventWrite = 20 * time.Second
)

// EventFilter is the part of a request that selects events.
type EventFilter struct {
	Domain string   `query:"domain" doc:"Only those of that domain."`
	Type   []string `query:"type" doc:"Only those of these types, with commas between them." enum:"login,refused,released,moved,expired,message,call_started,call_answered,call,emergency,registered,unregistered"`
	Since  string   `header:"Last-Event-ID" doc:"Go on behind this event."`
}

// watcher is one peer that is told of events.
type watcher struct {
	filter EventFilter
	actor  directory.Actor
	w      http.ResponseWriter
	out    *http.ResponseController
	sent   map[string]struct{} // while it is told of what has been
}

// watch answers with what happens, as it happens (server-sent events).
func (a *API) watch(ctx context.Context, in *EventFilter) (*huma.StreamResponse, error) {
	if in.Domain != "" {
		d, err := a.domain(ctx, in.Domain)
		if err != nil {
			return nil, err
		}
		in.Domain = d.Name
	}
	stream, err := a.cfg.Events.Open(ctx)
	if errors.Is(err, eventlog.ErrClosed) {
		return nil, huma.Error503ServiceUnavailable(err.Error())
	}
	if err != nil {
		return nil, a.problem(ctx, err, "")
	}
	actor := peerOf(ctx).actor
	return &huma.StreamResponse{Body: func(out huma.Context) {
		defer stream.Close()
		_, w := humago.Unwrap(out)
		t := &watcher{filter: *in, actor: actor, w: w, out: http.NewResponseController(w), sent: map[string]struct{}{}}
		header := w.Header()
		header.Set("Content-Type", "text/event-stream")
		header.Set("Cache-Control", "no-store")
		header.Set("X-Accel-Buffering", "no")
		if err := a.follow(ctx, t, stream); err != nil && ctx.Err() == nil {
			a.cfg.Log.DebugContext(ctx, "a stream of events was cut", slog.Any("error", err))
		}
	}}, nil
}

// follow tells a peer what has happened since it was cut off, and then what happens.
func (a *API) follow(ctx context.Context, t *watcher, stream *eventlog.Stream) error {
	if err := a.catchUp(ctx, t); err != nil {
		return err
	}
	beat := time.NewTicker(eventBeat)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-beat.C:
			if err := t.write([]byte(": still here\n\n")); err != nil {
				return err
			}
			t.sent = nil // those that came both ways have come
		case event, open := <-stream.Events():
			if !open {
				return nil
			}
			if err := t.tell(event); err != nil {
				return err
			}
		}
	}
}

// catchUp tells a peer what has happened since it was cut off.
func (a *API) catchUp(ctx context.Context, t *watcher) error {
	if err := t.write([]byte("retry: 2000\n\n")); err != nil || t.filter.Since == "" {
		return err
	}
	known, err := a.cfg.Events.Since(ctx, t.filter.Since, t.tell)
	if err == nil && !known {
		err = t.write([]byte("event: reset\ndata: {}\n\n"))
	}
	return err
}

// tell writes an event that the peer wants and may be told of.
func (t *watcher) tell(event eventlog.Told) error {
	_, known := t.sent[event.ID]
	unwanted := t.filter.Domain != "" && t.filter.Domain != event.Domain || len(t.filter.Type) > 0 && !slices.Contains(t.filter.Type, event.Type)
	if known || unwanted || !event.May(t.actor) {
		return nil
	}
	if t.sent != nil {
		t.sent[event.ID] = struct{}{}
	}
	data, err := json.Marshal(event.Event)
	if err != nil {
		return fmt.Errorf("write an event: %w", err)
	}
	var text bytes.Buffer
	_, _ = fmt.Fprintf(&text, "id: %s\nevent: %s\ndata: %s\n\n", event.ID, event.Type, data)
	return t.write(text.Bytes())
}

func (t *watcher) write(text []byte) error {
	if err := t.out.SetWriteDeadline(time.Now().Add(eventWrite)); err != nil {
		return err
	}
	if _, err := t.w.Write(text); err != nil {
		return err
	}
	return t.out.Flush()
}
