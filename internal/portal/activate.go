package portal

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/events"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr"
	"github.com/hotdesk-pbx/hotdesk/internal/login"
	"github.com/hotdesk-pbx/hotdesk/internal/switchboard"
)

// activationView is a call of "Activate Phone" in words; ID is "" while there is
// none, and then Form asks for the desk.
type activationView struct {
	ID    string
	Desk  string // "Window 1 (5401)"
	Stage switchboard.Stage
	Over  bool
	Said  string // what happens now, or why it has ended
	Next  string // what the person does now, or ""
	Form  *form
}

// at tells whether a step of the call is behind, or is the one that goes on.
func (a activationView) at(steps ...switchboard.Stage) bool {
	return slices.Contains(steps, a.Stage)
}

func (v *visit) activationForm() activationView {
	return activationView{Form: newForm("desk", v.r.URL.Query().Get("desk"))}
}

// activatePage asks for the desk, or shows the call that is under way.
func (v *visit) activatePage() error {
	if !v.domain.HotDesking.ActivatePhone {
		return v.to("/phones/add")
	}
	a, asked := v.cfg.Telephony.ActivationOf(v.user.ID)
	if !asked || a.Over() && v.r.URL.Query().Get("last") != a.ID {
		return v.showActivation(http.StatusOK, v.activationForm())
	}
	return v.showActivation(http.StatusOK, v.viewActivation(a))
}

func (v *visit) showActivation(status int, view activationView) error {
	if !v.partial() {
		return v.show(status, "Activate Phone", activatePage(view))
	}
	return v.part(status, activation(view))
}

// activate rings the desk that a person has typed.
func (v *visit) activate() error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	a, err := v.cfg.Telephony.Activate(v.r.Context(), v.user, f.text("desk"))
	if err != nil {
		why, is := v.whyNot(err, f.text("desk"))
		if !is {
			return err
		}
		f.refuse("desk", why)
		return v.showActivation(f.status, activationView{Form: f})
	}
	if v.partial() {
		return v.showActivation(http.StatusOK, v.viewActivation(a))
	}
	return v.to("/phones/activate?last=" + a.ID)
}

// activateLive follows the call that is under way to its end.
func (v *visit) activateLive() error {
	a, asked := v.cfg.Telephony.ActivationOf(v.user.ID)
	if !asked {
		return errNowhere
	}
	concerns := func(fact events.Fact) bool {
		moved, is := fact.(switchboard.ActivationMoved)
		return is && moved.Activation.UserID == a.UserID
	}
	return v.keepUp(concerns, func() (templ.Component, bool, error) {
		now, _ := v.cfg.Telephony.ActivationOf(v.user.ID)
		return activationNow(v.viewActivation(now)), now.Over(), nil
	})
}

// cancelActivation stops a phone that nobody has answered yet.
func (v *visit) cancelActivation() error {
	v.cfg.Telephony.CancelActivation(v.user.ID, v.r.PathValue("activation"))
	return v.to("/phones")
}

func (v *visit) viewActivation(a switchboard.Activation) activationView {
	view := activationView{ID: a.ID, Stage: a.Stage, Over: a.Over()}
	if device, found := v.cfg.Directory.Device(a.DeviceID); found {
		view.Desk = v.desk(v.domain, device, nil).label()
	}
	switch a.Stage {
	case switchboard.StageRinging:
		view.Said, view.Next = "The phone rings.", "Pick it up at "+view.Desk+"."
	case switchboard.StageAnswered:
		view.Said, view.Next = "Somebody has answered.", "Listen: the phone asks who you are."
	case switchboard.StageAccount:
		view.Said, view.Next = "The phone asks for your account number.", "Key in "+v.user.Extension+" at the phone, then #."
	case switchboard.StagePIN:
		view.Said, view.Next = "The phone asks for your PIN.", "Key it in at the phone, then #. Nobody asks for it on this page."
	case switchboard.StageTakeOver:
		view.Said, view.Next = "Somebody else is logged in there.", "Press 2 at the phone to take the desk over, another key to leave it."
	case switchboard.StageDone:
		view.Said = view.Desk + " is your phone now."
		view.Next = "Calls to you ring there, and calls from there show your name."
		if until := v.clock(v.domain, a.Session.EndsAt); until != "" {
			view.Next += " It is yours until " + until + "."
		}
	default:
		view.Said, _ = v.whyNot(a.Err, view.Desk)
	}
	return view
}

