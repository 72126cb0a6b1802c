package switchboard_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/switchboard"
)

// part is what the live calls of a user or device look like: "dialled 1001",
// "rung by 1002", "talks".
func (o *office) part(id string) string {
	var parts []string
	for _, c := range o.App.Switchboard().CallsOf(id) {
		switch {
		case !c.AnsweredAt.IsZero():
			parts = append(parts, c.Caller.Number+" talks with "+c.Callee.Number)
		case len(c.Ringing) > 0:
			var devices []string
			for _, p := range c.Ringing {
				devices = append(devices, strings.TrimPrefix(o.party(p), p.Number+"/"))
			}
			slices.Sort(devices)
			parts = append(parts, c.Caller.Number+" rings "+strings.Join(devices, " "))
		default:
			parts = append(parts, c.Caller.Number+" dials "+c.Dialled)
		}
	}
	return strings.Join(parts, ", ")
}

// Everybody who has a part in a call is shown with it, for as long as that lasts.
func TestLiveCalls(t *testing.T) {
	t.Parallel()
	o := start(t)
	caro, desk, ben := o.softphone("caro"), o.softphone("5401"), o.softphone("ben")
	o.logIn(desk, "1003", "9047")
	user := func(extension string) string {
		u, _ := o.App.Directory().UserByExtension(o.domain.ID, extension)
		return u.ID
	}
	device := func(name string) string {
		d, _ := o.App.Directory().DeviceByName(o.domain.ID, name)
		return d.ID
	}
	want := func(text string, ids ...string) {
		t.Helper()
		for _, id := range ids {
			if got := o.part(id); got != text {
				t.Errorf("live calls %q, want %q", got, text)
			}
		}
	}

	call := o.dial(ben, "1003")
	fact[switchboard.Ringing](o)
	fact[switchboard.Ringing](o)
	want("1002 rings 5401 caro", user("1003"), user("1002"), device("caro"), device("5401"), device("ben"))
	want("", user("5401"), user("1001"))

	o.incoming(desk)
	if err := o.incoming(caro).Reject(603, "Decline"); err != nil {
		t.Fatal(err)
	}
	o.ended()
	want("", user("1003"), user("1002"), device("caro"), device("5401"), device("ben"))
	o.over(call)

	call, _ = o.talk(ben, desk, "1003")
	fact[switchboard.Answered](o)
	want("1002 talks with 1003", user("1003"), user("1002"), device("5401"), device("ben"))
	want("", device("caro"))
	call.Hangup()
	o.ended()
	want("", user("1003"), user("1002"), device("5401"))
}

// A phone that refuses a call shows it no longer, while the others ring on.
func TestRefusedCallIsNoLongerLive(t *testing.T) {
	t.Parallel()
	o := start(t)
	ana1, ana2, ben := o.softphone("ana-1"), o.softphone("ana-2"), o.softphone("ben")
	call := o.dial(ben, "1001")
	o.incoming(ana2)
	fact[switchboard.Ringing](o)
	fact[switchboard.Ringing](o)
	if err := o.incoming(ana1).Reject(486, "Busy Here"); err != nil {
		t.Fatal(err)
	}
	stopped := fact[switchboard.StoppedRinging](o)
	if got := o.part(stopped.DeviceID); got != "" {
		t.Errorf("the phone that refused shows %q", got)
	}
	if ana, _ := o.App.Directory().UserByExtension(o.domain.ID, "1001"); o.part(ana.ID) != "1002 rings ana-2" {
		t.Errorf("Ana's live calls %q", o.part(ana.ID))
	}
	call.Hangup()
	o.ended()
}
