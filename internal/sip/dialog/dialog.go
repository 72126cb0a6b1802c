// Package dialog keeps INVITE dialogs (RFC 3261 12 to 15) in both roles on the
// engine of package sip: forks, races of CANCEL and 200, resent answers, reliable
// provisional responses (RFC 3262), UPDATE (RFC 3311), session timers (RFC 4028),
// offers wherever they may stand (RFC 3264, 6337). It carries session
// descriptions as bytes and knows nothing of media, users, phones or calls; who
// may call whom, how long to let it ring and which legs belong together is its
// callers' matter.
package dialog

import (
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
)

// Errors of this package.
var (
	// ErrGone is returned by what can no longer be done: the leg has ended, was
	// cancelled, or the request was answered already.
	ErrGone = errors.New("dialog: too late, this is over")
	// ErrEarly is returned by what needs a dialog where there is none yet.
	ErrEarly = errors.New("dialog: there is no dialog with the peer yet")
	// ErrRole is returned where a caller's act is asked of a called leg, or the
	// other way round.
	ErrRole = errors.New("dialog: not in this role")
	// ErrBusy is returned when an offer of either side is still to be answered.
	ErrBusy = errors.New("dialog: another offer is not answered yet")
	// ErrNoFlow is returned by [Layer.Invite] when no way to the target was given.
	ErrNoFlow = errors.New("dialog: no way to send the request")
	// ErrRefused is returned by [Layer.Incoming] for an INVITE that it has
	// answered itself: a merged one, an extension we do not know, an interval that
	// is too short.
	ErrRefused = errors.New("dialog: the request was refused")
)

// Config is what a [Layer] needs to know. The zero value of each field stands
// for its default.
type Config struct {
	Log *slog.Logger // default: none

	// SessionExpires is the interval after which a session that nobody refreshed
	// ends (RFC 4028): 30 minutes by default, none when negative.
	SessionExpires time.Duration
	// MinSE is the shortest such interval we put up with: 90 s by default.
	MinSE time.Duration

	// Supported are the option tags the layer's user supports beside 100rel and
	// timer, such as replaces.
	Supported []string

	// Allow are the methods we say we take.
	// Default: all that RFC 3261 and its common extensions have in dialogs.
	Allow []string

	// Jitter picks a duration in [0, limit), for the waits after a 491. Default:
	// evenly spread.
	Jitter func(limit time.Duration) time.Duration
}

func (c Config) withDefaults() Config {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.SessionExpires == 0 {
		c.SessionExpires = 30 * time.Minute
	}
	if c.MinSE == 0 {
		c.MinSE = 90 * time.Second
	}
	if c.Allow == nil {
		c.Allow = []string{"INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "PRACK", "UPDATE", "INFO", "REFER", "SUBSCRIBE", "NOTIFY", "MESSAGE"}
	}
	if c.Jitter == nil {
		c.Jitter = rand.N[time.Duration]
	}
	return c
}

// Credentials answer the challenges (401, 407) of a peer that asks who we are.
type Credentials struct {
	Username, Password string

	// Insist answers a second challenge, too, that does not say that the nonce
	// was stale: some carriers have several proxies that each know only their
	// own nonces.
	Insist bool
}

// Invite describes a call to make.
type Invite struct {
	Target sip.URI    // the Request-URI
	Flows  []sip.Flow // where to send it: the next is tried on silence, a transport's error, 503 and 430

	From        sip.Address // who calls, without a tag
	To          sip.Address // who is called, without a tag; its zero value stands for Target
	CallID      string      // one is made when empty
	ContactUser string      // the user part of our Contact
	Routes      []string    // the Path of the binding or an outbound proxy, nearest first, as name-addr
	MaxForwards int         // 70 when 0

	SDP     []byte       // the offer; nil asks the peer for one
	Parts   []Part       // of the body beside SDP (RFC 5621), which then is multipart
	Headers []sip.Header // whatever else the INVITE shall carry

	// Patience is how long a flow may keep silent, without any response, before
	// the next is tried. 0 stands for 64*T1, which is too long for a caller who
	// could be served elsewhere.
	Patience time.Duration

	// Unreliable keeps to ourselves that we take reliable provisional responses
	// (RFC 3262). It is for an INVITE without an offer whose owner could not
	// answer the one that such a response holds.
	Unreliable bool

	Credentials    *Credentials  // nil: a challenge is a refusal
	SessionExpires time.Duration // instead of that of [Config] unless 0; none when negative
}

// Part is one part of a body.
type Part struct {
	Type    string // the Content-Type
	ID      string // the Content-ID, without brackets, where a header refers to it; or ""
	Content []byte
}

// LocalParty says who we are to the caller of an INVITE taken with [Layer.Incoming].
type LocalParty struct {
	ContactUser    string        // the user part of our Contact
	Headers        []sip.Header  // put into each response to the INVITE but 100
	SessionExpires time.Duration // as in [Invite]
	Credentials    *Credentials  // for challenges to our requests in the dialog
}

// ID names a dialog from our side (RFC 3261 12).
type ID struct {
	CallID, LocalTag, RemoteTag string
}
