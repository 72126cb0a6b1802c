package softphone

import (
	"fmt"
	"strings"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
)

// Kind says what happened.
type Kind string

// The kinds of events.
const (
	Registered     Kind = "registered"      // Text: for how long
	RegisterFailed Kind = "register_failed" // Code, where the server answered; Text
	Unregistered   Kind = "unregistered"
	Incoming       Kind = "incoming" // somebody calls; see Call.Party
	Progress       Kind = "progress" // a call we make: Code 180 rings, 183 has early media; Text
	Answered       Kind = "answered"
	Identified     Kind = "identified" // the other side told who it is; see Call.Party
	HeldByPeer     Kind = "held"
	ResumedByPeer  Kind = "resumed"
	DigitHeard     Kind = "digit"  // Text
	CallEnded      Kind = "ended"  // Code, Text; see Call.End
	Notified       Kind = "notify" // NOTIFY outside of a call, as for the lamp; Text: its body
)

// Event is something that happened to a phone.
type Event struct {
	Kind Kind
	Call *Call // nil where it concerns no call
	Code int   // SIP status, where there is one
	Text string
}

// Party is the other side, as it presents itself.
type Party struct {
	User, Host, Display string // From of a call to us; what we dialled otherwise
	Asserted            string // user of P-Asserted-Identity (RFC 3325), "" when there is none
	AssertedDisplay     string
}

// End tells how a call ended.
type End struct {
	Code   int       // status that refused the call, 487 when it was given up; 0 after a conversation
	Reason string    // its phrase, or what ended the conversation
	By     dialog.By // who hung up, after a conversation
	Cause  string    // the Reason header (RFC 3326) of CANCEL or BYE
}

// Elsewhere tells whether a call to us stopped ringing because another phone answered it.
func (e End) Elsewhere() bool {
	cause, _ := sip.Param(e.Cause, "cause")
	return strings.HasPrefix(e.Cause, "SIP") && cause == "200"
}

// EndError is the error of waiting for something that a call did not live to see.
type EndError struct{ End End }

// Error says how the call ended.
func (e *EndError) Error() string {
	if e.End.Code == 0 {
		return "the call has ended"
	}
	return fmt.Sprintf("the call has ended: %d %s", e.End.Code, e.End.Reason)
}

// RefusedError is the server's refusal of a registration.
type RefusedError struct {
	Code   int
	Reason string
}

// Error gives the status line.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("registration refused: %d %s", e.Code, e.Reason)
}

// identify takes who the other side is from a message: From of an INVITE to us, P-Asserted-Identity of any.
func (p *Party) identify(m sip.Message) {
	for _, value := range sip.Values(m, "P-Asserted-Identity") {
		if a, err := sip.ParseAddress(value); err == nil {
			p.Asserted, p.AssertedDisplay = sip.URIUser(a.URI), a.Display
			return
		}
	}
}

func caller(invite *sip.Request) Party {
	var p Party
	if a, err := sip.ParseAddress(sip.Value(invite, "From")); err == nil {
		p.User, p.Host, p.Display = sip.URIUser(a.URI), a.URI.Host, a.Display
	}
	p.identify(invite)
	return p
}
