package notify_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// manner is how a mail server treats one connection.
type manner struct {
	mail, rcpt, data, done string // its answers; "" for the usual
	hangs                  bool   // it greets nobody
	closesInData           bool
	closesWhenDone         bool // it takes the mail and is gone
	offersTLS, asksLogin   bool
}

// received is a mail as a server took it.
type received struct {
	from, to, text string
	encrypted      bool
	login          string
}

// mailServer is a mail server on a real socket.
type mailServer struct {
	t       *testing.T
	address string
	cert    tls.Certificate
	mails   chan received
	begun   chan struct{} // one for each connection

	mu      sync.Mutex
	manners []manner // for the connections to come; the last for all others
	open    map[net.Conn]bool
	stopped bool
	serving sync.WaitGroup
	stop    func()
}

// startMailServer serves until the test ends; at a given address, or at a free
// one when that is "".
func startMailServer(t *testing.T, address string, manners ...manner) *mailServer {
	t.Helper()
	if address == "" {
		address = "127.0.0.1:0"
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	s := &mailServer{
		t: t, address: listener.Addr().String(), manners: manners,
		mails: make(chan received, 1000), begun: make(chan struct{}, 1000), open: map[net.Conn]bool{},
	}
	s.serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			if s.enter(conn) {
				s.serving.Go(func() { defer s.leave(conn); s.serve(conn) })
			}
		}
	})
	s.stop = sync.OnceFunc(func() {
		_ = listener.Close()
		s.mu.Lock()
		s.stopped = true
		for conn := range s.open {
			_ = conn.Close()
		}
		s.mu.Unlock()
		s.serving.Wait()
	})
	t.Cleanup(s.stop)
	return s
}

func (s *mailServer) enter(conn net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		_ = conn.Close()
		return false
	}
	s.open[conn] = true
	return true
}

func (s *mailServer) leave(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, conn)
	_ = conn.Close()
}

func (s *mailServer) manner() manner {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.manners) == 0 {
		return manner{}
	}
	m := s.manners[0]
	if len(s.manners) > 1 {
		s.manners = s.manners[1:]
	}
	return m
}

// connection is one client's.
type connection struct {
	net.Conn
	manner
	server *mailServer
	in     *bufio.Reader
	got    received
}

func (s *mailServer) serve(conn net.Conn) {
	c := &connection{Conn: conn, manner: s.manner(), server: s, in: bufio.NewReader(conn)}
	s.begun <- struct{}{}
	if c.hangs {
		_, _ = io.Copy(io.Discard, conn)
		return
	}
	c.say("220 mail.test")
	for {
		line, err := c.in.ReadString('\n')
		if err != nil || !c.command(strings.TrimSpace(line)) {
			return
		}
	}
}

func (c *connection) say(usual string, instead ...string) {
	for _, other := range instead {
		if other != "" {
			usual = other
		}
	}
	_, _ = fmt.Fprint(c.Conn, strings.ReplaceAll(usual, "\n", "\r\n"), "\r\n")
}

// command does what a client says, and reports whether it may say more.
func (c *connection) command(line string) bool {
	verb, rest, _ := strings.Cut(line, " ")
	switch strings.ToUpper(verb) {
	case "EHLO":
		c.greet()
	case "STARTTLS":
		c.say("220 go on")
		secure := tls.Server(c.Conn, &tls.Config{Certificates: []tls.Certificate{c.server.cert}, MinVersion: tls.VersionTLS12})
		c.Conn, c.in, c.got.encrypted = secure, bufio.NewReader(secure), true
	case "AUTH":
		_, secret, _ := strings.Cut(rest, " ")
		login, _ := base64.StdEncoding.DecodeString(secret)
		c.got.login = strings.Trim(strings.ReplaceAll(string(login), "\x00", " "), " ")
		c.say("235 welcome")
	case "MAIL":
		c.got.from = rest
		c.say("250 ok", c.mail)
	case "RCPT":
		c.got.to = rest
		c.say("250 ok", c.rcpt)
	case "DATA":
		return c.take()
	case "QUIT":
		c.say("221 bye")
		return false
	default:
		c.say("250 ok")
	}
	return true
}

func (c *connection) greet() {
	offers := []string{"250-mail.test"}
	if c.offersTLS && !c.got.encrypted {
		offers = append(offers, "250-STARTTLS")
	}
	if c.asksLogin {
		offers = append(offers, "250-AUTH PLAIN LOGIN")
	}
	c.say(strings.Join(append(offers, "250 8BITMIME"), "\n"))
}

func (c *connection) take() bool {
	c.say("354 go on", c.data)
	if c.data != "" {
		return true
	}
	if c.closesInData {
		_, _ = c.in.ReadString('\n')
		return false
	}
	var text strings.Builder
	for {
		line, err := c.in.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		text.WriteString(strings.TrimPrefix(line, "."))
	}
	c.got.text = text.String()
	if c.done == "" {
		c.server.mails <- c.got
	}
	c.say("250 taken", c.done)
	return !c.closesWhenDone
}

// certify gives the server a certificate, and returns the authority behind it.
func (s *mailServer) certify() *x509.CertPool {
	s.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		s.t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		s.t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cert = tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return pool
}
