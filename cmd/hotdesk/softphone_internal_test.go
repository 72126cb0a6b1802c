package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/apptest"
	"github.com/hotdesk-pbx/hotdesk/internal/media/wav"
	"github.com/hotdesk-pbx/hotdesk/internal/softphone"
)

const phoneOffice = `
[domain]
name = "acme.test"
timezone = "America/Toronto"
country = "CA"
[[user]]
extension = "1001"
name = "Ana Ruiz"
pin = "4711"
[[user]]
extension = "1002"
name = "Ben Okafor"
pin = "2580"
mailbox = false
  [[user.device]]
  name = "1002"
  password = "ben-phone-secret"
[[user]]
extension = "5401"
name = "Window 1"
  [[user.device]]
  name = "5401"
  password = "desk-phone-secret"
`

// startOffice runs a server with Ben's phone and a desk, and gives the
// arguments that make each of them a softphone.
func startOffice(t *testing.T) (office *apptest.Office, ben, desk []string) {
	t.Helper()
	office = apptest.Start(t)
	office.Apply(t, phoneOffice)
	at := "@" + office.App.SIPAddr().String()
	return office, []string{"phone", "1002" + at, "--password", "ben-phone-secret"},
		[]string{"phone", "5401" + at, "--password", "desk-phone-secret"}
}

// atKeys is a softphone on a terminal with somebody at its keys.
type atKeys struct {
	keys   io.WriteCloser
	status chan int

	mu    sync.Mutex
	out   strings.Builder
	wrote chan struct{}
}

func (k *atKeys) Write(text []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	close(k.wrote)
	k.wrote = make(chan struct{})
	return k.out.Write(text)
}

func startPhone(t *testing.T, args ...string) *atKeys {
	t.Helper()
	in, keys := io.Pipe()
	k := &atKeys{keys: keys, status: make(chan int, 1), wrote: make(chan struct{})}
	ctx, stop := context.WithCancel(t.Context())
	go func() { k.status <- run(ctx, args, console{in: in, out: k, err: k}) }()
	t.Cleanup(func() {
		stop()
		_ = keys.Close()
	})
	return k
}

func (k *atKeys) types(t *testing.T, line string) {
	t.Helper()
	if _, err := io.WriteString(k.keys, line+"\n"); err != nil {
		t.Error(err)
	}
}

// shows waits until the phone has written words, this many times.
func (k *atKeys) shows(t *testing.T, words string, times int) {
	t.Helper()
	timeout := time.After(time.Minute)
	for {
		k.mu.Lock()
		out, wrote := k.out.String(), k.wrote
		k.mu.Unlock()
		if strings.Count(out, words) >= times {
			return
		}
		select {
		case <-wrote:
		case <-timeout:
			t.Fatalf("the phone does not show %q %d times, but:\n%s", words, times, out)
		}
	}
}

func (k *atKeys) ends(t *testing.T, want int) {
	t.Helper()
	select {
	case status := <-k.status:
		if status != want {
			t.Errorf("the phone ended with %d, want %d:\n%s", status, want, &k.out)
		}
	case <-time.After(time.Minute):
		t.Fatalf("the phone does not end:\n%s", &k.out)
	}
}

func TestPhoneLogsInAtADesk(t *testing.T) {
	t.Parallel()
	for _, digits := range []string{"rfc4733", "info", "inband"} {
		t.Run(digits, func(t *testing.T) {
			t.Parallel()
			office, _, desk := startOffice(t)
			status, out, errs := hotdesk(t, "", append(desk, "--dial", "*88", "--press", "1001#,4711#", "--digits", digits, "--json")...)
			if status != 0 {
				t.Fatalf("ended with %d: %s%s", status, out, errs)
			}
			var kinds []string
			for dec := json.NewDecoder(strings.NewReader(out)); dec.More(); {
				var line phoneLine
				if err := dec.Decode(&line); err != nil {
					t.Fatal(err)
				}
				if line.Event != softphone.Notified { // the lamp's, which comes when it comes
					kinds = append(kinds, string(line.Event))
				}
			}
			if got, want := strings.Join(kinds, " "), "registered calling answered pressed ended unregistered"; got != want {
				t.Errorf("it told %s, want %s", got, want)
			}
			if _, list, _ := hotdesk(t, "", "session", "list", "--data", office.Config.Data); !strings.Contains(list, "Ana Ruiz") {
				t.Errorf("nobody is logged in:\n%s", list)
			}
		})
	}
}

