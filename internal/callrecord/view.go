package callrecord

import (
	"slices"
	"time"
)

// Direction is which way a call went, as a person sees it.
type Direction string

// The directions. Missed are those among the received for which [Entry.Missed].
const (
	Made     Direction = "outbound"
	Received Direction = "inbound"
	Missed   Direction = "missed"
)

// Outcome is how a call went, as a person sees it.
type Outcome string

// The outcomes.
const (
	OutcomeOngoing     Outcome = "ongoing"
	OutcomeAnswered    Outcome = "answered"
	OutcomeElsewhere   Outcome = "answered_elsewhere" // somebody else took a call to the person
	OutcomeVoicemail   Outcome = "voicemail"
	OutcomeBusy        Outcome = "busy"
	OutcomeDeclined    Outcome = "declined"
	OutcomeMissed      Outcome = "missed"      // the person did not answer
	OutcomeNoAnswer    Outcome = "no_answer"   // nobody answered the person
	OutcomeCancelled   Outcome = "cancelled"   // the person gave up
	OutcomeTransferred Outcome = "transferred" // the person passed the call on
	OutcomeService     Outcome = "service"     // a conversation with the system
	OutcomeInterrupted Outcome = "interrupted" // the server stopped during the call
	OutcomeFailed      Outcome = "failed"
)

// Entry is a call as one of its people sees it: a line of their history.
type Entry struct {
	Direction Direction // Made or Received
	Outcome   Outcome
	Own       Party         // the person's end: at which device, in which session
	Other     Party         // the other end
	Talk      time.Duration // how long the person had it on the line
}

// Missed reports whether the person was called and spoke with nobody.
func (e Entry) Missed() bool {
	return e.Direction == Received &&
		(e.Outcome == OutcomeMissed || e.Outcome == OutcomeBusy || e.Outcome == OutcomeVoicemail)
}

// View is a call as a user sees it; false when the user has no part in it. To
// those who called themselves it is a call they made.
func View(r *Record, userID string) (Entry, bool) {
	transfers := r.Transfers()
	came := lastTo(transfers, userID)
	switch {
	case userID == "":
		return Entry{}, false
	case r.Caller.UserID == userID:
		return r.ofCaller(), true
	case came >= 0:
		return r.ofTransfer(transfers, came), true
	case r.Callee.UserID == userID:
		return r.ofCallee(), true
	case r.Diverted.UserID == userID:
		return r.ofDiverted(), true
	default:
		return Entry{}, false
	}
}

// Talk is how long the call was connected. Nobody knows how long one was that
// the server's end interrupted.
func (r *Record) Talk() time.Duration { return r.between(r.AnsweredAt, r.EndedAt) }

func (r *Record) between(from, to time.Time) time.Duration {
	if from.IsZero() || to.IsZero() || r.Result == Interrupted {
		return 0
	}
	return to.Sub(from)
}

func (r *Record) ofCaller() Entry {
	e := Entry{
		Direction: Made, Own: r.Caller, Other: r.Callee, Talk: r.Talk(),
		Outcome: r.outcome(OutcomeNoAnswer, OutcomeCancelled, OutcomeFailed),
	}
	if e.Other.Number == "" {
		e.Other.Number = r.Dialled
	}
	if left := leftBy(r.Transfers(), "caller"); left != nil {
		e.Outcome, e.Talk = OutcomeTransferred, r.between(r.AnsweredAt, left.TransferredAt)
	}
	return e
}

func (r *Record) ofCallee() Entry {
	e := Entry{
		Direction: Received, Own: r.Callee, Other: r.Caller, Talk: r.Talk(),
		Outcome: r.outcome(OutcomeMissed, OutcomeMissed, OutcomeMissed),
	}
	if r.Result == Voicemail {
		e.Talk = 0 // that was the mailbox
	} else if left := leftBy(r.Transfers(), "callee"); left != nil {
		e.Outcome, e.Talk = OutcomeTransferred, r.between(r.AnsweredAt, left.TransferredAt)
	}
	return e
}

// lastTo finds by which transfer a person came last; -1: by none.
func lastTo(transfers []Transfer, userID string) int {
	for n, t := range slices.Backward(transfers) {
		if t.Transferred.UserID == userID {
			return n
		}
	}
	return -1
}

// leftBy is the first of the transfers that was made at an end of the call; nil: none.
func leftBy(transfers []Transfer, end string) *Transfer {
	for n := range transfers {
		if transfers[n].TransferredBy == end {
			return &transfers[n]
		}
	}
	return nil
}

// ofTransfer is the view of who came into the call by its nth transfer. The
// other end is who was there at that time.
func (r *Record) ofTransfer(transfers []Transfer, n int) Entry {
	came := transfers[n]
	e := Entry{
		Direction: Received, Own: came.Transferred, Other: r.Caller, Talk: r.between(came.TransferredAt, r.EndedAt),
		Outcome: r.outcome(OutcomeMissed, OutcomeMissed, OutcomeMissed),
	}
	if came.TransferredBy == "caller" {
		e.Other = r.Callee
	}
	for _, before := range transfers[:n] {
		if before.TransferredBy != came.TransferredBy {
			e.Other = before.Transferred
		}
	}
	if left := leftBy(transfers[n+1:], came.TransferredBy); left != nil {
		e.Outcome, e.Talk = OutcomeTransferred, r.between(came.TransferredAt, left.TransferredAt)
	}
	return e
}

// ofDiverted is the view of who was called first.
func (r *Record) ofDiverted() Entry {
	e := Entry{Direction: Received, Own: r.Diverted, Other: r.Caller}
	switch r.Result {
	case "":
		e.Outcome = OutcomeOngoing
	case Interrupted:
		e.Outcome = OutcomeInterrupted
	case Answered, Voicemail, Service:
		e.Outcome = OutcomeElsewhere
	default:
		e.Outcome = OutcomeMissed
	}
	return e
}

// outcome is the record's result in a person's words, for whom a call that
// nobody answers, that the caller gives up or that fails means the given.
func (r *Record) outcome(unanswered, givenUp, failed Outcome) Outcome {
	switch r.Result {
	case "":
		return OutcomeOngoing
	case Answered, Busy, Declined, Voicemail, Service, Interrupted:
		return Outcome(r.Result) // the same words
	case NoAnswer, NotReached:
		return unanswered
	case Cancelled:
		return givenUp
	default:
		return failed
	}
}
