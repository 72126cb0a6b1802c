// Package dialplan reads dialled digits: a star code, an extension, a mailbox,
// a number outside or an emergency. It decides from its arguments alone and
// knows nothing of SIP, users or storage.
package dialplan

import "strings"

// Kind is what somebody who dialled wants.
type Kind int

// The kinds of action. Those that begin with a star code are also the index of
// their code in [Codes].
const (
	Nothing            Kind = iota // no digits at all
	Invalid                        // characters that no phone dials, or too many of them
	UnknownCode                    // a star code that the domain does not have, or with nonsense behind it
	Extension                      // somebody in the domain, who may not exist
	Emergency                      // Number calls for help: see [IsEmergency]
	Outside                        // a number of the public telephone network
	Login                          // log in; Number is the extension when it was dialled along, else ""
	Release                        // give the desk back
	OwnMailbox                     // listen to the holder's messages
	AnyMailbox                     // listen to a mailbox; Number is its extension when it was dialled along, else ""
	Pickup                         // answer the call that rings at the extension Number
	Park                           // park a call, or take back the one in the slot Number
	ToMailbox                      // leave a message for the extension Number
	ForwardAll                     // forward every call to Number
	ForwardAllOff                  // no longer
	ForwardBusy                    // forward calls to Number when busy
	ForwardBusyOff                 // no longer
	ForwardNoAnswer                // forward calls to Number when nobody answers
	ForwardNoAnswerOff             // no longer
	DoNotDisturb                   // let no call ring
	DisturbAgain                   // let calls ring again
	RingHere                       // let calls ring at the hot desk only
	RingEverywhere                 // let calls ring at the own devices, too
	Withhold                       // call Number, to be read again, without showing who calls
	EmergencyTest                  // hear what an emergency call from here shows
	kinds
)

// Action is what was dialled, understood.
type Action struct {
	Kind   Kind
	Number string // digits, for Outside and after the codes for forwards and Withhold also with a leading "+"
}

// Codes are a domain's star codes, each at the index of its kind; "" for a code
// that the domain does not have.
type Codes [kinds]string

// Plan is what a domain's digits mean.
type Plan struct {
	Country string // ISO 3166-1 alpha-2, for the emergency numbers
	Codes   Codes
	// IsExtension reports whether somebody has an extension, so that one of
	// seven digits or more is not taken for a number outside. May be nil.
	IsExtension func(extension string) bool
}

// The lengths that tell kinds of number apart.
const (
	maxDigits    = 32 // E.164 has 15; carrier and access codes come before them
	MaxExtension = 10 // the longest extension
	minOutside   = 7  // shorter ones that are no extension are numbers of nobody
)

// Read says what digits mean: the user part of a request, or what was keyed
// in. It undoes percent escapes ("%2A88"), and drops visual separators
// (RFC 3966 5.1.1), parameters after ";" and the "#" that ends a number.
//
// Emergency numbers win over all else. Of the star codes the one that matches
// the most digits wins, if what follows it is what belongs there.
func Read(digits string, plan Plan) Action {
	number, ok := Clean(digits)
	switch {
	case !ok:
		return Action{Kind: Invalid}
	case number == "":
		return Action{Kind: Nothing}
	case IsEmergency(number, plan.Country):
		return Action{Kind: Emergency, Number: number}
	}
	if action, ok := readCode(number, plan); ok {
		return action
	}
	if number[0] == '*' {
		return Action{Kind: UnknownCode}
	}
	return readNumber(number, plan)
}

// readCode finds the longest star code that the digits are or begin with.
func readCode(number string, plan Plan) (Action, bool) {
	longest, found := 0, Action{}
	for kind := Login; kind < kinds; kind++ {
		code := plan.Codes[kind]
		rest, ok := strings.CutPrefix(number, code)
		if ok && len(code) > longest && kind.takes(rest) {
			longest, found = len(code), Action{Kind: kind, Number: rest}
		}
	}
	return found, longest > 0
}

// takes says whether a code may be followed by some digits.
func (k Kind) takes(rest string) bool {
	switch k {
	case Login, AnyMailbox, Park:
		return rest == "" || isExtension(rest)
	case Pickup, ToMailbox:
		return isExtension(rest)
	case ForwardAll, ForwardBusy, ForwardNoAnswer, Withhold:
		return isDigits(strings.TrimPrefix(rest, "+"))
	default:
		return rest == ""
	}
}

func isExtension(digits string) bool { return isDigits(digits) && len(digits) <= MaxExtension }

func readNumber(number string, plan Plan) Action {
	plain, international := strings.CutPrefix(number, "+")
	switch {
	case !isDigits(plain):
		return Action{Kind: Invalid}
	case international && len(plain) < minOutside:
		return Action{Kind: Invalid}
	case international:
		return Action{Kind: Outside, Number: number}
	case plan.IsExtension != nil && plan.IsExtension(number):
		return Action{Kind: Extension, Number: number}
	case len(number) >= minOutside:
		return Action{Kind: Outside, Number: number}
	}
	return Action{Kind: Extension, Number: number}
}

// Clean undoes escapes and drops what does not belong to a number. It fails
// when something is left that no phone dials.
func Clean(digits string) (string, bool) {
	if len(digits) > 4*maxDigits {
		return "", false
	}
	digits, _, _ = strings.Cut(digits, ";")
	if isDigits(digits) { // nothing to do, without an allocation
		return digits, len(digits) <= maxDigits
	}
	digits, ok := unescape(digits)
	if !ok {
		return "", false
	}
	clean := strings.Map(func(r rune) rune {
		if strings.ContainsRune("-.() ", r) {
			return -1
		}
		return r
	}, digits)
	if len(clean) > 1 {
		clean = strings.TrimSuffix(clean, "#")
	}
	return clean, len(clean) <= maxDigits && isDialable(clean)
}

func isDialable(number string) bool {
	return strings.Trim(number, "0123456789*#+") == ""
}

func isDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}

// unescape undoes percent escapes (RFC 3261 25.1), of any case.
func unescape(text string) (string, bool) {
	if !strings.Contains(text, "%") {
		return text, true
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '%' {
			b.WriteByte(text[i])
			continue
		}
		if i+2 >= len(text) {
			return "", false
		}
		high, low := hexValue(text[i+1]), hexValue(text[i+2])
		if high > 15 || low > 15 {
			return "", false
		}
		b.WriteByte(high<<4 | low)
		i += 2
	}
	return b.String(), true
}

// hexValue is the value of a hex digit, or 16 for any other character.
func hexValue(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	}
	return 16
}