func TestPhonesTalk(t *testing.T) {
	t.Parallel()
	_, ben, desk := startOffice(t)
	folder := t.TempDir()
	speaks := func(name string, hz float64) string {
		name = filepath.Join(folder, name)
		file, err := os.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = file.Close() }()
		w, err := wav.NewWriter(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(softphone.Tone(hz, 2*time.Second)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return name
	}
	hears := func(name string, hz float64) {
		t.Helper()
		pcm, err := readSound(name)
		if err != nil {
			t.Fatal(err)
		}
		if !softphone.HasTone(pcm, hz) {
			t.Errorf("no tone of %v Hz in %s (%d samples)", hz, filepath.Base(name), len(pcm))
		}
	}
	atBen, atDesk := filepath.Join(folder, "ben.wav"), filepath.Join(folder, "desk.wav")

	answers := startPhone(t, append(ben, "--auto-answer", "--until-hangup", "--play", speaks("low.wav", 440), "--record", atBen)...)
	answers.shows(t, "registered", 1)
	calls := startPhone(t, append(desk, "--dial", "1002", "--press", "5", "--play", speaks("high.wav", 1000), "--record", atDesk)...)
	answers.shows(t, "Window 1 (5401) calls", 1)
	answers.shows(t, "heard the key 5", 1)
	calls.types(t, "#")
	answers.shows(t, "heard the key #", 1)
	recorded(t, atBen, 1000)
	recorded(t, atDesk, 440)
	calls.types(t, "x")
	calls.ends(t, 0)
	answers.ends(t, 0)
	hears(atBen, 1000)
	hears(atDesk, 440)
}

// recorded waits until a recording that goes on has a tone.
func recorded(t *testing.T, name string, hz float64) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(time.Minute); ; <-tick.C {
		file, err := os.ReadFile(name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		pcm := make([]int16, max(0, int64(len(file))-wav.Size(0))/2)
		for i := range pcm {
			pcm[i] = int16(binary.LittleEndian.Uint16(file[wav.Size(int64(i)):]))
		}
		if softphone.HasTone(pcm, hz) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("no tone of %v Hz in %s (%d samples)", hz, filepath.Base(name), len(pcm))
		}
	}
}

func TestPhoneByHand(t *testing.T) {
	t.Parallel()
	_, ben, desk := startOffice(t)
	called, caller := startPhone(t, ben...), startPhone(t, desk...)
	called.shows(t, "registered", 1)
	caller.shows(t, "registered", 1)
	called.types(t, "a")
	called.shows(t, "nobody calls", 1)
	caller.types(t, "x")
	caller.shows(t, "there is no call", 1)

	caller.types(t, "10 02")
	called.shows(t, "Window 1 (5401) calls", 1)
	caller.shows(t, "180 Ringing", 1)
	caller.types(t, "12")
	caller.shows(t, "not answered yet", 1)
	called.types(t, "x")
	caller.shows(t, "the call has ended: 603 Decline", 1)

	caller.types(t, "1002")
	called.shows(t, "Window 1 (5401) calls", 2)
	called.types(t, "a")
	caller.shows(t, "answered", 2)
	caller.shows(t, "it is Ben Okafor (1002)", 1)
	caller.types(t, "h")
	called.shows(t, "the other side holds the call", 1)
	caller.types(t, "r")
	called.shows(t, "the other side is back", 1)
	caller.types(t, "hello")
	caller.shows(t, `"hello" cannot be sent`, 1)
	called.types(t, "9*")
	caller.shows(t, "heard the key *", 1)
	called.types(t, "x")
	caller.shows(t, "the other side hung up", 1)
	for _, phone := range []*atKeys{called, caller} {
		phone.types(t, "q")
		phone.ends(t, 0)
		phone.shows(t, "unregistered", 1)
	}
}

// TestPhoneStatus runs command lines whose exit status is what a script asks for.
func TestPhoneStatus(t *testing.T) {
	t.Parallel()
	_, ben, desk := startOffice(t)
	tests := map[string]struct {
		args   []string
		status int
		want   string
	}{
		"refused":          {append(desk, "--dial", "1002"), 1, "the call to 1002 was not answered: 480 Not Registered"},
		"unknown number":   {append(desk, "--dial", "1999"), 1, "404"},
		"wrong password":   {append(ben[:2:2], "--password", "wrong", "--for", "1ms"), 1, "registration refused"},
		"password asked":   {append(ben[:2:2], "--password", "ask", "--for", "1ms"), 0, ""},
		"time is up":       {append(ben, "--for", "1ms"), 0, ""},
		"nobody called":    {append(ben, "--for", "1ms", "--until-hangup"), 1, "there was no call"},
		"no registration":  {append(ben, "--no-register", "--dial", "1999"), 1, "404"},
		"by TCP":           {append(ben, "--transport", "tcp", "--for", "1ms"), 0, ""},
		"by a name":        {[]string{"phone", "1002@acme.test", "--server", ben[1][len("1002@"):], "--password", "ben-phone-secret", "--for", "1ms"}, 0, ""},
		"no server there":  {[]string{"phone", "1002@127.0.0.1:0"}, 1, "127.0.0.1:0"},
		"no account":       {[]string{"phone", "1002"}, 2, "write user@server"},
		"no key":           {append(ben, "--press", "12x"), 2, `"x" is no key`},
		"no time":          {append(ben, "--for=-1s"), 2, "must not be negative"},
		"no way of digits": {append(ben, "--digits", "smoke"), 2, "rfc4733"},
		"no address":       {append(ben, "--listen", "5060"), 2, "192.0.2.20:0"},
		"no sound":         {append(ben, "--play", "no-such-file.wav"), 1, "no-such-file.wav"},
		"no WAV":           {append(ben, "--play", "softphone.go"), 1, "not a usable WAV file"},
		"no folder":        {append(desk, "--dial", "*89", "--record", "no-such-folder/heard.wav"), 1, "hotdesk: record: open no-such-folder"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, out, errs := hotdesk(t, "ben-phone-secret\n", test.args...)
			if status != test.status || !strings.Contains(out+errs, test.want) {
				t.Errorf("ended with %d, want %d and %q:\n%s%s", status, test.status, test.want, out, errs)
			}
		})
	}
}

func TestPhoneLinesAreHarmless(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	line := phoneLine{Event: softphone.Incoming, User: "1001", Name: "Eve\x1b[2J\nregistered"}
	line.tellPerson(&out)
	if got, want := out.String(), "Eve?[2J?registered (1001) calls\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
