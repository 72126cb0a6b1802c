// Package rawphone is the least there can be of a SIP phone: it sends whatever
// bytes a test makes up, from any loopback address, and shows what comes back
// as it came. It shares no code with the server's own SIP, so that the two
// cannot be wrong in the same way.
package rawphone

import (
	"bufio"
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/icholy/digest"
)

// patience is how long a phone waits for what must come.
const patience = time.Minute

// Account is what a phone registers with.
type Account struct {
	User, Password string
	Server         string // host:port
	Domain         string // "": acme.test
}

// Phone is one socket at the server. Its methods are for one goroutine.
type Phone struct {
	Account

	// Thinks is the address that the phone's descriptions tell, where that is
	// not its own: the phone is behind NAT and does not know.
	Thinks string

	transport string // "UDP" or "TCP"
	conn      net.Conn
	inbox     chan Message
	cseq      atomic.Int64
	challenge string
	count     int
	unasked   string    // Call-ID of the last NOTIFY without a subscription
	early     []Message // NOTIFYs that overtook the answer to a request
}

// Listen opens a UDP phone at a loopback address of its own.
func Listen(t *testing.T, local string, account Account) *Phone {
	t.Helper()
	return open(t, "udp", local, account)
}

// Dial opens a TCP phone at a loopback address of its own.
func Dial(t *testing.T, local string, account Account) *Phone {
	t.Helper()
	return open(t, "tcp", local, account)
}

func open(t *testing.T, network, local string, account Account) *Phone {
	t.Helper()
	ip := net.ParseIP(local)
	dialer := net.Dialer{LocalAddr: &net.UDPAddr{IP: ip}}
	if network == "tcp" {
		dialer.LocalAddr = &net.TCPAddr{IP: ip}
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, err := dialer.DialContext(ctx, network, account.Server)
	if err != nil {
		t.Fatal(err)
	}
	p := &Phone{Account: account, transport: strings.ToUpper(network), conn: conn, inbox: make(chan Message, 4096)}
	t.Cleanup(p.Close)
	go p.read()
	return p
}

// Close closes the phone's socket without a word to the server.
func (p *Phone) Close() { _ = p.conn.Close() }

// Addr is the phone's own address, host:port.
func (p *Phone) Addr() string { return p.conn.LocalAddr().String() }

// Send sends bytes as they are.
func (p *Phone) Send(t *testing.T, message string) {
	t.Helper()
	if _, err := p.conn.Write([]byte(message)); err != nil {
		t.Fatal(err)
	}
}

// Closed waits until the server has closed the connection.
func (p *Phone) Closed(t *testing.T) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for {
		select {
		case _, open := <-p.inbox:
			if !open {
				return
			}
		case <-deadline.C:
			t.Fatal("the server keeps the connection open")
		}
	}
}

// read fills the inbox until the socket is closed; what nobody takes out is lost.
func (p *Phone) read() {
	defer close(p.inbox)
	take := p.datagram
	if p.transport == "TCP" {
		stream := bufio.NewReader(p.conn)
		take = func() (Message, error) { return cut(stream) }
	}
	for {
		m, err := take()
		if err != nil {
			return
		}
		select {
		case p.inbox <- m:
		default:
		}
	}
}

func (p *Phone) datagram() (Message, error) {
	buf := make([]byte, 65536)
	for {
		n, err := p.conn.Read(buf)
		if err == nil || n > 0 || isClosed(err) {
			return Message(buf[:n]), err
		}
	}
}

// isClosed tells the end of the socket from an ICMP answer to something sent.
func isClosed(err error) bool {
	return strings.Contains(err.Error(), "use of closed")
}

// cut reads one message of a stream.
func cut(stream *bufio.Reader) (Message, error) {
	var head strings.Builder
	for {
		line, err := stream.ReadString('\n')
		if err != nil {
			return "", err
		}
		if line == "\r\n" && head.Len() == 0 { // a keep-alive's answer
			continue
		}
		head.WriteString(line)
		if line == "\r\n" {
			break
		}
	}
	n, _ := strconv.Atoi(Message(head.String()).Header("Content-Length")) // 0 without one
	body := make([]byte, max(n, 0))
	_, err := io.ReadFull(stream, body)
	return Message(head.String() + string(body)), err
}

// Await waits for the first message that fits, and forgets those before it.
func (p *Phone) Await(t *testing.T, what string, fits func(Message) bool) Message {
	t.Helper()
	m, ok := p.Within(patience, fits)
	if !ok {
		t.Fatalf("%s got no %s", p.User, what)
	}
	return m
}

// Within waits for the first message that fits, for a time; false without one.
func (p *Phone) Within(limit time.Duration, fits func(Message) bool) (Message, bool) {
	for len(p.early) > 0 {
		m := p.early[0]
		p.early = p.early[1:]
		if fits(m) {
			return m, true
		}
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		select {
		case m, open := <-p.inbox:
			if !open {
				return "", false
			}
			if fits(m) {
				return m, true
			}
		case <-timer.C:
			return "", false
		}
	}
}

// Request is one request of a phone. Only Method is required.
type Request struct {
	Method  string
	Target  string   // Request-URI; "": the domain
	To      string   // its value with a tag, if any; "": <Target>
	CallID  string   // "": a new one
	CSeq    int      // 0: the phone's next
	Headers []string // "Name: value"
	Body    string   // SDP, unless a Content-Type is among Headers
}

// ID is a new Call-ID, tag or branch.
func ID() string { return rand.Text() }

