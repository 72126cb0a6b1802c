package e2e_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// outside is what an office has of the public telephone network: the numbers
// of Ana, of the desk and of the office, and trunks in the order of trial.
func outside(trunks ...string) string {
	var b strings.Builder
	b.WriteString(office())
	text := strings.Replace(b.String(), `country = "CA"`, "country = \"CA\"\nmain_number = \"+14165550100\"", 1)
	for number, user := range map[string]string{"+14165550101": "1001", "+14165550141": "5401", "+14165550100": ""} {
		text += fmt.Sprintf("[[number]]\nnumber = %q\n", number)
		if user != "" {
			text += fmt.Sprintf("user = %q\n", user)
		}
	}
	for i, trunk := range trunks {
		text += fmt.Sprintf("[[trunk]]\nname = \"line-%d\"\npriority = %d\n%s\n", i+1, i, trunk)
	}
	return text
}

// carrier is a SIPp that plays the far end of a trunk.
type carrier struct {
	address string
	folder  string
}

// trunk is the carrier in an office file.
func (c *carrier) trunk(more ...string) string {
	return fmt.Sprintf("host = %q\n%s", c.address, strings.Join(more, "\n"))
}

// startCarrier plays a scenario, for as many calls as come.
func startCarrier(t *testing.T, scenario string) *carrier {
	t.Helper()
	file, err := filepath.Abs(filepath.Join("sipp", scenario))
	if err != nil {
		t.Fatal(err)
	}
	c := &carrier{address: ownAddress(t), folder: t.TempDir()}
	_, port, err := net.SplitHostPort(c.address)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, "sipp", "-sf", file, "-i", "127.0.0.1", "-p", port, "-nostdin", "-mp", rtpPort(t),
		"-trace_msg", "-message_file", c.file("messages"), "-trace_err", "-error_file", c.file("errors"))
	cmd.Dir = c.folder
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("messages of the carrier %s:\n%s\n%s", scenario, c.wire(), c.read("errors"))
		}
	})
	return c
}

// rtpPort is one that SIPp may tell its callers.
func rtpPort(t *testing.T) string {
	t.Helper()
	_, port, err := net.SplitHostPort(ownAddress(t))
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func (c *carrier) file(name string) string { return filepath.Join(c.folder, name) }

func (c *carrier) read(name string) string {
	text, err := os.ReadFile(c.file(name))
	if err != nil {
		return ""
	}
	return string(text)
}

// wire is every SIP message that came and went.
func (c *carrier) wire() string { return strings.ReplaceAll(c.read("messages"), "\r", "") }

// invites are the INVITEs that have come, whole.
func (c *carrier) invites() []string {
	var found []string
	for part := range strings.SplitSeq(c.wire(), "-----------------------------------------------") {
		if _, message, ok := strings.Cut(part, "INVITE sip:"); ok && strings.Contains(part, "received") {
			found = append(found, "INVITE sip:"+message)
		}
	}
	return found
}

// invited waits for the next INVITE beyond so many.
func (c *carrier) invited(t *testing.T, before int) string {
	t.Helper()
	eventually(t, "a call reaches the carrier", func() bool { return len(c.invites()) > before })
	return c.invites()[before]
}

// shows checks headers of an INVITE.
func shows(t *testing.T, invite string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(invite, want) {
			t.Errorf("no %q in\n%s", want, invite)
		}
	}
}

// silentCarrier is an address at which nobody answers anything.
func silentCarrier(t *testing.T) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return fmt.Sprintf("host = %q", conn.LocalAddr())
}

// callIn brings a call to a number of ours, from beside the carrier's address.
// When the test is over the call must have been answered.
func callIn(t *testing.T, s *server, number string) {
	t.Helper()
	file, err := filepath.Abs(filepath.Join("sipp", "call-in.xml"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	cmd := exec.CommandContext(ctx, "sipp", s.sip, "-sf", file, "-s", number, "-i", "127.0.0.1", "-m", "1", "-nostdin", "-mp", rtpPort(t),
		"-timeout", "50", "-timeout_error")
	cmd.Dir = t.TempDir()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Wait(); err != nil && !t.Failed() {
			t.Errorf("the call from outside: %v", err)
		}
		cancel()
	})
}
