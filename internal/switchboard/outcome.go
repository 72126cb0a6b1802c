package switchboard

import (
	"slices"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
)

// SIP statuses that the switchboard speaks itself (RFC 3261 21).
const (
	statusTrying             = 100
	statusRinging            = 180
	statusSessionProgress    = 183
	statusOK                 = 200
	statusAccepted           = 202
	statusBadRequest         = 400
	statusUnauthorized       = 401
	statusForbidden          = 403
	statusNotFound           = 404
	statusMethodNotAllowed   = 405
	statusProxyAuth          = 407
	statusRequestTimeout     = 408
	statusGone               = 410
	statusUnsupportedMedia   = 415
	statusUnavailable        = 480
	statusNoDialog           = 481
	statusLoopDetected       = 482
	statusTooManyHops        = 483
	statusAddressIncomplete  = 484
	statusBusyHere           = 486
	statusRequestTerminated  = 487
	statusNotAcceptableHere  = 488
	statusRequestPending     = 491
	statusServerError        = 500
	statusNotImplemented     = 501
	statusServiceUnavailable = 503
	statusBusyEverywhere     = 600
	statusDecline            = 603
	statusDoesNotExist       = 604
	statusNotAcceptable      = 606
)

// outcome is how a call that nobody answered ends: the status for the caller
// and the word for the record.
type outcome struct {
	code   int
	reason string
	result callrecord.Result
}

func outcomeNotFound() outcome {
	return outcome{statusNotFound, "Not Found", callrecord.NotFound}
}

func outcomeNoDialog() outcome {
	return outcome{statusNoDialog, "Call/Transaction Does Not Exist", callrecord.Failed}
}

func outcomeIncomplete() outcome {
	return outcome{statusAddressIncomplete, "Address Incomplete", callrecord.NotFound}
}

func outcomeNotReached() outcome {
	return outcome{statusUnavailable, "Not Registered", callrecord.NotReached}
}

func outcomeNoAnswer() outcome {
	return outcome{statusUnavailable, "No Answer", callrecord.NoAnswer}
}

func outcomeDoNotDisturb() outcome {
	return outcome{statusBusyHere, "Do Not Disturb", callrecord.Busy}
}

func outcomeCancelled() outcome {
	return outcome{statusRequestTerminated, "Request Terminated", callrecord.Cancelled}
}

func outcomeFailed() outcome {
	return outcome{statusServerError, "Server Internal Error", callrecord.Failed}
}

// endedBy is who ended a call that nobody answered.
func (o outcome) endedBy() string {
	switch o.result {
	case callrecord.Cancelled:
		return "caller"
	case callrecord.Busy, callrecord.Declined:
		return "callee"
	default:
		return "system"
	}
}

// stopsForking says whether one phone's answer speaks for the person: a 6xx is
// final for every branch (RFC 3261 16.7 step 5).
func stopsForking(code int) bool { return code >= statusBusyEverywhere }

// judge says how a group of targets ended from their final answers, and
// whether that is the end of the search.
func (d destination) judge(codes []int) (o outcome, over bool) {
	onward, sum := d.onward, d.outcome
	if onward == nil {
		onward = func(code int) bool { return outcomeOf(code) == outcomeNotReached() }
	}
	if sum == nil {
		sum = bestOutcome
	}
	return sum(codes), slices.ContainsFunc(codes, func(code int) bool { return !onward(code) })
}

// bestOutcome chooses what the caller hears from the final answers of all
// phones that rang. A person who declined said so; else one who is in a call
// is busy; else a phone that refused the media is the reason; else a phone
// that could not be reached says nothing about the person.
func bestOutcome(codes []int) outcome {
	best := outcomeNotReached()
	for _, code := range codes {
		if o := outcomeOf(code); precedence(o) > precedence(best) {
			best = o
		}
	}
	return best
}

// outcomeOf translates one phone's final answer for the caller. Statuses that
// speak of our dealings with that phone (401, 407, 481, 408 …) are not the
// caller's affair.
func outcomeOf(code int) outcome {
	switch code {
	case statusBusyHere, statusBusyEverywhere:
		return outcome{statusBusyHere, "Busy Here", callrecord.Busy}
	case statusDecline:
		return outcome{statusDecline, "Decline", callrecord.Declined}
	case statusNotAcceptableHere, statusNotAcceptable, statusUnsupportedMedia:
		return outcome{statusNotAcceptableHere, "Not Acceptable Here", callrecord.Failed}
	case statusUnavailable, statusRequestTerminated:
		return outcomeNoAnswer()
	default:
		return outcomeNotReached()
	}
}

func precedence(o outcome) int {
	switch o.result {
	case callrecord.Declined:
		return 4
	case callrecord.Busy:
		return 3
	case callrecord.NoAnswer:
		return 2
	case callrecord.Failed:
		return 1
	default:
		return 0
	}
}
