package portal

import (
	"strconv"
	"strings"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/report"
	"github.com/hotdesk-pbx/hotdesk/internal/usage"
)

// timelinePage is how many moments a page has.
const momentsAPage = 50

// timelineView is what happened at a desk or to a person.
type timelineView struct {
	reportView

	Of      string // the extension or device that was asked for
	Name    string // whose timeline it is; "" for nobody's yet
	Choices []choice
	Moments []momentView
	Older   string // the address of the moments before; "" for none
}

// momentView is a moment in words.
type momentView struct {
	At, Sign, Who, What, End string
}

// subjectName is whose timeline it is, for people.
func (v *visit) subjectName(of usage.Subject) string {
	if of.User.ID != "" {
		return of.User.Name + " (" + of.User.Extension + ")"
	}
	return v.desk(v.domain, of.Device, nil).label()
}

// timeline shows what happened at a desk or to a person, the newest first.
func (v *visit) timeline() error {
	view := timelineView{reportView: v.dates(), Of: strings.TrimSpace(v.r.URL.Query().Get("of"))}
	var err error
	if view.Choices, err = v.subjects(); err != nil {
		return err
	}
	if view.Of == "" {
		return v.show(view.Form.status, "Timeline", timelinePage(view))
	}
	of, err := v.cfg.Usage.Subject(view.Scope, view.Of)
	if err != nil {
		view.Form.refuseError("of", err)
		return v.show(view.Form.status, "Timeline", timelinePage(view))
	}
	scope := view.Scope
	if before, err := strconv.ParseInt(v.r.URL.Query().Get("before"), 10, 64); err == nil && time.UnixMilli(before).Before(scope.Span.To) {
		scope.Span.To = time.UnixMilli(before)
	}
	moments, more, err := v.cfg.Usage.Moments(v.r.Context(), scope, of, momentsAPage)
	if err != nil {
		return err
	}
	view.Name, view.Moments = v.subjectName(of), v.tellAll(moments)
	if more {
		view.Older = view.query() + "&of=" + view.Of + "&before=" + strconv.FormatInt(moments[len(moments)-1].At.UnixMilli(), 10)
	}
	return v.show(view.Form.status, "Timeline", timelinePage(view))
}

// subjects are the desks and people to choose from.
func (v *visit) subjects() ([]choice, error) {
	desks, err := v.seenDesks()
	if err != nil {
		return nil, err
	}
	office, _ := v.cfg.Directory.Office(v.domain.ID)
	var choices []choice
	for _, u := range office.Users {
		if !u.IsDeskAccount(v.domain.HotDesking) && v.sees(directory.ActSeeCalls, u.Site) {
			choices = append(choices, choice{Value: u.Extension, Label: u.Name})
		}
	}
	for _, d := range desks {
		choices = append(choices, choice{Value: d.Device, Label: d.Name})
	}
	return choices, nil
}

func (v *visit) tellAll(moments []report.Moment) []momentView {
	told := make([]momentView, len(moments))
	for i, m := range moments {
		told[i] = v.tell(m)
	}
	return told
}

// tell says in words what happened.
func (v *visit) tell(m report.Moment) momentView {
	told := momentView{At: m.At.In(zoneOf(v.domain)).Format("Mon 2 Jan 2006, 15:04:05")}
	switch {
	case m.Session != nil:
		told.Sign, told.Who = "used", v.personName(m.Session.UserID)
		told.What = "logged in at " + v.deviceName(m.Session.DeviceID) + " " + doorWords(m.Session.Door)
		told.End = v.endWords(*m.Session)
	case m.Entry != nil && m.Entry.Action == "call.emergency":
		told.Sign, told.Who, told.What = "trouble", v.personName(m.Entry.UserID), "emergency call: "+m.Entry.Detail
	case m.Entry != nil:
		told.Sign, told.Who = "trouble", v.personName(m.Entry.UserID)
		told.What = "was refused at " + v.deviceName(m.Entry.DeviceID) + ": " + refusalWords(m.Entry.Detail)
	default:
		told.Sign, told.Who = "calls", partyName(m.Call.Caller)
		told.What, told.End = callWords(m.Call)
	}
	return told
}

