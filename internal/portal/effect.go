package portal

import (
	"fmt"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
)

// confirmedField holds, in a form that would end sessions, the tag of those that
// were shown: whoever sends it has seen them.
const confirmedField = "confirmed"

// shownSessions is how many sessions are named of those that a step ends.
const shownSessions = 50

// effectView is what saving would do to those who sit at desks.
type effectView struct {
	Ends, Stay         []seatView
	MoreEnds, MoreStay int // that are not named
}

// seatView is somebody at a desk.
type seatView struct {
	deskView

	Idle bool // logged out because the desk is not used
}

// changeAsking is [visit.change] for a step that may log people out: it is not
// done before whoever takes it has seen who they are, and has sent the form again.
func (v *visit) changeAsking(f *form, id string, change func(*directory.Office) error) (bool, error) {
	if !f.right() {
		return false, nil
	}
	edit, err := v.cfg.Directory.Try(v.actor(), v.domain.ID, change)
	if err != nil {
		return false, f.take(err, id)
	}
	effect, err := v.cfg.Sessions.Effect(v.r.Context(), edit)
	if err != nil {
		return false, err
	}
	if tag := effectTag(effect); !effect.Empty() && f.text(confirmedField) != tag {
		f.Values.Set(confirmedField, tag)
		f.Effect = v.viewEffect(effect)
		return false, nil
	}
	return v.change(f, id, change)
}

func effectTag(effect hotdesk.Effect) string {
	var ids []any
	for _, closing := range effect.Ends {
		ids = append(ids, closing.Session.ID)
	}
	ids = append(ids, "")
	for _, session := range effect.Stay {
		ids = append(ids, session.ID)
	}
	return directory.Tag(ids...)
}

func (v *visit) viewEffect(effect hotdesk.Effect) *effectView {
	view := &effectView{MoreEnds: max(len(effect.Ends)-shownSessions, 0), MoreStay: max(len(effect.Stay)-shownSessions, 0)}
	for _, closing := range effect.Ends[:min(len(effect.Ends), shownSessions)] {
		view.Ends = append(view.Ends, v.seat(closing.Session, closing.Reason))
	}
	for _, session := range effect.Stay[:min(len(effect.Stay), shownSessions)] {
		view.Stay = append(view.Stay, v.seat(session, ""))
	}
	return view
}

func (v *visit) seat(session hotdesk.Session, reason hotdesk.Reason) seatView {
	device, _ := v.cfg.Directory.Device(session.DeviceID)
	return seatView{v.desk(v.domain, device, &session), reason == hotdesk.IdleLimit}
}

// headline says how many people a step logs out.
func (e *effectView) headline() string {
	switch ends := len(e.Ends) + e.MoreEnds; ends {
	case 0:
		return "Nothing is saved yet. Nobody is logged out, but some stay longer or shorter than the new settings say:"
	case 1:
		return "Nothing is saved yet: one person will be logged out."
	default:
		return fmt.Sprintf("Nothing is saved yet: %d people will be logged out.", ends)
	}
}

// button is what the button says that saves a form.
func (f *form) button(save string) string {
	if f.Effect != nil && len(f.Effect.Ends) > 0 {
		return save + " and log out"
	}
	return save
}