// whyNot says why a desk cannot be activated, or was not; false for a fault.
func (v *visit) whyNot(err error, desk string) (string, bool) {
	var taken *hotdesk.TakenError
	var elsewhere *hotdesk.ElsewhereError
	var locked *login.LockedError
	var other *switchboard.OtherPersonError
	var several *switchboard.SeveralError
	switch {
	case errors.Is(err, directory.ErrNotFound):
		if desk == "" {
			return "Type the extension that is shown on the desk phone.", true
		}
		return fmt.Sprintf("There is no desk %s. Its number is shown on the desk phone.", desk), true
	case errors.As(err, &taken):
		return fmt.Sprintf("%s has been logged in there since %s. Choose another desk, or ask for this one to be released.", taken.Name, v.clock(v.domain, taken.Since)), true
	case errors.As(err, &elsewhere):
		return fmt.Sprintf("You have been logged in at %s since %s. Release that desk first.", elsewhere.Name, v.clock(v.domain, elsewhere.Since)), true
	case errors.As(err, &locked):
		return "Too many wrong PINs. Try again in " + waitOf(locked.Until.Sub(v.cfg.Now())) + ", or ask your office manager.", true
	case errors.As(err, &other):
		return other.Name + " has logged in there instead of you.", true
	case errors.As(err, &several):
		return "Several phones have that extension. Type the name of the one you mean: " + strings.Join(several.Devices, ", ") + ".", true
	}
	for _, r := range refusals(v.domain) {
		if errors.Is(err, r.err) {
			return r.sentence, true
		}
	}
	return "The call failed. Try again, or dial " + v.domain.HotDesking.LoginCode + " at the desk phone.", false
}

// refusals are the sentences that need no more than the reason.
func refusals(domain directory.Domain) []struct {
	err      error
	sentence string
} {
	code := domain.HotDesking.LoginCode
	return []struct {
		err      error
		sentence string
	}{
		{switchboard.ErrActivateOff, "Activate Phone is switched off in your office. Dial " + code + " at the desk phone instead."},
		{switchboard.ErrNotRegistered, "The phone there is not connected. Choose another desk, or tell your office manager."},
		{switchboard.ErrInCall, "The phone there is in a call. Try again when that is over."},
		{switchboard.ErrDeskActivating, "Somebody else's Activate Phone call is at this desk. Try again in a minute."},
		{switchboard.ErrAlreadyActivating, "Another desk rings for you. Answer or cancel that call first."},
		{switchboard.ErrNoAnswer, "Nobody answered. Try again when you are at the phone."},
		{switchboard.ErrDeclined, "The call was declined at the phone. Nothing has changed."},
		{switchboard.ErrCancelled, "The call was cancelled. Nothing has changed."},
		{hotdesk.ErrSwitchedOff, "Hot desking is switched off in your office."},
		{hotdesk.ErrNotHotDesk, "That is no hot desk. Choose a desk that people share."},
		{hotdesk.ErrNotAllowed, "Your account may not use hot desks. Ask your office manager."},
		{hotdesk.ErrTaken, "Somebody else has just taken that desk."},
		{login.ErrWrong, "Account number and PIN did not match. Try again, or ask your office manager for a new PIN."},
		{ivr.ErrGone, "The phone was hung up before you were logged in. Nothing has changed."},
		{ivr.ErrNoEntry, "Nothing was keyed in at the phone. Nothing has changed."},
		{ivr.ErrTooManyKeys, "Too many keys were pressed at the phone. Nothing has changed."},
		{ivr.ErrLeftAsItIs, "The desk was left to whoever is logged in there."},
	}
}

// waitOf is how long something takes, for people.
func waitOf(d time.Duration) string {
	minutes := int((d + time.Minute - 1) / time.Minute)
	switch {
	case minutes <= 1:
		return "a minute"
	case minutes < 120:
		return fmt.Sprintf("%d minutes", minutes)
	default:
		return fmt.Sprintf("%d hours", (minutes+59)/60)
	}
}