func (v *visit) personName(userID string) string {
	if user, found := v.cfg.Directory.User(userID); found {
		return user.Name
	}
	return "Somebody"
}

// actorName is who did something, as an audit entry names them.
func (v *visit) actorName(actor string) string {
	if key, is := strings.CutPrefix(actor, "key:"); is {
		return "a program with the API key " + key
	}
	if actor == directory.CLI().Name {
		return "an administrator of the server"
	}
	return v.personName(actor)
}

func (v *visit) deviceName(deviceID string) string {
	if device, found := v.cfg.Directory.Device(deviceID); found {
		return v.desk(v.domain, device, nil).label()
	}
	return "a desk that is gone"
}

// endWords say how and when a session ended.
func (v *visit) endWords(s hotdesk.Session) string {
	if s.EndedAt.IsZero() {
		return "and is still there"
	}
	words := map[hotdesk.Reason]string{
		hotdesk.Released: "released", hotdesk.EndedByAdmin: "ended by " + v.actorName(s.EndedBy), hotdesk.Moved: "moved to another desk",
		hotdesk.TakenOver: "taken over by another person", hotdesk.Nightly: "ended by the nightly release", hotdesk.HourLimit: "ended by the hour limit",
		hotdesk.IdleLimit: "ended because nobody used the desk", hotdesk.Withdrawn: "ended by a change of the office",
	}
	return "until " + v.clockOn(s.EndedAt, s.StartedAt) + " (" + duration(s.EndedAt.Sub(s.StartedAt)) + "): " + words[s.Ended]
}

// clockOn is a time in the domain's zone, with its day where that is another
// than the day of the time before it.
func (v *visit) clockOn(at, before time.Time) string {
	at, before = at.In(zoneOf(v.domain)), before.In(zoneOf(v.domain))
	if at.Format(time.DateOnly) == before.Format(time.DateOnly) {
		return at.Format("15:04")
	}
	return at.Format("Mon 2 Jan 15:04")
}

// doorWords say how somebody came in.
func doorWords(door hotdesk.Door) string {
	switch door {
	case hotdesk.DoorStarCode:
		return "at the phone"
	case hotdesk.DoorPortal:
		return "through the portal"
	case hotdesk.DoorREST, hotdesk.DoorCLI:
		return "through the API"
	default:
		return ""
	}
}

// refusalWords say why somebody was refused. The detail is the code, and what
// was keyed in.
func refusalWords(detail string) string {
	words := map[string]string{
		"pin_wrong": "wrong extension or PIN", "locked": "locked after too many wrong PINs", "held": "somebody else holds the desk",
		"elsewhere": "logged in at another desk", "switched_off": "hot desking is switched off", "not_hot_desk": "this is no hot desk",
		"not_allowed": "not allowed to use hot desks",
	}
	code, rest, _ := strings.Cut(detail, " ")
	if text, known := words[code]; known {
		return strings.TrimSpace(text + " " + rest)
	}
	return strings.ReplaceAll(detail, "_", " ")
}

// callWords say whom somebody called, and what became of it.
func callWords(r *callrecord.Record) (what, end string) {
	what = "called " + partyName(callrecord.Party{Name: r.Callee.Name, Number: r.Dialled})
	switch {
	case r.EndedAt.IsZero():
		return what, "and still talks"
	case r.Talk() > 0:
		return what, strings.ReplaceAll(string(r.Result), "_", " ") + ", " + duration(r.Talk())
	default:
		return what, strings.ReplaceAll(string(r.Result), "_", " ")
	}
}

// duration is a time in words: "3 h 20 min".
func duration(d time.Duration) string {
	switch {
	case d < time.Minute:
		return strconv.Itoa(int(d.Seconds())) + " s"
	case d < time.Hour:
		return strconv.Itoa(int(d.Minutes())) + " min"
	default:
		return strconv.Itoa(int(d.Hours())) + " h " + strconv.Itoa(int(d.Minutes())%60) + " min"
	}
}
