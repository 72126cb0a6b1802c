// Package realphone drives SIP phones that nobody here wrote, baresip and
// linphonec of Debian, without sound hardware: their microphone is a WAV file
// and what they hear is recorded. It is for end-to-end tests.
package realphone

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/media/wav"
)

// Account is what a phone needs to register.
type Account struct {
	User, Password string
	Server         string // address and port
	Microphone     []int16
	AutoAnswer     bool
	Transport      string // "udp" (default) or "tcp"
	Unregistered   bool   // calls without registering
	Lamp           bool   // subscribes to its messages; baresip only
}

// State is how far a phone's call has come.
type State string

// The states.
const (
	Idle        State = "idle"
	Calling     State = "calling"
	Ringing     State = "ringing"  // the far phone rings
	Early       State = "early"    // sound before the answer
	Incoming    State = "incoming" // this phone rings
	Established State = "established"
)

// Caller is who a ringing phone shows.
type Caller struct{ Number, Display string }

// Phone is one running phone.
type Phone interface {
	// Name says which program it is, and whose line.
	Name() string
	AwaitRegistered(t *testing.T)
	// Dial calls a number and returns at once.
	Dial(t *testing.T, number string)
	Answer(t *testing.T)
	// Press sends keys by RFC 4733.
	Press(t *testing.T, keys string)
	Hold(t *testing.T)
	Resume(t *testing.T)
	// Transfer sends the other side of the call on to a number.
	Transfer(t *testing.T, number string)
	// Hangup ends the call, or refuses the one that rings.
	Hangup(t *testing.T)
	Await(t *testing.T, want ...State)
	Caller() Caller
	// LastEnd is why the last call ended, as the phone shows it.
	LastEnd() string
	// Keys are the keys the phone was sent in this call.
	Keys() string
	// Heard is what this call has sounded like, 8000 samples a second.
	Heard(t *testing.T) []int16
	// Trace is the phone's own log.
	Trace() string
}

// patience is how long a phone may take for anything.
const patience = time.Minute

// phone is what every phone program has in common.
type phone struct {
	name   string
	folder string
	cmd    *exec.Cmd

	mu         sync.Mutex
	changed    chan struct{} // closed at each change
	registered bool
	refused    string
	state      State
	caller     Caller
	lastEnd    string
	keys       strings.Builder
	log        strings.Builder
}

func newPhone(t *testing.T, program string, a Account) *phone {
	t.Helper()
	p := &phone{name: program + " " + a.User, folder: t.TempDir(), state: Idle, changed: make(chan struct{})}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("log of %s:\n%s", p.name, tail(p.Trace(), 6000))
		}
	})
	return p
}

func tail(s string, n int) string { return s[max(0, len(s)-n):] }

// Name implements [Phone].
func (p *phone) Name() string { return p.name }

// Caller implements [Phone].
func (p *phone) Caller() Caller {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.caller
}

// LastEnd implements [Phone].
func (p *phone) LastEnd() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lastEnd
}

// Keys implements [Phone].
func (p *phone) Keys() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.keys.String()
}

// Trace implements [Phone].
func (p *phone) Trace() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// AwaitRegistered implements [Phone].
func (p *phone) AwaitRegistered(t *testing.T) {
	t.Helper()
	p.wait(t, "registered", func() bool { return p.registered })
}

// Await implements [Phone].
func (p *phone) Await(t *testing.T, want ...State) {
	t.Helper()
	p.wait(t, fmt.Sprint(want), func() bool { return slices.Contains(want, p.state) })
}

// change alters what is known of the phone and wakes who waits for it.
func (p *phone) change(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *phone) wait(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for {
		p.mu.Lock()
		ok, changed, state := holds(), p.changed, p.state
		p.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-deadline.C:
			t.Fatalf("%s is %s, last call ended %q; waited for %s", p.name, state, p.LastEnd(), what)
		}
	}
}

// run starts the program and gives each line it prints to a function.
func (p *phone) run(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	p.cmd = cmd
	cmd.Env = append(os.Environ(), "HOME="+p.folder, "TZ=UTC")
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v (make setup installs it)", p.name, err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
}

// pause is the time a person needs between two keys.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// microphone writes the sound that the phone speaks, repeated for ten minutes:
// some phones hang up where their microphone's file ends.
func (p *phone) microphone(t *testing.T, pcm []int16) string {
	t.Helper()
	const length = 600 * 8000
	if len(pcm) == 0 {
		pcm = make([]int16, 8000)
	}
	whole := make([]int16, 0, length+len(pcm))
	for len(whole) < length {
		whole = append(whole, pcm...)
	}
	name := p.folder + "/microphone.wav"
	writeWAV(t, name, whole)
	return name
}

func writeWAV(t *testing.T, name string, pcm []int16) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := wav.NewWriter(f)
	if err == nil {
		err = w.Write(pcm)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatalf("write %s: %v", name, err)
	}
}

func readWAV(t *testing.T, name string) []int16 {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	pcm, err := wav.Read(f)
	if err != nil && len(pcm) == 0 {
		t.Fatalf("read %s: %v", name, err)
	}
	return pcm
}

// freePort finds a TCP port for a phone's own use.
func freePort(t *testing.T) int {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
