package dialog

import (
	"context"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
)

// The signatures of the package, published before they are filled in.

// Layer finds the dialog each request belongs to. Its methods ServeSIP, ServeACK
// and FlowClosed are called by the handler of the engine.
type Layer struct{}

// New makes the layer of an engine.
func New(_ *sip.Engine, _ Config) *Layer { return &Layer{} }

// ServeSIP takes a request that belongs to a dialog, or answers one that belongs
// to none any more; it reports false for requests outside of dialogs.
func (l *Layer) ServeSIP(_ *sip.ServerTx) bool { return false }

// ServeACK takes the ACK to a 2xx.
func (l *Layer) ServeACK(_ *sip.Request, _ sip.Flow) {}

// FlowClosed takes note that a stream connection is gone.
func (l *Layer) FlowClosed(_ sip.Flow) {}

// Incoming takes an INVITE as the called side.
func (l *Layer) Incoming(_ *sip.ServerTx, _ LocalParty, _ func(Event)) (*Leg, error) {
	return nil, ErrGone
}

// Invite sends an INVITE.
func (l *Layer) Invite(_ Invite, _ func(Event)) (*Leg, error) { return nil, ErrGone }

// Find returns the leg of a dialog, or nil; an empty RemoteTag matches any.
func (l *Layer) Find(_ ID) *Leg { return nil }

// Len is how many legs there are.
func (l *Layer) Len() int { return 0 }

// Leg is one INVITE dialog of ours, in either role.
type Leg struct{}

// Progress sends a provisional response (called side).
func (g *Leg) Progress(_ int, _ string, _ []byte, _ ...sip.Header) error { return ErrGone }

// Accept sends the 200 (called side).
func (g *Leg) Accept(_ []byte, _ ...sip.Header) error { return ErrGone }

// Reject sends a final response above 299 (called side); the leg ends.
func (g *Leg) Reject(_ int, _ string, _ ...sip.Header) error { return ErrGone }

// Cancel gives a call up that nobody has answered (calling side).
func (g *Leg) Cancel(_ ...sip.Header) {}

// Ack sends the ACK with the answer to the offer of a 200 (calling side).
func (g *Leg) Ack(_ []byte) error { return ErrGone }

// Bye ends the leg in whatever state it is; idempotent.
func (g *Leg) Bye(_ ...sip.Header) {}

// Reoffer sends a re-INVITE and waits for its final response; sdp nil asks for
// an offer, and answerOffer makes the answer for the ACK.
func (g *Leg) Reoffer(_ context.Context, _ []byte, _ func(offer []byte) []byte, _ ...sip.Header) (*sip.Response, error) {
	return nil, ErrGone
}

// Do sends a request in the dialog and waits for its final response.
func (g *Leg) Do(_ context.Context, _, _ string, _ []byte, _ ...sip.Header) (*sip.Response, error) {
	return nil, ErrGone
}

// ID names the dialog.
func (g *Leg) ID() ID { return ID{} }

// CallID is the Call-ID.
func (g *Leg) CallID() string { return "" }

// Local is our address (From or To) with our tag.
func (g *Leg) Local() sip.Address { return sip.Address{} }

// Remote is the peer's address (To or From) with its tag.
func (g *Leg) Remote() sip.Address { return sip.Address{} }

// Target is the URI the peer wants requests in the dialog sent to (its Contact).
func (g *Leg) Target() sip.URI { return sip.URI{} }

// Flow is the way to the peer.
func (g *Leg) Flow() sip.Flow { return sip.Flow{} }

// Move gives the leg another way to its peer, as when a phone has registered anew.
func (g *Leg) Move(_ sip.Flow) {}

// Invitation is the INVITE that made the leg.
func (g *Leg) Invitation() *sip.Request { return nil }

// LocalSDP is the description we gave last and that stands, or nil.
func (g *Leg) LocalSDP() []byte { return nil }

// RemoteSDP is the description the peer gave last and that stands, or nil.
func (g *Leg) RemoteSDP() []byte { return nil }

// Answered tells whether the leg was answered and has not ended.
func (g *Leg) Answered() bool { return false }

// Allows tells whether the peer has said that it takes a method.
func (g *Leg) Allows(_ string) bool { return false }

// Answer accepts the offer with 200; for an offerless re-INVITE sdp is our offer.
func (r Reoffered) Answer(_ []byte, _ ...sip.Header) error { return ErrGone }

// Reject refuses the offer, as with 488; the session stays as it was.
func (r Reoffered) Reject(_ int, _ string, _ ...sip.Header) error { return ErrGone }
