package switchboard

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/events"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr"
)

// Why a desk phone cannot be activated, beside the refusals of hotdesk.Service.
// The first ones are said at once by [Switchboard.Activate], those after them
// are the end of an [Activation], as are those of ivr and login.
var (
	ErrActivateOff       = errors.New("the button Activate Phone is switched off")
	ErrNotRegistered     = errors.New("the phone is not registered")
	ErrInCall            = errors.New("the phone is in a call")
	ErrDeskActivating    = errors.New("another Activate Phone call is at this desk")
	ErrAlreadyActivating = errors.New("this person has an Activate Phone call at another desk")

	ErrNoAnswer       = errors.New("nobody answered")
	ErrDeclined       = errors.New("the call was declined at the phone")
	ErrCancelled      = errors.New("the call was cancelled before anybody answered")
	ErrOtherPerson    = errors.New("another person has logged in") // comes as an [*OtherPersonError]
	ErrActivateFailed = errors.New("the call failed")
)

// SeveralError says that a desk account has several phones, so that its
// extension does not tell which one is meant.
type SeveralError struct{ Devices []string }

// Error names the phones.
func (e *SeveralError) Error() string {
	return "several phones have that extension: " + strings.Join(e.Devices, ", ")
}

// OtherPersonError is the end of an activation by which the desk went to another
// person than the one who had asked for the call. It is [ErrOtherPerson].
type OtherPersonError struct{ UserID, Name string }

// Error names who has logged in.
func (e *OtherPersonError) Error() string { return fmt.Sprintf("%s has logged in instead", e.Name) }

// Unwrap returns [ErrOtherPerson].
func (e *OtherPersonError) Unwrap() error { return ErrOtherPerson }

// Stage is how far an activation has come.
type Stage string

// The stages.
const (
	StageRinging  Stage = "ringing"
	StageAnswered Stage = "answered"
	StageAccount  Stage = Stage(ivr.AskedAccount)  // waiting for the account number
	StagePIN      Stage = Stage(ivr.AskedPIN)      // waiting for the PIN
	StageTakeOver Stage = Stage(ivr.AskedTakeOver) // waiting for whether to take the desk over
	StageDone     Stage = "done"
	StageFailed   Stage = "failed"
)

// Activation is a call of "Activate Phone": it rings a hot desk for a person,
// who answers it and logs in there.
type Activation struct {
	ID        string
	DomainID  string
	UserID    string // who has asked for it
	DeviceID  string
	StartedAt time.Time
	Stage     Stage
	Err       error           // why it has failed
	Session   hotdesk.Session // that it led to; also with an [OtherPersonError]
}

// Over tells whether nothing follows.
func (a Activation) Over() bool { return a.Stage == StageDone || a.Stage == StageFailed }

// ActivationMoved is the fact that an activation has come to another stage.
type ActivationMoved struct{ Activation Activation }

// Kind names the fact.
func (ActivationMoved) Kind() string { return "activation.moved" }

// activation is an [Activation] that is under way, or the last one of its person.
type activation struct {
	bus    *events.Bus
	cancel func()

	mu    sync.Mutex // held while a stage is told, so that they are told in order
	state Activation
}

func (a *activation) now() Activation {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.state
}

// underWay tells whether there is one and it is not over.
func (a *activation) underWay() bool { return a != nil && !a.now().Over() }

// move goes on to another stage, unless it is over or the change refuses.
func (a *activation) move(change func(*Activation) bool) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	next := a.state
	if a.state.Over() || !change(&next) {
		return false
	}
	a.state = next
	a.bus.Publish(ActivationMoved{Activation: next})
	return true
}

func (a *activation) reach(stage Stage) bool {
	return a.move(func(to *Activation) bool {
		to.Stage = stage
		return true
	})
}

func (a *activation) fail(why error) {
	a.move(func(to *Activation) bool {
		to.Stage, to.Err = StageFailed, why
		return true
	})
}

// stop ends it before anybody has answered.
func (a *activation) stop() {
	stopped := a.move(func(to *Activation) bool {
		rings := to.Stage == StageRinging
		to.Stage, to.Err = StageFailed, ErrCancelled
		return rings
	})
	if stopped {
		a.cancel()
	}
}

// activations are the last one of each person. Its zero value is empty.
type activations struct {
	mu     sync.Mutex
	people map[string]*activation // by user ID
	desks  map[string]*activation // by device ID; only those whose call goes on
}

// begin takes a new one on, unless the desk or the person has one under way. One
// of the same person at the same desk goes on: began is false.
func (all *activations) begin(a *activation) (current *activation, began bool, err error) {
	all.mu.Lock()
	defer all.mu.Unlock()
	if all.people == nil {
		all.people, all.desks = map[string]*activation{}, map[string]*activation{}
	}
	userID, deviceID := a.state.UserID, a.state.DeviceID
	at, mine := all.desks[deviceID], all.people[userID]
	switch {
	case at.underWay() && at == mine:
		return mine, false, nil
	case at.underWay():
		return nil, false, ErrDeskActivating
	case mine.underWay():
		return nil, false, ErrAlreadyActivating
	}
	all.people[userID], all.desks[deviceID] = a, a
	return a, true, nil
}

// end gives the desk back.
func (all *activations) end(a *activation) {
	all.mu.Lock()
	defer all.mu.Unlock()
	if device := a.now().DeviceID; all.desks[device] == a {
		delete(all.desks, device)
	}
}

func (all *activations) of(userID string) *activation {
	all.mu.Lock()
	defer all.mu.Unlock()
	return all.people[userID]
}
