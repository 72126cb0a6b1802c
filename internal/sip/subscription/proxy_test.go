package subscription_test

import (
	"net"
	"testing"
	"time"
)

// proxy takes connections and keeps what comes first.
type proxy struct{ *net.TCPListener }

func listen(t *testing.T) proxy {
	t.Helper()
	listening, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listening.Close() })
	return proxy{listening}
}

// reads takes the next connection and reads a message.
func (p proxy) reads(t *testing.T) string {
	t.Helper()
	if err := p.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	conn, err := p.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 4096)
	n, err := conn.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	return string(buf[:n])
}
