package switchboard_test

import (
	"strings"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr"
)

func TestCodesSetWhatBecomesOfCalls(t *testing.T) {
	t.Parallel()
	o := start(t)
	desk := o.softphone("5401")
	o.logIn(desk, "1001", "4711") // they act on the holder
	ana, _ := o.App.Directory().UserByExtension(o.domain.ID, "1001")
	for _, c := range []struct {
		code, said string
		want       directory.Answering
	}{
		{"*721002", "forwarded to one zero zero two.", directory.Answering{ForwardAll: "1002"}},
		{"*73", "no longer forwarded.", directory.Answering{}},
		{"*90+14165550101", "forwarded to one four one six", directory.Answering{ForwardBusy: "+14165550101"}},
		{"*921003", "forwarded to one zero zero three.", directory.Answering{ForwardBusy: "+14165550101", ForwardNoAnswer: "1003"}},
		{"*91", "no longer forwarded.", directory.Answering{ForwardNoAnswer: "1003"}},
		{"*93", "no longer forwarded.", directory.Answering{}},
		{"*78", "Do not disturb is switched on", directory.Answering{DoNotDisturb: true}},
		{"*79", "Do not disturb is switched off", directory.Answering{}},
		{"*41", "ring there only.", directory.Answering{RingHereOnly: true}},
		{"*40", "ring at all of your phones.", directory.Answering{}},
		{"*721999", "cannot be forwarded", directory.Answering{}},
		{"*721001", "cannot be forwarded", directory.Answering{}},
		{"*72911", "cannot be forwarded", directory.Answering{}},
	} {
		call := o.dial(desk, c.code)
		if said := fact[ivr.Said](o); !strings.Contains(said.Text, c.said) {
			t.Errorf("%s: said %q", c.code, said.Text)
		}
		call.Hangup()
		o.ended()
		if user, _ := o.App.Directory().User(ana.ID); user.Answering != c.want {
			t.Errorf("%s: %+v", c.code, user.Answering)
		}
	}
	o.logOut(desk)
	call := o.dial(desk, "*78")
	if said := fact[ivr.Said](o); said.Text != textOf(t, ivr.LogInFirst) {
		t.Errorf("said %q", said.Text)
	}
	o.over(call)
	o.endsAs(wantEnd{"5401/5401", "", callrecord.Failed, 403, "system"})
}
