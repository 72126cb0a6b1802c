package idempotency_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/idempotency"
)

// memory is a store; fail is what it answers when it is set.
type memory struct {
	mu   sync.Mutex
	held map[string]idempotency.Request
	fail error
}

func (m *memory) Begin(_ context.Context, r idempotency.Request) (idempotency.Request, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if before, found := m.held[r.ID]; found {
		return before, false, m.fail
	}
	m.held[r.ID] = r
	return r, true, m.fail
}

func (m *memory) Finish(_ context.Context, id string, answer []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.held[id]
	r.Answer = answer
	m.held[id] = r
	return m.fail
}

func (m *memory) Drop(_ context.Context, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.held, id)
	return m.fail
}

func (m *memory) ForgetRequests(context.Context, time.Time) error { return m.fail }

func TestOnce(t *testing.T) {
	t.Parallel()
	store := &memory{held: map[string]idempotency.Request{}}
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	k := idempotency.New(store, func() time.Time { return now }, slog.New(slog.DiscardHandler))
	done := 0
	final := true
	ask := func(sender, key, asked string) (string, error) {
		answer, err := k.Do(t.Context(), idempotency.Call{Sender: sender, Secret: "s", Key: key, Asked: []byte(asked)}, func() ([]byte, bool) {
			done++
			return []byte("secret answer"), final
		})
		return string(answer), err
	}
	want := func(times int, wantErr error, sender, key, asked string) {
		t.Helper()
		answer, err := ask(sender, key, asked)
		if !errors.Is(err, wantErr) || (err == nil) != (answer == "secret answer") || done != times {
			t.Errorf("%s %s %s: %q %v, done %d times", sender, key, asked, answer, err, done)
		}
	}
	want(1, nil, "a", "1", "x")
	want(1, nil, "a", "1", "x")
	want(1, idempotency.ErrOther, "a", "1", "y")
	want(2, nil, "b", "1", "y")
	final = false
	want(3, nil, "a", "2", "x")
	want(4, nil, "a", "2", "x") // a failure of the server is tried again
	for _, r := range store.held {
		if strings.Contains(string(r.Answer), "secret") {
			t.Error("the answer can be read in the store")
		}
	}
	_, err := k.Do(t.Context(), idempotency.Call{Sender: "a", Key: "3"}, func() ([]byte, bool) {
		if _, err := k.Do(t.Context(), idempotency.Call{Sender: "a", Key: "3"}, nil); !errors.Is(err, idempotency.ErrRunning) {
			t.Errorf("while it is done: %v", err)
		}
		now = now.Add(2 * time.Minute)
		if _, err := k.Do(t.Context(), idempotency.Call{Sender: "a", Key: "3"}, nil); !errors.Is(err, idempotency.ErrCut) {
			t.Errorf("long after: %v", err)
		}
		return nil, true
	})
	if err != nil {
		t.Error(err)
	}
	now = now.Add(idempotency.Keep + time.Minute)
	final = true
	want(5, nil, "a", "1", "y") // the day is over
	store.fail = errors.New("disk full")
	if _, err := ask("a", "9", "x"); !errors.Is(err, store.fail) || done != 5 {
		t.Errorf("a request that is not noted is not done: %v", err)
	}
}
