// Package mailtest gives tests a mail server on a real socket, as well or badly
// behaved as they want. It knows nothing of what is sent.
package mailtest

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

// Manner is how a mail server treats one connection.
type Manner struct {
	Mail, RCPT, Data, Done string // its answers; "" for the usual
	Hangs                  bool   // it greets nobody
	ClosesInData           bool
	ClosesWhenDone         bool // it takes the mail and is gone
	OffersTLS, AsksLogin   bool
}

// Mail is a mail as a server took it.
type Mail struct {
	From, To, Text string // the text is the whole mail, header and body
	Encrypted      bool
	Login          string // name and password
}

// Server is a mail server on a real socket.
type Server struct {
	Address string
	Mails   chan Mail
	Begun   chan struct{} // one for each connection
	Stop    func()

	tb   testing.TB
	cert tls.Certificate

	mu      sync.Mutex
	manners []Manner // for the connections to come; the last for all others
	open    map[net.Conn]bool
	stopped bool
	serving sync.WaitGroup
}

// Start serves until the test ends; at a given address, or at a free
// one when that is "".
func Start(tb testing.TB, address string, manners ...Manner) *Server {
	tb.Helper()
	if address == "" {
		address = "127.0.0.1:0"
	}
	listener, err := (&net.ListenConfig{}).Listen(tb.Context(), "tcp", address)
	if err != nil {
		tb.Fatal(err)
	}
	s := &Server{
		Address: listener.Addr().String(), Mails: make(chan Mail, 1000), Begun: make(chan struct{}, 1000),
		tb: tb, manners: manners, open: map[net.Conn]bool{},
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
	s.Stop = sync.OnceFunc(func() {
		_ = listener.Close()
		s.mu.Lock()
		s.stopped = true
		for conn := range s.open {
			_ = conn.Close()
		}
		s.mu.Unlock()
		s.serving.Wait()
	})
	tb.Cleanup(s.Stop)
	return s
}

func (s *Server) enter(conn net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		_ = conn.Close()
		return false
	}
	s.open[conn] = true
	return true
}

func (s *Server) leave(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, conn)
	_ = conn.Close()
}

func (s *Server) manner() Manner {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.manners) == 0 {
		return Manner{}
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
	Manner

	server *Server
	in     *bufio.Reader
	got    Mail
}

func (s *Server) serve(conn net.Conn) {
	c := &connection{Conn: conn, Manner: s.manner(), server: s, in: bufio.NewReader(conn)}
	s.Begun <- struct{}{}
	if c.Hangs {
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
		c.Conn, c.in, c.got.Encrypted = secure, bufio.NewReader(secure), true
	case "AUTH":
		_, secret, _ := strings.Cut(rest, " ")
		login, _ := base64.StdEncoding.DecodeString(secret)
		c.got.Login = strings.Trim(strings.ReplaceAll(string(login), "\x00", " "), " ")
		c.say("235 welcome")
	case "MAIL":
		c.got.From = rest
		c.say("250 ok", c.Mail)
	case "RCPT":
		c.got.To = rest
		c.say("250 ok", c.RCPT)
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
	if c.OffersTLS && !c.got.Encrypted {
		offers = append(offers, "250-STARTTLS")
	}
	if c.AsksLogin {
		offers = append(offers, "250-AUTH PLAIN LOGIN")
	}
	c.say(strings.Join(append(offers, "250 8BITMIME"), "\n"))
}

func (c *connection) take() bool {
	c.say("354 go on", c.Data)
	if c.Data != "" {
		return true
	}
	if c.ClosesInData {
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
	c.got.Text = text.String()
	if c.Done == "" {
		c.server.Mails <- c.got
	}
	c.say("250 taken", c.Done)
	return !c.ClosesWhenDone
}

// Certify gives the server a certificate, and returns the authority behind it.
func (s *Server) Certify() *x509.CertPool {
	s.tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		s.tb.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		s.tb.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		s.tb.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cert = tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return pool
}
