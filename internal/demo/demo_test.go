package demo_test

import (
	"context"
	"errors"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hotdesk-pbx/hotdesk/internal/app"
	"github.com/hotdesk-pbx/hotdesk/internal/apptest"
	"github.com/hotdesk-pbx/hotdesk/internal/client"
	"github.com/hotdesk-pbx/hotdesk/internal/demo"
	"github.com/hotdesk-pbx/hotdesk/internal/softphone"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// watcher is whoever watches a demonstration.
type watcher struct {
	leave  context.CancelFunc
	result chan error

	mu    sync.Mutex
	out   strings.Builder
	wrote chan struct{}
	on    func(text string) // told each piece of output; may be nil
}

func (w *watcher) Write(text []byte) (int, error) {
	if w.on != nil {
		w.on(string(text))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.wrote)
	w.wrote = make(chan struct{})
	return w.out.Write(text)
}

func (w *watcher) output() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.out.String()
}

// sees waits until words are written.
func (w *watcher) sees(t *testing.T, words string) {
	t.Helper()
	timeout := time.After(2 * time.Minute)
	for {
		w.mu.Lock()
		seen, wrote := strings.Contains(w.out.String(), words), w.wrote
		w.mu.Unlock()
		if seen {
			return
		}
		select {
		case <-wrote:
		case err := <-w.result:
			t.Fatalf("ended with %v before %q:\n%s", err, words, w.output())
		case <-timeout:
			t.Fatalf("no %q in:\n%s", words, w.output())
		}
	}
}

func (w *watcher) ends(t *testing.T) error {
	t.Helper()
	select {
	case err := <-w.result:
		return err
	case <-time.After(2 * time.Minute):
		t.Fatalf("the demonstration does not end:\n%s", w.output())
		return nil
	}
}

// watch starts a demonstration on free ports, unless it is told others.
func watch(t *testing.T, cfg demo.Config, on func(string)) *watcher {
	t.Helper()
	ctx, leave := context.WithCancel(t.Context())
	w := &watcher{leave: leave, result: make(chan error, 1), wrote: make(chan struct{}), on: on}
	cfg.Out = w
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.result <- demo.Run(ctx, cfg)
	}()
	t.Cleanup(func() {
		leave()
		<-ended
	})
	return w
}

func free(data string) demo.Config {
	return demo.Config{Data: data, SIP: "127.0.0.1:0", HTTP: "127.0.0.1:0"}
}

// accounts reads what the demonstration tells of server and password.
func accounts(t *testing.T, output string) (server, password string) {
	t.Helper()
	found := regexp.MustCompile(`Server (\S+), password (\S+),`).FindStringSubmatch(output)
	if found == nil {
		t.Fatalf("no server and password in:\n%s", output)
	}
	return found[1], found[2]
}

// TestMainJobThenDialIn is the whole demonstration and a visitor's phone in it.
func TestMainJobThenDialIn(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	w := watch(t, free(data), nil)
	w.sees(t, "Ctrl-C")
	checkStory(t, w.output())
	server, password := accounts(t, w.output())

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	visitor, err := softphone.New(softphone.Config{Server: server, User: "5403", Password: password})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(visitor.Close)
	if err := visitor.Register(ctx); err != nil {
		t.Fatal(err)
	}
	dial := func(number string) *softphone.Call {
		t.Helper()
		call, err := visitor.Dial(ctx, number)
		if err != nil {
			t.Fatal(err)
		}
		if err := call.Answered(ctx); err != nil {
			t.Fatalf("dial %s: %v", number, err)
		}
		return call
	}
	login := dial("*88")
	if err := login.Press("1001#4711#"); err != nil {
		t.Fatal(err)
	}
	w.sees(t, "Desk 5403     Ana Ruiz 1001 until 02:00")
	login.Hangup()

	ben := dial("1002")
	if err := ben.Wait(ctx, func() bool { return softphone.HasTone(ben.Heard(), 659.26) }); err != nil {
		t.Errorf("no melody: %v", err)
	}
	w.sees(t, "| Desk 5403     Ana Ruiz 1001 until 02:00   talks to Ben Okafor 1002")
	ben.Hangup()

	hostile, err := visitor.Dial(ctx, "1\x1b[2J\n")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = hostile.Ended(ctx)
	w.sees(t, "calls 1%1B%5B2J%0A")
	visitor.Close()
	w.leave()
	if err := w.ends(t); err != nil {
		t.Errorf("it ended with %v", err)
	}
	if strings.Contains(w.output(), "\x1b") {
		t.Error("escape sequences where there is no terminal")
	}

	again := watch(t, free(data), nil)
	again.sees(t, "are registered.") // which it is only after nobody sits anywhere
	again.leave()
	if err := again.ends(t); err != nil {
		t.Errorf("again in the same folder: %v", err)
	}
}

