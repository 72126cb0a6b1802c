package realphone

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Baresip is a baresip, driven over its control port.
type Baresip struct {
	*phone
	account  Account
	control  net.Conn
	replies  chan baresipMessage
	recorded []string // the recordings of earlier calls
	lamp     Lamp
}

// Lamp is what a phone knows of the messages that wait.
type Lamp struct{ New, Saved int }

type baresipMessage struct {
	Response bool   `json:"response"`
	OK       bool   `json:"ok"`
	Data     string `json:"data"`
	Event    bool   `json:"event"`
	Type     string `json:"type"`
	Param    string `json:"param"`
	PeerURI  string `json:"peeruri"`
	PeerName string `json:"peerdisplayname"`
}

// StartBaresip runs a baresip until the test ends.
func StartBaresip(t *testing.T, a Account) *Baresip {
	t.Helper()
	b := &Baresip{phone: newPhone(t, "baresip", a), account: a, replies: make(chan baresipMessage, 1)}
	port := freePort(t)
	b.configure(t, port)
	cmd := exec.CommandContext(t.Context(), "baresip", "-f", b.folder, "-s", "-v")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	b.run(t, cmd)
	go b.keepLog(out)
	b.connect(t, port)
	transport := a.Transport
	if transport == "" {
		transport = "udp"
	}
	answer, interval := "manual", 600
	if a.AutoAnswer {
		answer = "auto"
	}
	if a.Unregistered {
		interval = 0
	}
	mwi := "no"
	if a.Lamp {
		mwi = "yes"
	}
	b.command(t, "uanew", fmt.Sprintf("<sip:%s@%s;transport=%s>;auth_user=%s;auth_pass=%s;answermode=%s;regint=%d;mwi=%s;audio_codecs=PCMU,PCMA",
		a.User, a.Server, transport, a.User, a.Password, answer, interval, mwi))
	return b
}

