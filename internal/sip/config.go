package sip

import (
	"context"
	"log/slog"
	"net/netip"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/sip/resolve"
)

// Config is what an [Engine] needs to know. Only Listen is required.
type Config struct {
	Listen    string       // "127.0.0.1:5060": UDP and TCP on one port; port 0 picks one free on both
	Product   string       // for Server and User-Agent; "" sends neither
	Supported []string     // option tags a Require header may name, others get 420
	Log       *slog.Logger // nil discards
	Limits    Limits
	Timers    Timers
	Resolver  Resolver // finds servers by name (RFC 3263); nil knows IP addresses only
	Now       func() time.Time

	Advertise netip.Addr     // our address as others see it, behind 1:1 NAT; the zero value: it is the socket's
	Near      []netip.Prefix // peers on this side of that NAT, to whom the socket's address is told all the same
}

// Limits bound what peers can make the engine hold. A zero field takes its
// default.
type Limits struct {
	MessageSize  int            // bytes of one message; 65535
	Headers      int            // header lines of one message; 256
	Rate         int            // messages per second from one address (IPv6: one /64); 1000. Negative: no limit
	Burst        int            // messages at once from one address; 4 * Rate
	Sources      int            // addresses remembered for Rate; 65536
	Trusted      []netip.Prefix // sources that Rate does not hold: edges, trunks
	Connections  int            // stream connections that have delivered a message; 20000, and no more than half of the files that may be open: sound and storage need the rest
	PerSource    int            // of those, from one address; 2000, and no more than half of Connections
	Unproven     int            // connections that have delivered none yet: the oldest makes room for the newest; 1000, and no more than a tenth of Connections
	FirstMessage time.Duration  // until a new connection must have delivered a whole message, and for the rest of any begun message; 10 s
	Idle         time.Duration  // until a silent connection is closed; 65 min, above the longest registration
	WriteTimeout time.Duration  // for a peer that does not read; 10 s
	WriteQueue   int            // bytes waiting for one connection; 1 MB
	Mailbox      int            // requests waiting on one Call-ID; 256. Beyond: 503
	Pending      int            // requests waiting in all; 20000. Beyond: 503
	Remembered   int            // bytes of responses kept for retransmitted requests; 64 MB
}

// Timers are those of RFC 3261 section 17 and table 4. A zero field takes its
// default. B, D, F, H, J, L and M are 64*T1; I and K are T4.
type Timers struct {
	T1     time.Duration // round trip estimate; 500 ms
	T2     time.Duration // longest interval of resending; 4 s
	T4     time.Duration // life of a message in the network; 5 s
	Trying time.Duration // until an INVITE without a response gets 100; 200 ms
}

// Resolver looks up the servers of a URI in the order of trial (RFC 3263 4):
// a [resolve.Resolver].
type Resolver interface {
	Lookup(ctx context.Context, q resolve.Query) ([]resolve.Target, error)
}

func (c Config) withDefaults() Config {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	c.Limits = c.Limits.withDefaults()
	c.Timers = c.Timers.withDefaults()
	return c
}

// plentyOfFiles are more than any limit here needs.
const plentyOfFiles = 1 << 20

func (l Limits) withDefaults() Limits {
	orInt(&l.MessageSize, 65535)
	orInt(&l.Headers, 256)
	orInt(&l.Rate, 1000)
	orInt(&l.Burst, 4*l.Rate)
	orInt(&l.Sources, 65536)
	orInt(&l.Connections, min(20000, openFiles()/2))
	orInt(&l.PerSource, min(2000, l.Connections/2))
	orInt(&l.Unproven, min(1000, max(l.Connections/10, 1)))
	orTime(&l.FirstMessage, 10*time.Second)
	orTime(&l.Idle, 65*time.Minute)
	orTime(&l.WriteTimeout, 10*time.Second)
	orInt(&l.WriteQueue, 1<<20)
	orInt(&l.Mailbox, 256)
	orInt(&l.Pending, 20000)
	orInt(&l.Remembered, 64<<20)
	return l
}

func (t Timers) withDefaults() Timers {
	orTime(&t.T1, 500*time.Millisecond)
	orTime(&t.T2, 4*time.Second)
	orTime(&t.T4, 5*time.Second)
	orTime(&t.Trying, 200*time.Millisecond)
	return t
}

func orInt(v *int, otherwise int) {
	if *v == 0 {
		*v = otherwise
	}
}

func orTime(v *time.Duration, otherwise time.Duration) {
	if *v == 0 {
		*v = otherwise
	}
}