func checkStory(t *testing.T, output string) {
	t.Helper()
	at := 0
	for _, words := range []string{
		"1. The phones register", "| Desk 5401     nobody\n",
		"2. Ana", "Desk 5401 hears: “Please enter your account number", "types: 1001#", "hears: “Please enter your PIN", "types: 4711#",
		"“Extension one zero zero one. Calls to you now ring here,", "✓ Ana holds desk 5401",
		"3. Ben", "rings and shows: Ben Okafor 1002", "no missed call", "✓ Both hear each other",
		"4. Ana", "Ben's phone rings and shows: Ana Ruiz 1001",
		"5. Somebody", "do not match", "✓ Refused",
		"6. Ana", "Your earlier desk has been", "✓ Ana holds desk 5402",
		"7. Ana", "“You have released this desk.", "✓ Nobody",
		"8. Ben", "✓ No desk rang", "All 8 steps worked",
	} {
		i := strings.Index(output[at:], words)
		if i < 0 {
			t.Fatalf("no %q, or not in its place, in:\n%s", words, output)
		}
		at += i
	}
}

// TestFailureNamesTheStep ends Ana's session behind the demonstration's back.
func TestFailureNamesTheStep(t *testing.T) {
	t.Parallel()
	cfg := free(t.TempDir())
	cfg.Once = true
	var once sync.Once
	w := watch(t, cfg, func(text string) {
		if !strings.Contains(text, "They hang up.") {
			return
		}
		once.Do(func() {
			c := client.New(cfg.Data)
			defer c.Close()
			if _, err := c.EndSession(t.Context(), "demo.test", "5401"); err != nil {
				t.Error(err)
			}
		})
	})
	err := w.ends(t)
	if err == nil || !strings.Contains(err.Error(), "step 4 failed (Ana calls Ben from the desk): Ben's phone shows") {
		t.Errorf("it ended with %v:\n%s", err, w.output())
	}
	if strings.Contains(w.output(), "steps worked") {
		t.Error("it says that it worked")
	}
}

func TestLeavingEarly(t *testing.T) {
	t.Parallel()
	for _, once := range []bool{false, true} {
		cfg := free("")
		cfg.Once = once
		w := watch(t, cfg, nil)
		w.sees(t, "Desk 5401 dials")
		w.leave()
		if err := w.ends(t); once != errors.Is(err, context.Canceled) {
			t.Errorf("once %v: it ended with %v", once, err)
		}
	}
}

func TestUsualPortTaken(t *testing.T) {
	t.Parallel()
	if taken, err := net.ListenPacket("udp", "127.0.0.1:5060"); err == nil { //nolint:noctx // opens at once
		defer func() { _ = taken.Close() }()
	}
	cfg := free(t.TempDir())
	cfg.SIP = ""
	w := watch(t, cfg, nil)
	w.sees(t, "127.0.0.1:5060 is taken by another program")
	w.sees(t, "are registered")
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	office := apptest.Start(t)
	office.Apply(t, "[domain]\nname = \"acme.test\"\ntimezone = \"Europe/Berlin\"\ncountry = \"DE\"\n")
	taken := office.App.SIPAddr().String()
	office.Stop(t)
	listener, err := net.Listen("tcp", taken) //nolint:noctx // opens at once
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	serving := apptest.Start(t, func(cfg *app.Config) { cfg.SIP = "127.0.0.1:0" })
	for want, cfg := range map[string]demo.Config{
		"an IP address and a port are needed": {SIP: "localhost"},
		"address already in use":              {SIP: taken, HTTP: "127.0.0.1:0"},
		"is the data folder of acme.test":     free(office.Config.Data),
		serving.Config.Data:                   free(serving.Config.Data), // it is in use
	} {
		if err := watch(t, cfg, nil).ends(t); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("it ended with %v, want %q", err, want)
		}
	}
}
