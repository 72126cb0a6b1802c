package sipserver_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/events"
	"github.com/hotdesk-pbx/hotdesk/internal/location"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/digest"
	"github.com/hotdesk-pbx/hotdesk/internal/sipserver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secret = "sip-secret-of-20-chars"

// patience is how long a test waits for what must happen.
const patience = time.Minute

// offices is a directory that is only read.
type offices []directory.Office

func (o offices) Offices(context.Context) ([]directory.Office, error) { return o, nil }
func (o offices) Office(context.Context, string) (directory.Office, error) {
	return directory.Office{}, directory.ErrNotFound
}
func (o offices) Save(context.Context, directory.Change) error { return errors.New("only read") }

// disk is a store of bindings that can break.
type disk struct {
	mu       sync.Mutex
	bindings map[string]location.Binding
	broken   atomic.Bool
}

func (d *disk) Bindings(context.Context) ([]location.Binding, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var all []location.Binding
	for _, b := range d.bindings {
		all = append(all, b)
	}
	return all, nil
}

func (d *disk) Save(_ context.Context, c location.Change) error {
	if d.broken.Load() {
		return errors.New("the disk is full")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, b := range c.Put {
		d.bindings[b.ID] = b
	}
	for _, id := range c.Drop {
		delete(d.bindings, id)
	}
	return nil
}

func (d *disk) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.bindings)
}

// call is what the switchboard was given.
type call struct{ device, domain, from string }

// board answers every call with 486 and takes note. It is the dialogs and the
// lamps too.
type board struct {
	calls chan call
	acks  chan string
}

func (b *board) Incoming(tx *sip.ServerTx, device directory.Device, domain directory.Domain) {
	b.calls <- call{device.Name, domain.Name, tx.Request().From().URI.User}
	_ = tx.Reply(486, "Busy Here")
}

func (b *board) Subscribe(tx *sip.ServerTx, device directory.Device, domain directory.Domain) {
	b.calls <- call{device.Name, domain.Name, tx.Request().From().URI.User}
	_ = tx.Reply(489, "Bad Event")
}

func (b *board) Packages() []string { return []string{"dialog", "message-summary"} }

func (*board) FromTrunk(*sip.ServerTx) bool { return false }

func (b *board) ServeSIP(tx *sip.ServerTx) bool {
	if sip.Tag(tx.Request().To().Params) == "" {
		return false
	}
	_ = tx.Reply(481, "Call/Transaction Does Not Exist")
	return true
}
func (b *board) ServeACK(req *sip.Request, _ sip.Flow) { b.acks <- req.CallID() }
func (b *board) FlowClosed(sip.Flow)                   {}

// rig is a server on real sockets.
type rig struct {
	engine    *sip.Engine
	server    *sipserver.Server
	locations *location.Service
	directory *directory.Service
	disk      *disk
	board     *board
	clock     atomic.Int64 // Unix milliseconds
	domains   []string
}

func (r *rig) now() time.Time          { return time.UnixMilli(r.clock.Load()) }
func (r *rig) advance(d time.Duration) { r.clock.Add(d.Milliseconds()) }

func office(name string) directory.Office {
	o := directory.Office{Domain: directory.Defaults(name)}
	o.Domain.ID = "id-of-" + name
	for _, device := range []string{"5401", "5402", "off"} {
		d := directory.Device{ID: device + "@" + name, DomainID: o.Domain.ID, Name: device, Disabled: device == "off"}
		if err := directory.SetDevicePassword(&d, name, secret); err != nil {
			return directory.Office{}
		}
		o.Devices = append(o.Devices, d)
	}
	return o
}

// start runs a server of some domains; change may change how it is set up.
func start(tb testing.TB, change func(*sipserver.Config), domains ...string) *rig {
	tb.Helper()
	r := &rig{
		disk: &disk{bindings: make(map[string]location.Binding)}, domains: domains,
		board: &board{calls: make(chan call, 100), acks: make(chan string, 100)},
	}
	r.clock.Store(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC).UnixMilli())
	var all offices
	for _, name := range domains {
		all = append(all, office(name))
	}
	bus := &events.Bus{}
	var err error
	if r.directory, err = directory.Open(tb.Context(), all, bus, r.now); err != nil {
		tb.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	if r.locations, err = location.New(tb.Context(), location.Config{Store: r.disk, Events: bus, Now: r.now, Log: log}); err != nil {
		tb.Fatal(err)
	}
	r.engine, err = sip.Listen(sip.Config{
		Listen: "127.0.0.1:0", Log: log, Timers: sip.Timers{T1: 10 * time.Millisecond}, Limits: sip.Limits{Rate: -1},
		Supported: []string{"path", "outbound"},
	})
	if err != nil {
		tb.Fatal(err)
	}
	cfg := sipserver.Config{
		Engine: r.engine, Dialogs: r.board, Switchboard: r.board, Trunks: r.board, Lamps: r.board, Directory: r.directory, Locations: r.locations,
		Digest: digest.New(digest.Config{Now: r.now}), Now: r.now, Log: log,
	}
	if change != nil {
		change(&cfg)
	}
	r.server = sipserver.New(cfg)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = r.engine.Serve(ctx, r.server) })
	running.Go(func() { _ = r.server.Run(ctx) })
	tb.Cleanup(func() {
		cancel()
		running.Wait()
	})
	return r
}

