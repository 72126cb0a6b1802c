package e2e_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/client"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// crashSeed names the environment variable that repeats the choices of an
// earlier run: which operations, and when the server is killed.
const crashSeed = "HOTDESK_CRASH_SEED"

// TestKilledUnderLoad kills the server fifty times amid logins, calls and
// registrations. Whatever it had confirmed to somebody is there after each
// start, once.
func TestKilledUnderLoad(t *testing.T) {
	t.Parallel()
	killUnderLoad(t, start(t), 50)
}

func TestKilledUnderLoadWithPostgreSQL(t *testing.T) {
	t.Parallel()
	killUnderLoad(t, start(t, "--database", cluster.Database(t)), 10)
}

func killUnderLoad(t *testing.T, s *server, kills int) {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if given := os.Getenv(crashSeed); given != "" {
		var err error
		if seed, err = strconv.ParseUint(given, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%s=%d", crashSeed, seed)
	s.apply(t, crashOffice())
	s.openEvents(t)
	l := newLoad(t, s, seed)
	dice := l.dice()
	inFlight := 0
	for kill := range kills {
		live := 30*time.Millisecond + time.Duration(dice.Int64N(int64(1300*time.Millisecond)))
		inFlight += l.killAfter(t, live)
		s.log = &logBuffer{} // of a failure, the log since the start before it tells
		if dice.IntN(5) == 0 {
			s.stumble(t, time.Duration(dice.Int64N(int64(150*time.Millisecond))))
		}
		s.run(t)
		l.check(t)
		if t.Failed() {
			t.Fatalf("after kill %d, at %v", kill+1, live)
		}
	}
	if left, err := filepath.Glob(filepath.Join(s.data, ".*")); err != nil || len(left) > 0 {
		t.Errorf("killed servers left %v, %v", left, err)
	}
	t.Logf("%d kills with %d operations under way; confirmed before: %s", kills, inFlight, l.done())
	if inFlight < 3*kills {
		t.Errorf("only %d operations were under way at %d kills", inFlight, kills)
	}
}

// openEvents opens a stream of events for a moment. It could go on for a day, so
// the end of each call is a fact from now on.
func (s *server) openEvents(t *testing.T) {
	t.Helper()
	local := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(s.data, resource.SocketName))
	}}
	defer local.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://hotdesk/api/v1/events", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := (&http.Client{Transport: local}).Do(req)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatal(resp, err)
	}
	_ = resp.Body.Close()
}

// stumble starts the server and kills it while it starts, or soon after.
func (s *server) stumble(t *testing.T, live time.Duration) {
	t.Helper()
	s.cmd = s.command(t)
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	alive := time.NewTimer(live)
	defer alive.Stop()
	<-alive.C
	s.kill()
}

// load is everybody who uses the server, each with one operation at a time.
type load struct {
	server  *server
	client  *client.Client
	workers []worker
	answers []*callees
	checker *registrant

	seed, dices uint64
	killed      atomic.Bool
	underWay    atomic.Int32

	mu     sync.Mutex
	failed []error
}

// worker is somebody who uses the server and remembers what it confirmed.
type worker interface {
	// step does one operation. When it fails, the server may have done it or not.
	step(ctx context.Context) error
	// check compares what was confirmed with what there is after a start, and
	// goes on from there.
	check(t *testing.T, found snapshot)
	// done says how much was confirmed, and of what.
	done() (what string, count int)
}

func (l *load) dice() *rand.Rand {
	l.dices++
	return rand.New(rand.NewPCG(l.seed, l.dices))
}

// killAfter lets all workers work for a time, kills the server in their midst,
// and returns how many operations were under way.
func (l *load) killAfter(t *testing.T, live time.Duration) int {
	t.Helper()
	l.killed.Store(false)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var working sync.WaitGroup
	for _, w := range l.workers {
		dice := l.dice()
		working.Go(func() { l.work(ctx, w, dice) })
	}
	alive := time.NewTimer(live)
	defer alive.Stop()
	<-alive.C
	l.killed.Store(true)
	underWay := int(l.underWay.Load())
	l.server.kill()
	// Nothing may reach the next server: what a worker sees confirmed from here
	// on was said by the dead one.
	stop()
	working.Wait()
	l.client.Close()
	for _, c := range l.answers {
		c.hangUp()
	}
	for _, err := range l.failed {
		t.Error(err)
	}
	return underWay
}

// work does one operation after the other until one fails, as the one under
// way does when the server is killed.
func (l *load) work(ctx context.Context, w worker, dice *rand.Rand) {
	for {
		l.underWay.Add(1)
		err := w.step(ctx)
		l.underWay.Add(-1)
		if err != nil {
			l.note(w, err)
			return
		}
		pause := time.NewTimer(time.Duration(dice.Int64N(int64(20 * time.Millisecond))))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return
		}
	}
}

// note keeps a failure that the kill does not explain.
func (l *load) note(w worker, err error) {
	if l.killed.Load() {
		return
	}
	what, _ := w.done()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failed = append(l.failed, fmt.Errorf("while the server lived, %s: %w", what, err))
}

// check looks at everything right after a start, before anybody works.
func (l *load) check(t *testing.T) {
	t.Helper()
	found := look(t, l.server, l.client)
	found.checkWhole(t)
	for _, w := range l.workers {
		w.check(t, found)
	}
	for _, w := range l.workers {
		if r, is := w.(*registrant); is {
			l.checkRings(t, r)
		}
	}
}

// checkRings calls a person: the phone rings if it was registered before the
// server was killed, with no REGISTER since.
func (l *load) checkRings(t *testing.T, r *registrant) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	call, err := l.checker.phone.Dial(ctx, r.name)
	if err != nil {
		t.Fatal(err)
	}
	defer call.Hangup()
	err = call.Ringing(ctx)
	switch {
	case r.bound && err != nil:
		t.Errorf("%s was registered, but does not ring: %v", r.name, err)
	case !r.bound && err == nil:
		t.Errorf("%s rings although it was not registered", r.name)
	case r.bound:
		rings, err := r.phone.Incoming(ctx)
		if err != nil {
			t.Errorf("%s was registered, but nobody calls: %v", r.name, err)
			return
		}
		call.Hangup()
		if _, err := rings.Ended(ctx); err != nil {
			t.Error(err)
		}
	}
}

// done sums up what was confirmed.
func (l *load) done() string {
	sums := map[string]int{}
	for _, w := range l.workers {
		what, count := w.done()
		sums[what] += count
	}
	return fmt.Sprint(sums)
}