// Render fills in what each request must have.
func (p *Phone) Render(r Request) string {
	if r.Target == "" {
		r.Target = "sip:acme.test"
	}
	if r.To == "" {
		r.To = "<" + r.Target + ">"
	}
	if r.CallID == "" {
		r.CallID = ID()
	}
	if r.CSeq == 0 {
		r.CSeq = p.Next()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s SIP/2.0\r\n", r.Method, r.Target)
	fmt.Fprintf(&b, "Via: SIP/2.0/%s %s;rport;branch=z9hG4bK%s\r\n", p.transport, p.Addr(), ID())
	fmt.Fprintf(&b, "From: <sip:%s@%s>;tag=%s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %d %s\r\n", p.User, cmp.Or(p.Domain, "acme.test"), "f"+p.User, r.To, r.CallID, r.CSeq, r.Method)
	fmt.Fprintf(&b, "Max-Forwards: 70\r\nContact: %s\r\n", p.Contact())
	for _, h := range r.Headers {
		b.WriteString(h + "\r\n")
	}
	if r.Body != "" && !strings.Contains(b.String(), "Content-Type:") {
		b.WriteString("Content-Type: application/sdp\r\n")
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(r.Body), r.Body)
	return b.String()
}

// Contact is the phone's own, in brackets.
func (p *Phone) Contact() string {
	return fmt.Sprintf("<sip:%s@%s;transport=%s>", p.User, p.Addr(), strings.ToLower(p.transport))
}

// Next is the next CSeq number.
func (p *Phone) Next() int { return int(p.cseq.Add(1)) }

// Try sends a request, again while nothing comes back, and returns its final
// response, whatever it is; false when none came. NOTIFYs that overtake it stay
// for whoever waits next.
func (p *Phone) Try(t *testing.T, r Request) (Message, bool) {
	t.Helper()
	if r.CSeq == 0 {
		r.CSeq = p.Next()
	}
	if r.CallID == "" {
		r.CallID = ID()
	}
	message := p.Render(r)
	var early []Message
	defer func() { p.early = early }()
	final := func(m Message) bool {
		if m.isNotify() {
			early = append(early, m)
		}
		return r.answeredBy(m)
	}
	for wait := 500 * time.Millisecond; wait <= 32*time.Second; wait *= 2 {
		p.Send(t, message)
		if m, ok := p.Within(wait, final); ok {
			if r.Method == "INVITE" && m.Code() >= 300 {
				p.Send(t, RefusedACK(message, m))
			}
			return m, true
		}
		if p.transport == "TCP" {
			return p.Within(patience, final)
		}
	}
	return "", false
}

// answeredBy tells whether a message is the final response to the request.
func (r Request) answeredBy(m Message) bool {
	return m.Code() >= 200 && m.Header("Call-ID") == r.CallID && m.Header("CSeq") == fmt.Sprintf("%d %s", r.CSeq, r.Method)
}

// RefusedACK is the ACK to a refused INVITE, with the Via of that.
func RefusedACK(invite string, refusal Message) string {
	m := Message(invite)
	line, _, _ := strings.Cut(invite, "\r\n")
	number, _, _ := strings.Cut(m.Header("CSeq"), " ")
	return fmt.Sprintf("%s\r\nVia: %s\r\nFrom: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %s ACK\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
		strings.Replace(line, "INVITE", "ACK", 1), m.Header("Via"), m.Header("From"), refusal.Header("To"), m.Header("Call-ID"), number)
}

// Do is [Phone.Try] with the phone's password, where the server asks for it.
func (p *Phone) Do(t *testing.T, r Request) Message {
	t.Helper()
	if r.CallID == "" {
		r.CallID = ID()
	}
	given := r.Headers
	for range 3 {
		r.Headers = given
		if p.challenge != "" {
			r.Headers = append([]string{"Authorization: " + p.Authorize(t, r)}, given...)
		}
		m, ok := p.Try(t, r)
		if !ok {
			t.Fatalf("%s of %s got no answer", r.Method, p.User)
		}
		if m.Code() != 401 {
			return m
		}
		p.Challenged(m)
		r.CSeq = 0
	}
	t.Fatalf("the password of %s is refused", p.User)
	return ""
}

// Challenged takes the challenge that the next requests are to answer.
func (p *Phone) Challenged(refusal Message) {
	p.challenge, p.count = refusal.Header("WWW-Authenticate"), 0
}

// Authorize answers the last challenge for a request.
func (p *Phone) Authorize(t *testing.T, r Request) string {
	t.Helper()
	challenge, err := digest.ParseChallenge(p.challenge)
	if err != nil {
		t.Fatal(err)
	}
	if r.Target == "" {
		r.Target = "sip:acme.test"
	}
	p.count++
	credentials, err := digest.Digest(challenge, digest.Options{
		Method: r.Method, URI: r.Target, Username: p.User, Password: p.Password, Count: p.count,
	})
	if err != nil {
		t.Fatal(err)
	}
	return credentials.String()
}

// Register registers the phone for an hour.
func (p *Phone) Register(t *testing.T) {
	t.Helper()
	m := p.Do(t, Request{Method: "REGISTER", To: fmt.Sprintf("<sip:%s@acme.test>", p.User), Headers: []string{"Expires: 3600"}})
	if m.Code() != 200 {
		t.Fatalf("%s cannot register:\n%s", p.User, m)
	}
}

// Transport is "UDP" or "TCP".
func (p *Phone) Transport() string { return p.transport }

// Flood sends bytes and does not care whether they get away.
func (p *Phone) Flood(message string) { _, _ = p.conn.Write([]byte(message)) }
