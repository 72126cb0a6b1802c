package dialog

import "github.com/hotdesk-pbx/hotdesk/internal/sip"

// Event is what happened on a leg. A leg's events come to its sink in order, one
// at a time, each on a goroutine of the layer; the last one, exactly once, is
// [Failed], [Canceled] or [Ended].
type Event interface {
	// Of is the leg it happened on.
	Of() *Leg
}

// Progressed says that a call we make got a provisional response above 100.
type Progressed struct {
	Leg      *Leg
	Response *sip.Response
	Fork     string // the To tag: which of the phones behind the target it is; may be empty
	SDP      []byte // early media's description, or nil

	// Answer is set when SDP is an offer that waits for an answer, because the
	// INVITE held none: it sends the PRACK that carries the answer (RFC 3262 5).
	Answer func(sdp []byte) error
}

// Answered says that a call we make was accepted. Where the INVITE held the
// offer, SDP is the answer (nil when it stood in a reliable 18x already) and the
// ACK has been sent; else SDP is the offer and [Leg.Ack] has to be called.
type Answered struct {
	Leg      *Leg
	Response *sip.Response
	SDP      []byte
}

// Failed says that a call we make will not be answered. It is the leg's last event.
type Failed struct {
	Leg      *Leg
	Code     int           // the final response's; 408 for silence, 503 for a transport that failed, 487 after [Leg.Cancel]
	Reason   string        // its phrase
	Response *sip.Response // nil where none came; holds the Contacts of a 3xx
	Err      error         // why, where none came
}

// Canceled says that the caller gave up before we answered; 487 was sent. It is
// the leg's last event.
type Canceled struct {
	Leg    *Leg
	Reason string // the values of the Reason header (RFC 3326) of the CANCEL, or ""
}

// Acked says that the caller has our 200, or that our offer in the 200 to a
// re-INVITE was answered.
type Acked struct {
	Leg *Leg
	SDP []byte // the answer, where our 200 held the offer
}

// Pracked says that the caller has our reliable provisional response.
type Pracked struct {
	Leg *Leg
	SDP []byte // the answer where our response held the offer, or a new offer

	// Answer is set when SDP is an offer: it answers the PRACK with 200 and sdp,
	// or refuses it with another code and none.
	Answer func(code int, sdp []byte) error
}

// Reoffered says that the peer wants to change the session by a re-INVITE or
// UPDATE. Refreshes that change nothing are answered by the layer. One of
// [Reoffered.Answer] and [Reoffered.Reject] must be called.
type Reoffered struct {
	Leg   *Leg
	Tx    *sip.ServerTx
	Offer []byte // nil: the peer asks us for an offer; its answer comes with [Acked]

	exchange *exchange
}

// Updated says that the peer refreshed the dialog without an offer; the layer
// has answered. The request may tell a new identity (RFC 4916).
type Updated struct {
	Leg     *Leg
	Request *sip.Request
}

// Requested says that a request came in the dialog that is the receiver's to
// answer by Tx: INFO, REFER, NOTIFY, MESSAGE, OPTIONS or an unknown one.
type Requested struct {
	Leg *Leg
	Tx  *sip.ServerTx
}

// By tells who ended a leg.
type By string

// The sides that can end a leg.
const (
	ByOwner By = "owner" // whoever holds the leg: Bye or Reject was called
	ByPeer  By = "peer"  // the other side sent BYE, or knows the dialog no longer
	ByLayer By = "layer" // nobody: a timer ran out, the way to the peer is gone
)

// Ended says that the leg is over. It is the leg's last event.
type Ended struct {
	Leg    *Leg
	By     By
	Reason string       // the Reason header of the BYE, or what ran out
	BYE    *sip.Request // the peer's, where it sent one
}

// Of implements [Event].
func (e Progressed) Of() *Leg { return e.Leg }

// Of implements [Event].
func (e Answered) Of() *Leg { return e.Leg }

// Of implements [Event].
func (e Failed) Of() *Leg { return e.Leg }

// Of implements [Event].
func (e Canceled) Of() *Leg { return e.Leg }

// Of implements [Event].
func (e Acked) Of() *Leg { return e.Leg }

// Of implements [Event].
func (e Pracked) Of() *Leg { return e.Leg }

// Of implements [Event].
func (e Reoffered) Of() *Leg { return e.Leg }

// Of implements [Event].
func (e Updated) Of() *Leg { return e.Leg }

// Of implements [Event].
func (e Requested) Of() *Leg { return e.Leg }

// Of implements [Event].
func (e Ended) Of() *Leg { return e.Leg }