func (b *Baresip) configure(t *testing.T, controlPort int) {
	t.Helper()
	sound := filepath.Join(b.folder, "sound")
	if err := os.Mkdir(sound, 0o700); err != nil {
		t.Fatal(err)
	}
	b.keepHearingAfterHold(t)
	modules, _ := filepath.Glob("/usr/lib/baresip/modules")
	if len(modules) == 0 {
		t.Fatal("baresip's modules are not in /usr/lib/baresip/modules: run make setup")
	}
	config := fmt.Sprintf(`poll_method epoll
sip_listen 127.0.0.1:0
call_local_timeout 120
call_max_calls 8
audio_player aubridge,null
audio_source aufile,%s
audio_alert aubridge,alert
ausrc_srate 8000
auplay_srate 8000
ausrc_channels 1
auplay_channels 1
ausrc_format s16
auplay_format s16
auenc_format s16
audec_format s16
audio_buffer 20-160
rtcp_mux no
jitter_buffer_delay 2-6
net_interface 127.0.0.1
module_path %s
module g711.so
module sndfile.so
module aufile.so
module aubridge.so
module_tmp account.so
module_app menu.so
module_app mwi.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:%d
snd_path %s
menu_bell no
statmode_default off
ringback_disabled yes
`, b.microphone(t, b.account.Microphone), modules[0], controlPort, sound)
	for name, text := range map[string]string{"config": config, "accounts": "", "contacts": ""} {
		if err := os.WriteFile(filepath.Join(b.folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// keepHearingAfterHold makes the recorder of what the phone sends fail: while
// it runs, baresip 1.0.0 does not start that of what it hears again after a
// re-INVITE. A folder stands where the file would.
func (b *Baresip) keepHearingAfterHold(t *testing.T) {
	t.Helper()
	start := time.Now().UTC()
	for s := range 1200 {
		name := start.Add(time.Duration(s) * time.Second).Format("dump-2006-01-02-15-04-05-enc.wav")
		if err := os.MkdirAll(filepath.Join(b.folder, "sound", name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
}

func (b *Baresip) keepLog(out io.Reader) {
	scanner := bufio.NewScanner(out)
	for scanner.Scan() {
		b.change(func() { fmt.Fprintln(&b.log, scanner.Text()) })
	}
}

func (b *Baresip) connect(t *testing.T, port int) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			b.control = conn
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("baresip does not take commands: %v", err)
		}
		pause(t.Context(), 20*time.Millisecond) // it tells nobody when it listens
	}
	t.Cleanup(func() { _ = b.control.Close() })
	go b.read()
}

// read takes netstrings (LENGTH:JSON,) from the control port.
func (b *Baresip) read() {
	in := bufio.NewReader(b.control)
	for {
		length, err := in.ReadString(':')
		if err != nil {
			return
		}
		n, err := strconv.Atoi(strings.TrimSuffix(length, ":"))
		if err != nil {
			return
		}
		body := make([]byte, n+1)
		if _, err := io.ReadFull(in, body); err != nil {
			return
		}
		var m baresipMessage
		if json.Unmarshal(body[:n], &m) != nil {
			continue
		}
		if m.Response {
			b.replies <- m
		} else {
			b.change(func() { b.happened(m) })
		}
	}
}

func (b *Baresip) happened(m baresipMessage) {
	fmt.Fprintf(&b.log, "event %s %s %s\n", m.Type, m.Param, m.PeerURI)
	switch m.Type {
	case "REGISTER_OK":
		b.registered = true
	case "REGISTER_FAIL":
		b.registered, b.refused = false, m.Param
	case "CALL_INCOMING":
		b.state, b.caller = Incoming, Caller{Number: userOf(m.PeerURI), Display: m.PeerName}
		b.keys.Reset()
	case "CALL_RINGING":
		b.state = Ringing
	case "CALL_PROGRESS":
		b.state = Early
	case "CALL_ESTABLISHED":
		b.state = Established
	case "CALL_CLOSED":
		b.state, b.lastEnd = Idle, m.Param
	case "MWI_NOTIFY":
		for line := range strings.Lines(m.Param) {
			_, _ = fmt.Sscanf(line, "Voice-Message: %d/%d", &b.lamp.New, &b.lamp.Saved) // other lines do not fit
		}
	case "CALL_DTMF_START":
		b.keys.WriteString(m.Param)
	}
}

func userOf(uri string) string {
	_, rest, _ := strings.Cut(uri, ":")
	user, _, _ := strings.Cut(rest, "@")
	return user
}

func (b *Baresip) command(t *testing.T, command, params string) baresipMessage {
	t.Helper()
	body, err := json.Marshal(map[string]string{"command": command, "params": params})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(b.control, "%d:%s,", len(body), body); err != nil {
		t.Fatalf("%s: %v", b.name, err)
	}
	select {
	case m := <-b.replies:
		return m
	case <-time.After(patience):
		t.Fatalf("%s does not answer the command %s", b.name, command)
		return baresipMessage{}
	}
}

// AwaitLamp waits until the phone knows of so many messages.
func (b *Baresip) AwaitLamp(t *testing.T, want Lamp) {
	t.Helper()
	b.wait(t, fmt.Sprintf("a lamp with %+v", want), func() bool { return b.lamp == want })
}

// Dial implements [Phone].
func (b *Baresip) Dial(t *testing.T, number string) {
	t.Helper()
	b.recorded = b.recordings()
	b.change(func() { b.state, b.lastEnd = Calling, ""; b.keys.Reset() })
	if m := b.command(t, "dial", number); !m.OK {
		t.Fatalf("%s cannot dial %s: %s", b.name, number, m.Data)
	}
}

// Answer implements [Phone].
func (b *Baresip) Answer(t *testing.T) {
	t.Helper()
	b.recorded = b.recordings()
	b.command(t, "accept", "")
	b.Await(t, Established)
}

// Press implements [Phone].
func (b *Baresip) Press(t *testing.T, keys string) {
	t.Helper()
	for _, key := range keys {
		b.command(t, "sndcode", string(key))
		pause(t.Context(), 250*time.Millisecond)
	}
}

// Hold implements [Phone].
func (b *Baresip) Hold(t *testing.T) { t.Helper(); b.command(t, "hold", "") }

// Resume implements [Phone]. Recordings are named by the second, so the new
// one must not begin in the second of the old.
func (b *Baresip) Resume(t *testing.T) {
	t.Helper()
	pause(t.Context(), time.Second)
	b.command(t, "resume", "")
}

// Transfer implements [Phone].
func (b *Baresip) Transfer(t *testing.T, number string) {
	t.Helper()
	b.command(t, "transfer", fmt.Sprintf("sip:%s@%s", number, b.account.Server))
}

// Hangup implements [Phone].
func (b *Baresip) Hangup(t *testing.T) {
	t.Helper()
	b.command(t, "hangup", "")
	b.Await(t, Idle)
}

// Speak changes the microphone in a call.
func (b *Baresip) Speak(t *testing.T, pcm []int16) {
	t.Helper()
	name := filepath.Join(b.folder, fmt.Sprintf("speak-%d.wav", time.Now().UnixNano()))
	long := make([]int16, 0, len(pcm)+60*8000)
	writeWAV(t, name, append(append(long, pcm...), make([]int16, 60*8000)...))
	b.command(t, "ausrc", "aufile,"+name)
}

// Heard implements [Phone]. baresip writes only what came: the time in which
// nothing was sent to it is missing.
func (b *Baresip) Heard(t *testing.T) []int16 {
	t.Helper()
	var heard []int16
	for _, name := range b.recordings() {
		if !slices.Contains(b.recorded, name) {
			heard = append(heard, readWAV(t, name)...)
		}
	}
	return heard
}

func (b *Baresip) recordings() []string {
	names, _ := filepath.Glob(filepath.Join(b.folder, "sound", "*-dec.wav"))
	slices.Sort(names)
	return names
}