// phone is a hand-made SIP phone: what it sends is text.
type phone struct {
	t       testing.TB
	rig     *rig
	conn    net.Conn
	read    *bufio.Reader
	user    string // as digest and address name
	domain  string // host of the address, and its realm
	callID  string
	branch  string // of the last request
	cseq    int
	pass    string
	contact string
}

var serial atomic.Int64

// phone makes a phone on a socket of its own.
func (r *rig) phone(tb testing.TB, network, user string) *phone {
	tb.Helper()
	return r.phoneAt(tb, network, user, "127.0.0.1")
}

func (r *rig) phoneAt(tb testing.TB, network, user, source string) *phone {
	tb.Helper()
	dialer := net.Dialer{LocalAddr: &net.UDPAddr{IP: net.ParseIP(source)}}
	if network == "tcp" {
		dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(source)}
	}
	conn, err := dialer.DialContext(tb.Context(), network, r.engine.Addr().String())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = conn.Close() })
	return &phone{
		t: tb, rig: r, conn: conn, read: bufio.NewReaderSize(conn, 65536), user: user, domain: r.domains[0], pass: secret,
		callID: fmt.Sprintf("call-%d", serial.Add(1)), contact: "<sip:" + strings.ReplaceAll(user, "@", "%40") + "@" + conn.LocalAddr().String() + ">",
	}
}

// message is what came over a socket.
type message struct {
	first   string
	code    int
	headers map[string][]string
}

func (m message) value(name string) string {
	if v := m.headers[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// send writes a request; each extra is a header line, or takes the place of a
// header of its name.
func (p *phone) send(method, uri string, extra ...string) {
	p.t.Helper()
	p.cseq++
	p.branch = fmt.Sprintf("branch=z9hG4bK%d;", serial.Add(1))
	transport := strings.ToUpper(p.conn.LocalAddr().Network())
	aor := "<sip:" + strings.ReplaceAll(p.user, "@", "%40") + "@" + p.domain + ">"
	lines := []string{
		fmt.Sprintf("Via: SIP/2.0/%s %s;%srport", transport, p.conn.LocalAddr(), p.branch),
		"From: " + aor + ";tag=1", "To: " + aor, "Call-ID: " + p.callID, fmt.Sprintf("CSeq: %d %s", p.cseq, method),
		"Max-Forwards: 70", "Content-Length: 0",
	}
	own := len(lines)
	for _, line := range extra {
		name, _, _ := strings.Cut(line, ":")
		replaced := false
		for i, have := range lines[:own] {
			if strings.HasPrefix(have, name+":") && name != "Via" {
				lines[i], replaced = line, true
			}
		}
		if !replaced {
			lines = append(lines, line)
		}
	}
	text := method + " " + uri + " SIP/2.0\r\n" + strings.Join(lines, "\r\n") + "\r\n\r\n"
	if _, err := io.WriteString(p.conn, text); err != nil {
		p.t.Fatal(err)
	}
}

// receive reads one message, or fails after a while.
func (p *phone) receive() (message, error) {
	if err := p.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return message{}, err
	}
	var m message
	m.headers = make(map[string][]string)
	for {
		line, err := p.read.ReadString('\n')
		if err != nil {
			return message{}, err
		}
		line = strings.TrimRight(line, "\r\n")
		switch {
		case m.first == "":
			m.first = line
		case line == "":
			if fields := strings.Fields(m.first); strings.HasPrefix(m.first, "SIP/2.0 ") {
				m.code, err = strconv.Atoi(fields[1])
			}
			return m, err
		default:
			name, value, _ := strings.Cut(line, ":")
			m.headers[name] = append(m.headers[name], strings.TrimSpace(value))
		}
	}
}

// response reads the final response to the last request, and passes over those
// that are repeated of a refused INVITE, which has no ACK.
func (p *phone) response() message {
	p.t.Helper()
	for {
		m, err := p.receive()
		if err != nil {
			p.t.Fatalf("no response: %v", err)
		}
		if m.code >= 200 && strings.Contains(m.value("Via"), p.branch) {
			return m
		}
	}
}

// ask sends a request and reads its final response.
func (p *phone) ask(method, uri string, extra ...string) message {
	p.t.Helper()
	p.send(method, uri, extra...)
	return p.response()
}

// authorization answers the challenges of a response.
func (p *phone) authorization(challenged message, method, uri string) string {
	p.t.Helper()
	value, err := digest.Answer(challenged.headers["WWW-Authenticate"], digest.Claim{
		Method: method, URI: uri, Username: p.user, Password: p.pass,
	})
	if err != nil {
		p.t.Fatalf("response %q: %v", challenged.first, err)
	}
	return "Authorization: " + value
}

// proven sends a request, answers the challenge, and reads what comes then.
func (p *phone) proven(method, uri string, extra ...string) message {
	p.t.Helper()
	first := p.ask(method, uri, extra...)
	if first.code != 401 {
		return first
	}
	return p.ask(method, uri, append(extra, p.authorization(first, method, uri))...)
}

// register registers with the headers given, the phone's own contact if none.
func (p *phone) register(extra ...string) message {
	p.t.Helper()
	if len(extra) == 0 {
		extra = []string{"Contact: " + p.contact}
	}
	return p.proven("REGISTER", "sip:"+p.domain, extra...)
}

func (p *phone) source() netip.AddrPort { return netip.MustParseAddrPort(p.conn.LocalAddr().String()) }

func (p *phone) wantCode(m message, code int) {
	p.t.Helper()
	if m.code != code {
		p.t.Errorf("got %q, want %d", m.first, code)
	}
}
