package realphone

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// Linphone is a linphonec, driven over its standard input and output.
type Linphone struct {
	*phone
	account   Account
	in        io.Writer
	recording string   // of the call now, and before it of the next
	ids       []string // of the calls there are, the oldest first
	paused    bool     // it has put a call on hold
	patterns  []pattern
}

type pattern struct {
	*regexp.Regexp
	then func(match []string)
}

// StartLinphone runs a linphonec until the test ends.
func StartLinphone(t *testing.T, a Account) *Linphone {
	t.Helper()
	l := &Linphone{phone: newPhone(t, "linphonec", a), account: a}
	l.patterns = l.understood()
	l.configure(t)
	args := []string{"-oL", "linphonec", "-c", filepath.Join(l.folder, "rc"), "-S", "-d", "6", "-l", filepath.Join(l.folder, "linphone.log")}
	if a.AutoAnswer {
		args = append(args, "-a")
	}
	cmd := exec.CommandContext(t.Context(), "stdbuf", args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if l.in, err = cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	l.run(t, cmd)
	go l.read(out)
	go l.follow(t)
	l.say(t, "soundcard use files")
	l.say(t, "play "+l.microphone(t, a.Microphone))
	l.record(t)
	return l
}

func (l *Linphone) configure(t *testing.T) {
	t.Helper()
	for _, folder := range []string{".local/share/linphone", ".config/linphone"} {
		if err := os.MkdirAll(filepath.Join(l.folder, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	udp, tcp, transport := freePort(t), 0, ""
	if l.account.Transport == "tcp" {
		udp, tcp, transport = 0, udp, ";transport=tcp"
	}
	register := 1
	if l.account.Unregistered {
		register = 0
	}
	config := fmt.Sprintf(linphoneConfig, udp, tcp, l.account.User, l.account.Server, transport, register, l.account.Password, freePort(t)&^1)
	if err := os.WriteFile(filepath.Join(l.folder, "rc"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
}

// linphoneConfig takes UDP port, TCP port, user, server, transport parameter,
// whether to register, password and RTP port.
const linphoneConfig = `[sip]
sip_port=%d
sip_tcp_port=%d
sip_tls_port=0
bind_address=127.0.0.1
use_ipv6=0
default_proxy=0
use_info=0
use_rfc2833=1
guess_hostname=0
contact=<sip:%[3]s@127.0.0.1>
inc_timeout=60
[rtp]
audio_rtp_port=%[8]d
[net]
firewall_policy=0
[sound]
echocancellation=0
[video]
capture=0
display=0
[misc]
version_check_url_root=
log_collection_upload_server_url=
file_transfer_server_url=
[lime]
enabled=0
[proxy_0]
reg_proxy=<sip:%[4]s%[5]s>
reg_identity=<sip:%[3]s@%[4]s>
reg_expires=600
reg_sendregister=%[6]d
publish=0
[auth_info_0]
username=%[3]s
userid=%[3]s
passwd=%[7]s
[audio_codec_0]
mime=PCMU
rate=8000
channels=1
enabled=1
[audio_codec_1]
mime=PCMA
rate=8000
channels=1
enabled=1
`

// understood are the lines of linphonec that say what happened.
func (l *Linphone) understood() []pattern {
	set := func(s State) func([]string) { return func([]string) { l.state = s } }
	return []pattern{
		{regexp.MustCompile(`Receiving new incoming call from (.*), assigned id (\d+)`), func(m []string) {
			l.ids, l.paused = append(l.ids, m[2]), false
			l.state, l.caller = Incoming, callerOf(m[1])
			l.keys.Reset()
		}},
		{regexp.MustCompile(`Establishing call id to .*, assigned id (\d+)`), func(m []string) { l.ids = append(l.ids, m[1]); l.state = Calling }},
		{regexp.MustCompile(`Call (\d+) to .* ringing`), set(Ringing)},
		{regexp.MustCompile(`Call (\d+) with .* early media`), set(Early)},
		{regexp.MustCompile(`Media streams established with .* for call (\d+)`), set(Established)},
		{regexp.MustCompile(`Call (\d+) with .*? (?:ended \((.*)\)|error)\.?$`), func(m []string) {
			l.ids = slices.DeleteFunc(l.ids, func(id string) bool { return id == m[1] })
			if len(l.ids) == 0 {
				l.state = Idle
			}
			l.lastEnd = m[2]
		}},
		{regexp.MustCompile(`Call (\d+) with .* is now paused`), func([]string) { l.paused = true }},
		{regexp.MustCompile(`Receiving tone (.) from`), func(m []string) { l.keys.WriteString(m[1]) }},
	}
}

// callerOf reads `"Ana Ruiz" <sip:1001@acme.test>`.
func callerOf(s string) Caller {
	display, rest, found := strings.Cut(s, "<")
	if !found {
		return Caller{Number: userOf(s)}
	}
	return Caller{Number: userOf(rest), Display: strings.Trim(strings.TrimSpace(display), `"`)}
}

func (l *Linphone) read(out io.Reader) {
	scanner := bufio.NewScanner(out)
	for scanner.Scan() {
		line := scanner.Text()
		l.change(func() {
			fmt.Fprintln(&l.log, line)
			for _, p := range l.patterns {
				if m := p.FindStringSubmatch(line); m != nil {
					p.then(m)
				}
			}
		})
	}
}

// follow reads the log file, where alone linphonec says that it has registered.
func (l *Linphone) follow(t *testing.T) {
	t.Helper()
	registration := regexp.MustCompile(`LinphoneRegistration(\w+)|[Rr]egistration.*to.*\b(Ok|Failed)\b`)
	for t.Context().Err() == nil {
		text, _ := os.ReadFile(filepath.Join(l.folder, "linphone.log"))
		all := registration.FindAllSubmatch(text, -1)
		if len(all) > 0 {
			last := string(all[len(all)-1][1]) + string(all[len(all)-1][2])
			l.change(func() { l.registered = last == "Ok" })
		}
		pause(t.Context(), 50*time.Millisecond)
	}
}

// Wire is linphonec's own log of the SIP it sent and received.
func (l *Linphone) Wire() string {
	text, _ := os.ReadFile(filepath.Join(l.folder, "linphone.log"))
	return string(text)
}

func (l *Linphone) say(t *testing.T, line string) {
	t.Helper()
	if _, err := fmt.Fprintln(l.in, line); err != nil {
		t.Fatalf("%s: %v", l.name, err)
	}
}

// record names the recording of the next call. In a ringing call linphonec
// 5.1.65 would crash on it.
func (l *Linphone) record(t *testing.T) {
	t.Helper()
	l.recording = filepath.Join(l.folder, fmt.Sprintf("heard-%d.wav", time.Now().UnixNano()))
	l.say(t, "record "+l.recording)
}

// Dial implements [Phone].
func (l *Linphone) Dial(t *testing.T, number string) {
	t.Helper()
	l.change(func() { l.state, l.lastEnd = Calling, ""; l.keys.Reset() })
	l.say(t, "call "+number)
}

// Answer implements [Phone].
func (l *Linphone) Answer(t *testing.T) {
	t.Helper()
	l.say(t, "answer")
	l.Await(t, Established)
}

// Press implements [Phone].
func (l *Linphone) Press(t *testing.T, keys string) {
	t.Helper()
	l.say(t, "param sip use_info 0")
	l.say(t, "param sip use_rfc2833 1")
	l.press(t, keys, 350*time.Millisecond)
}

// PressInfo sends keys by SIP INFO. While more input waits linphonec does not
// look at its sockets, and it sends no INFO before the last one was answered.
func (l *Linphone) PressInfo(t *testing.T, keys string) {
	t.Helper()
	l.say(t, "param sip use_info 1")
	l.say(t, "param sip use_rfc2833 0")
	l.press(t, keys, 1300*time.Millisecond)
}

func (l *Linphone) press(t *testing.T, keys string, apart time.Duration) {
	t.Helper()
	for _, key := range keys {
		l.say(t, string(key))
		pause(t.Context(), apart)
	}
}

// Hold implements [Phone].
func (l *Linphone) Hold(t *testing.T) { t.Helper(); l.say(t, "pause") }

// Resume implements [Phone].
func (l *Linphone) Resume(t *testing.T) { t.Helper(); l.say(t, "resume "+l.lastCall()) }

// Transfer implements [Phone].
func (l *Linphone) Transfer(t *testing.T, number string) {
	t.Helper()
	l.say(t, fmt.Sprintf("transfer %s sip:%s@%s", l.lastCall(), number, l.account.Server))
}

// Consult calls somebody about the call there is, which is held meanwhile.
func (l *Linphone) Consult(t *testing.T, number string) {
	t.Helper()
	l.Hold(t)
	l.wait(t, "its call on hold", func() bool { return l.paused })
	l.Dial(t, number)
}

// TransferToConsulted puts the two calls there are together.
func (l *Linphone) TransferToConsulted(t *testing.T) {
	t.Helper()
	l.mu.Lock()
	ids := slices.Clone(l.ids)
	l.mu.Unlock()
	if len(ids) != 2 {
		t.Fatalf("%s has the calls %v", l.name, ids)
	}
	l.say(t, fmt.Sprintf("transfer %s --to-call %s", ids[0], ids[1]))
}

func (l *Linphone) lastCall() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.ids) == 0 {
		return "1"
	}
	return l.ids[len(l.ids)-1]
}

// Hangup implements [Phone].
func (l *Linphone) Hangup(t *testing.T) {
	t.Helper()
	l.say(t, "terminate")
	l.Await(t, Idle)
}

// Heard implements [Phone].
func (l *Linphone) Heard(t *testing.T) []int16 {
	t.Helper()
	return readWAV(t, l.recording)
}
