package bench

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// ticks is what Linux counts processor time in: USER_HZ, the same on all machines.
const ticks = 100

// server is a program under load.
type server struct {
	data    string // its data folder
	process *exec.Cmd
	addr    netip.AddrPort // where it takes SIP
	until   time.Duration  // from its start until it was ready
	socket  *http.Client   // speaks over the socket in the data folder
	log     bytes.Buffer   // what it complained of
}

// start runs a program until it is ready.
func start(ctx context.Context, binary, data string, flags []string) (*server, error) {
	s := &server{data: data}
	args := append([]string{
		"serve", "--data", data, "--sip", "127.0.0.1:0", "--http", "127.0.0.1:0", "--log-level", "warn", "--drain", "1s",
	}, flags...)
	s.process = exec.CommandContext(ctx, binary, args...) //nolint:gosec // G204: the program the operator names
	s.process.Stderr = &s.log
	out, err := s.process.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", binary, err)
	}
	begun := time.Now()
	if err := s.process.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", binary, err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	s.until = time.Since(begun)
	if err == nil {
		s.addr, err = readyAddr(line)
	}
	if err != nil {
		err = errors.Join(err, s.stop())
		return nil, fmt.Errorf("%s is not ready: %w: %s", binary, err, s.log.String())
	}
	file := filepath.Join(data, resource.SocketName)
	s.socket = &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", file)
	}}}
	return s, nil
}

// readyAddr reads "ready sip=ADDR http=ADDR".
func readyAddr(line string) (netip.AddrPort, error) {
	rest, ok := strings.CutPrefix(line, "ready sip=")
	addr, _, _ := strings.Cut(rest, " ")
	if !ok {
		return netip.AddrPort{}, fmt.Errorf("it says %q", line)
	}
	return netip.ParseAddrPort(addr)
}

// stop asks the program to end, and waits.
func (s *server) stop() error {
	_ = s.process.Process.Signal(syscall.SIGTERM) // one that has ended is waited for as well
	if err := s.process.Wait(); err != nil {
		return fmt.Errorf("the server ended badly: %w", err)
	}
	return nil
}

// cpu is the processor time the program has used, its own and the kernel's.
func (s *server) cpu() (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.process.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("read the processor time: %w", err)
	}
	return cpuSeconds(string(text))
}

// cpuSeconds reads utime and stime of a stat file (proc_pid_stat(5)). The name
// of the program, which may hold anything, ends with the last parenthesis.
func cpuSeconds(stat string) (float64, error) {
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	const utime, stime = 14 - 3, 15 - 3
	if len(fields) <= stime {
		return 0, fmt.Errorf("processor time: %q is no stat file", stat)
	}
	user, err1 := strconv.ParseFloat(fields[utime], 64)
	system, err2 := strconv.ParseFloat(fields[stime], 64)
	return (user + system) / ticks, errors.Join(err1, err2)
}

// spend measures the processor time that the program uses during a load.
func (s *server) spend(load func() error) (float64, error) {
	before, err := s.cpu()
	if err != nil {
		return 0, err
	}
	if err := load(); err != nil {
		return 0, err
	}
	after, err := s.cpu()
	return after - before, err
}

// resident is the memory the program takes of the machine, in bytes.
func (s *server) resident() (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.process.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("read the memory: %w", err)
	}
	kB, err := valueOf(string(text), "VmRSS:")
	return kB * 1024, err
}

// heap is what lives on the program's heap after a collection, in bytes.
func (s *server) heap(ctx context.Context) (float64, error) {
	text, err := s.get(ctx, "/debug/pprof/heap?gc=1&debug=1")
	if err != nil {
		return 0, err
	}
	return valueOf(string(text), "# HeapAlloc =")
}

// valueOf is the number behind a word in a text.
func valueOf(text, word string) (float64, error) {
	_, rest, found := strings.Cut(text, word)
	fields := strings.Fields(rest)
	if !found || len(fields) == 0 {
		return 0, fmt.Errorf("no %q is told", word)
	}
	return strconv.ParseFloat(fields[0], 64)
}

// profile writes a processor profile of so long a time, and beside it those of
// what lives on the heap then and of all that was allocated since the start.
func (s *server) profile(ctx context.Context, d time.Duration, file string) error {
	seconds := strconv.Itoa(max(int(d.Seconds())-1, 1))
	if err := s.save(ctx, "/debug/pprof/profile?seconds="+seconds, file+".cpu"); err != nil {
		return err
	}
	if err := s.save(ctx, "/debug/pprof/heap?gc=1", file+".heap"); err != nil {
		return err
	}
	return s.save(ctx, "/debug/pprof/allocs", file+".allocs")
}

func (s *server) save(ctx context.Context, path, file string) error {
	text, err := s.get(ctx, path)
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return fmt.Errorf("write a profile: %w", err)
	}
	return nil
}

func (s *server) get(ctx context.Context, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://hotdesk"+path, http.NoBody)
	if err != nil {
		return nil, err
	}
	res, err := s.socket.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask the server: %w", err)
	}
	defer func() { _ = res.Body.Close() }() // it is read whole
	text, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("ask the server for %s: %s", path, res.Status)
	}
	return text, err
}
