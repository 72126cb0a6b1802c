package portal

import (
	"bytes"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net"
	"strconv"

	"github.com/hotdesk-pbx/hotdesk/internal/credential"
)

// seedField holds, in a form that generates secrets, what they are made from:
// a form that is sent twice generates the same ones, and none is lost.
const seedField = "seed"

const seedLength = 32

func newSeed() string {
	seed := make([]byte, seedLength)
	_, _ = rand.Read(seed) // which never fails
	return hex.EncodeToString(seed)
}

// seed makes secrets.
type seed []byte

func (f *form) seed() (seed, error) {
	s, err := hex.DecodeString(f.Values.Get(seedField))
	if err != nil || len(s) != seedLength {
		return nil, &badRequestError{err: errNoSeed}
	}
	return s, nil
}

// bytes are random ones for one secret: RFC 5869, with what it is for.
func (s seed) bytes(purpose string) (io.Reader, error) {
	const enough = 1024 // a secret takes a few dozen
	key, err := hkdf.Key(sha256.New, s, nil, purpose, enough)
	return bytes.NewReader(key), err
}

func (s seed) password(purpose string) (string, error) {
	random, err := s.bytes(purpose)
	if err != nil {
		return "", err
	}
	return credential.DevicePassword(random)
}

func (s seed) pin(extension string) (string, error) {
	random, err := s.bytes("PIN of " + extension)
	if err != nil {
		return "", err
	}
	return credential.NewPIN(random, extension)
}

// line is what is typed into a phone for a device.
type line struct {
	Device, Password string
	Domain           string
	Server           string // a host or an address
	Port             string
}

// line is what a device is told. A server that listens everywhere is reached
// where the browser has reached it.
func (v *visit) line(device, password string) line {
	addr := v.cfg.SIP()
	l := line{Device: device, Password: password, Domain: v.domain.Name, Server: addr.Addr().Unmap().String(), Port: strconv.Itoa(int(addr.Port()))}
	if addr.Addr().IsUnspecified() {
		l.Server = v.r.Host
		if host, _, err := net.SplitHostPort(v.r.Host); err == nil {
			l.Server = host
		}
	}
	return l
}
