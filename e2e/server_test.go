// Package e2e_test runs the built binary with SIP phones that nobody here
// wrote, and looks at what they hear and show.
package e2e_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/e2e/realphone"
	"github.com/hotdesk-pbx/hotdesk/internal/sqlstore/sqltest"
)

// binary is the program under test, built once.
var binary = sync.OnceValues(func() (string, error) {
	name := filepath.Join(os.TempDir(), fmt.Sprintf("hotdesk-e2e-%d", os.Getpid()))
	out, err := exec.Command("go", "build", "-o", name, "../cmd/hotdesk").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return name, nil
})

// cluster has the databases of tests with PostgreSQL.
var cluster sqltest.Cluster

func TestMain(m *testing.M) {
	status := m.Run()
	if err := cluster.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, "stop PostgreSQL:", err)
		status = max(status, 1)
	}
	if name, err := binary(); err == nil {
		_ = os.Remove(name)
	}
	os.Exit(status)
}

// server is one running hotdesk.
type server struct {
	data string
	sip  string
	http string
	cmd  *exec.Cmd
	log  *logBuffer
	env  []string
	args []string

	files int // that the process may have open; 0: as many as the test
	disk  int // kilobytes of the disk that it has for voicemail; 0: as many as there are
}

type logBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// start runs a server on free ports in a folder of its own. Extra arguments
// are for serve.
func start(t *testing.T, args ...string) *server {
	t.Helper()
	s := &server{data: t.TempDir(), sip: ownAddress(t), log: &logBuffer{}, args: args}
	s.begin(t)
	return s
}

// begin runs a server until the test ends.
func (s *server) begin(t *testing.T) {
	t.Helper()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("server log:\n%s", s.log)
		}
	})
	s.run(t)
	t.Cleanup(func() { s.kill() })
}

// ownAddress is a free address whose port lies below those that the system
// gives to whoever asks for any: nobody takes it while the server is down.
func ownAddress(t *testing.T) string {
	t.Helper()
	for {
		address := fmt.Sprintf("127.0.0.1:%d", 20000+rand.IntN(12000))
		udp, err := net.ListenPacket("udp", address)
		if err != nil {
			continue
		}
		tcp, err := net.Listen("tcp", address)
		_ = udp.Close()
		if err == nil {
			_ = tcp.Close()
			return address
		}
	}
}

// command makes the process, where the last one listened.
func (s *server) command(t *testing.T) *exec.Cmd {
	t.Helper()
	name, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	args := append([]string{"serve", "--data", s.data, "--sip", s.sip, "--http", "127.0.0.1:0", "--rtp-ports", "0", "--log-level", "debug"}, s.args...)
	if s.files > 0 {
		name, args = "sh", append([]string{"-c", `ulimit -n "$0" && exec "$@"`, strconv.Itoa(s.files), name}, args...)
	}
	if s.disk > 0 {
		mount := `mount -t tmpfs -o size="$0"k none "$1" && shift && exec "$@"`
		args = append([]string{"-rm", "sh", "-c", mount, strconv.Itoa(s.disk), filepath.Join(s.data, "voicemail"), name}, args...)
		name = "unshare"
	}
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), s.env...)
	cmd.Stderr = s.log
	return cmd
}

// run starts the process and waits until it is ready; again after kill or stop
// it listens where it did before.
func (s *server) run(t *testing.T) {
	t.Helper()
	s.cmd = s.command(t)
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the server did not get ready: %v\n%s", err, s.log)
	}
	go io.Copy(io.Discard, out) //nolint:errcheck // nothing more is expected
	if _, err := fmt.Sscanf(line, "ready sip=%s http=%s", &s.sip, &s.http); err != nil {
		t.Fatalf("ready line %q: %v", line, err)
	}
}

// kill ends the process as a power cut would.
func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// stop ends the process as a service manager would.
func (s *server) stop(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Wait(); err != nil {
		t.Fatalf("the server stopped badly: %v", err)
	}
}

// hotdesk runs a command of the binary against the server and returns what it prints.
func (s *server) hotdesk(t *testing.T, args ...string) string {
	t.Helper()
	out, err := s.try(t, args...)
	if err != nil {
		t.Fatalf("hotdesk %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func (s *server) try(t *testing.T, args ...string) (string, error) {
	t.Helper()
	name, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, name, append(args, "--data", s.data)...).CombinedOutput()
	return string(out), err
}

// apply gives the server an office.
func (s *server) apply(t *testing.T, office string) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "office.toml")
	if err := os.WriteFile(name, []byte(office), 0o600); err != nil {
		t.Fatal(err)
	}
	s.hotdesk(t, "apply", name)
}

func (s *server) account(user string) realphone.Account {
	return realphone.Account{User: user, Password: "secret-of-" + user + "-12345", Server: s.sip}
}

// patience is for what must happen.
const patience = time.Minute

// eventually waits until something holds that no event tells of, such as a
// line in the output of a command.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	eventuallyBy(t, time.Now().Add(patience), what, holds)
}

func eventuallyBy(t *testing.T, end time.Time, what string, holds func() bool) {
	t.Helper()
	deadline := time.NewTimer(time.Until(end))
	defer deadline.Stop()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("did not come: %s", what)
		}
	}
}
