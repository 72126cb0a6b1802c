package lamp

import (
	"slices"
	"strings"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/subscription"
	"github.com/hotdesk-pbx/hotdesk/internal/switchboard"
)

// callState is how far a call has come (RFC 4235 3.7.1).
type callState string

const (
	trying    callState = "trying"
	early     callState = "early"
	confirmed callState = "confirmed"
)

// view is a call as one of its sides sees it.
type view struct {
	id        string
	initiator bool
	state     callState
	remote    callrecord.Party
}

// viewOf is a call from the side of the parties that are ours; false when none is.
func viewOf(c switchboard.LiveCall, ours func(callrecord.Party) bool) (view, bool) {
	answered := !c.AnsweredAt.IsZero()
	switch {
	case ours(c.Caller) && answered:
		return view{c.ID, true, confirmed, c.Callee}, true
	case ours(c.Caller) && len(c.Ringing) > 0:
		return view{c.ID, true, early, c.Ringing[0]}, true
	case ours(c.Caller):
		return view{c.ID, true, trying, callrecord.Party{}}, true // what was dialled is nobody's business
	case answered && ours(c.Callee):
		return view{c.ID, false, confirmed, c.Caller}, true
	}
	return view{c.ID, false, early, c.Caller}, slices.ContainsFunc(c.Ringing, ours)
}

// seenBy is a call from the side of the parties that are ours, as others may see
// it: of a call whose caller is withheld only that there is one, or a key that
// watches the caller would tell the callee.
func seenBy(c switchboard.LiveCall, ours func(callrecord.Party) bool) (view, bool) {
	v, ok := viewOf(c, ours)
	if c.Withheld {
		v.remote = callrecord.Party{}
	}
	return v, ok
}

// callsOf are the calls that the lamp of a user shows. Those of a person are
// shown wherever the person sits; those of a desk account are those of the
// phones that stand there, whoever holds them.
func (s *Service) callsOf(user directory.User, domain directory.Domain) []view {
	ours := func(p callrecord.Party) bool { return p.UserID == user.ID && p.DeviceID != "" }
	found := s.cfg.Calls.CallsOf(user.ID)
	if user.IsDeskAccount(domain.HotDesking) {
		person := ours
		ours = func(p callrecord.Party) bool { return person(p) || s.standsAt(p.DeviceID, user) }
		for _, d := range s.cfg.Directory.DevicesOf(user.ID) {
			found = append(found, s.cfg.Calls.CallsOf(d.ID)...)
		}
	}
	views := make([]view, 0, len(found))
	seen := map[string]bool{}
	for _, c := range found {
		if v, ok := seenBy(c, ours); ok && !seen[v.id] {
			seen[v.id] = true
			views = append(views, v)
		}
	}
	return views
}

func (s *Service) standsAt(deviceID string, desk directory.User) bool {
	device, ok := s.cfg.Directory.Device(deviceID)
	return ok && device.OwnerID == desk.ID
}

// dialogs is the body of RFC 4235 4. The call-id is that of the live call, by
// which a watcher can pick it up (RFC 3891); the tags only make it whole.
func (s *Service) dialogs(user directory.User, domain directory.Domain) subscription.Body {
	d := newDocument()
	d.put("<?xml version=\"1.0\"?>\n" + `<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="`)
	version := len(d)
	d.put(`" state="full" entity="%">`+"\n", address(user.Extension, domain))
	calls := s.callsOf(user, domain)
	for _, v := range calls {
		direction := "recipient"
		if v.initiator {
			direction = "initiator"
		}
		d.put(`<dialog id="%" call-id="%" local-tag="%" remote-tag="call" direction="%"><state>%</state>`+"\n",
			v.id, v.id, user.Extension, direction, string(v.state))
		d.put("<local><identity display=\"%\">%</identity><target uri=\"%\"/></local>\n",
			user.Name, address(user.Extension, domain), address(user.Extension, domain))
		if remote := numberAddress(v.remote.Number, domain); remote != "" {
			d.put("<remote><identity display=\"%\">%</identity><target uri=\"%\"/></remote>\n", v.remote.Name, remote, remote)
		}
		d.put("</dialog>\n")
	}
	if len(calls) == 0 { // some phones put a lamp out only for a dialog that says so
		d.put("<dialog id=\"%\"><state>terminated</state></dialog>\n", user.Extension)
	}
	d.put("</dialog-info>\n")
	return subscription.Body{Text: d, VersionAt: version}
}

// numberAddress is the address of an extension or a number; "" for nobody.
func numberAddress(number string, domain directory.Domain) string {
	if number == "" || strings.ContainsAny(number, " @<>\"") {
		return ""
	}
	return address(number, domain)
}
