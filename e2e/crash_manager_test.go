package e2e_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os/exec"
	"testing"

	goclient "github.com/hotdesk-pbx/hotdesk/client"
	"github.com/hotdesk-pbx/hotdesk/internal/client"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// door is a way to start and end sessions without a phone.
type door interface {
	start(ctx context.Context, desk, person string) (id string, err error)
	end(ctx context.Context, desk string) error
	name() string
}

// restDoor is the API on the socket.
type restDoor struct{ client *client.Client }

func (d restDoor) name() string { return "REST" }

func (d restDoor) start(ctx context.Context, desk, person string) (string, error) {
	s, err := d.client.StartSession(ctx, "acme.test", resource.SessionInput{Device: desk, User: person, TakeOver: true})
	return s.ID, err
}

func (d restDoor) end(ctx context.Context, desk string) error {
	_, err := d.client.EndSession(ctx, "acme.test", desk)
	return err
}

// commandDoor is the command line.
type commandDoor struct{ server *server }

func (d commandDoor) name() string { return "CLI" }

func (d commandDoor) start(ctx context.Context, desk, person string) (string, error) {
	out, err := d.run(ctx, "session", "start", desk, person, "--take-over", "--json")
	if err != nil {
		return "", err
	}
	var s resource.Session
	err = json.Unmarshal(out, &s)
	return s.ID, err
}

func (d commandDoor) end(ctx context.Context, desk string) error {
	_, err := d.run(ctx, "session", "end", desk)
	return err
}

func (d commandDoor) run(ctx context.Context, args ...string) ([]byte, error) {
	name, err := binary()
	if err != nil {
		return nil, err
	}
	out, err := exec.CommandContext(ctx, name, append(args, "--data", d.server.data)...).Output()
	if failed, is := errors.AsType[*exec.ExitError](err); is {
		return nil, fmt.Errorf("%w: %s", err, failed.Stderr)
	}
	return out, err
}

// manager logs people in and out at some desks. Desks that are shared with
// another manager may change at any time.
type manager struct {
	door          door
	shared        bool
	desks, people []string
	dice          *rand.Rand

	held, next map[string]string // who is where: now, and when the operation under way is done
	ids        []string          // of the sessions that were confirmed
}

func (m *manager) step(ctx context.Context) error {
	desk, person := m.desks[m.dice.IntN(len(m.desks))], m.people[m.dice.IntN(len(m.people))]
	m.next = maps.Clone(m.held)
	var err error
	if m.held[desk] != "" && m.dice.IntN(3) == 0 {
		delete(m.next, desk)
		err = m.door.end(ctx, desk)
	} else {
		maps.DeleteFunc(m.next, func(_, who string) bool { return who == person })
		m.next[desk] = person
		var id string
		if id, err = m.door.start(ctx, desk, person); err == nil {
			m.ids = append(m.ids, id)
		}
	}
	if refused := (*goclient.ProblemError)(nil); m.shared && errors.As(err, &refused) && refused.Status < 500 {
		return nil // the other one was faster
	}
	if err == nil {
		m.held = m.next
	}
	return err
}

func (m *manager) check(t *testing.T, found snapshot) {
	t.Helper()
	for _, id := range m.ids {
		if n := found.times[id]; n != 1 {
			t.Errorf("session %s, confirmed by %s, is there %d times", id, m.door.name(), n)
		}
	}
	now := map[string]string{}
	for _, desk := range m.desks {
		if person := found.open[desk]; person != "" {
			now[desk] = person
		}
	}
	if !m.shared && !maps.Equal(now, m.held) && (m.next == nil || !maps.Equal(now, m.next)) {
		t.Errorf("by %s the desks are %v; confirmed were %v, under way %v", m.door.name(), now, m.held, m.next)
	}
	m.held, m.next = now, nil
}

func (m *manager) done() (string, int) { return "sessions by " + m.door.name(), len(m.ids) }
