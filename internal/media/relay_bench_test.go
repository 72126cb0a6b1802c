package media_test

import (
	"bufio"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/media"
)

const (
	loadEnv   = "HOTDESK_MEDIA_LOAD" // the addresses to send to: this process is the load, not the test
	loadCalls = 200
)

// BenchmarkRelayCalls relays 200 G.711 calls, 50 packets a second each way, that
// another process makes, and counts the packets for each second of processor time.
func BenchmarkRelayCalls(b *testing.B) {
	ports := newPorts(b, media.PortsConfig{})
	var streams []*media.Stream
	var addrs []string
	for range 2 * loadCalls {
		s := open(b, ports)
		streams = append(streams, s)
		addrs = append(addrs, s.Addr().String())
	}
	load := exec.CommandContext(b.Context(), os.Args[0], "-test.run=^TestLoad$")
	load.Env = append(os.Environ(), loadEnv+"="+strings.Join(addrs, ","))
	out, err := load.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := load.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() { _ = load.Process.Kill(); _ = load.Wait() }()
	lines := bufio.NewScanner(out)
	for i, s := range streams { // the load tells the address of each of its phones
		if !lines.Scan() {
			b.Fatal("no load")
		}
		s.Update(media.Remote{Addr: netip.MustParseAddrPort(lines.Text())})
		if i%2 == 1 {
			media.Join(streams[i-1], s)
		}
	}
	relayed := func() (n uint64) {
		for _, s := range streams {
			n += s.Stats().Sent
		}
		return n
	}
	until(b, "the load", func() bool { return relayed() > loadCalls*2 })
	before, cpu, begun := relayed(), cpuTime(b), time.Now()
	for b.Loop() {
		<-time.After(time.Second)
	}
	packets, used := float64(relayed()-before), (cpuTime(b) - cpu).Seconds()
	b.ReportMetric(packets/used, "packets/cpu-s")
	b.ReportMetric(packets/time.Since(begun).Seconds(), "packets/s")
	b.ReportMetric(0, "ns/op")
}

func cpuTime(tb testing.TB) time.Duration {
	tb.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// TestLoad is the other process of BenchmarkRelayCalls.
func TestLoad(t *testing.T) {
	targets := os.Getenv(loadEnv)
	if targets == "" {
		t.Skip("only for the benchmark")
	}
	var phones []*phone
	for target := range strings.SplitSeq(targets, ",") {
		c, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(loopback(), 0)))
		if err != nil {
			t.Fatal(err)
		}
		p := &phone{t: t, rtp: c, to: netip.MustParseAddrPort(target), ssrc: uint32(len(phones))}
		phones = append(phones, p)
		fmt.Fprintln(os.Stdout, p.addr())
	}
	body := make([]byte, 160)
	due := time.Now()
	for { // until it is killed; each phone has its own moment in the 20 ms
		for i, p := range phones {
			p.send(p.packet(body))
			if i%20 == 19 {
				due = due.Add(time.Second / 50 * 20 / time.Duration(len(phones)))
				<-time.After(time.Until(due))
			}
		}
	}
}
