package dialog_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
)

func TestInviteWithPartsBesideTheDescription(t *testing.T) {
	t.Parallel()
	for _, sdp := range []string{offer1, ""} {
		a, b := start(t, dialog.Config{}), start(t, dialog.Config{})
		inv := invitation(t, b.flow(sip.UDP))
		inv.SDP = []byte(sdp)
		inv.Parts = []dialog.Part{{Type: "application/pidf+xml", ID: "desk@acme.test", Content: []byte("<presence/>")}}
		l := newLog()
		leg, err := a.layer.Invite(inv, l.sink)
		if err != nil {
			t.Fatal(err)
		}
		tx := b.incoming(t)
		for _, want := range []string{"Content-Type: application/pidf+xml", "Content-ID: <desk@acme.test>", "<presence/>"} {
			if !bytes.Contains(tx.Request().Body(), []byte(want)) {
				t.Errorf("no %s in\n%s", want, tx.Request())
			}
		}
		callee := newLog()
		came, err := b.layer.Incoming(tx, dialog.LocalParty{}, callee.sink)
		if sdp == "" { // nothing in it is a description: RFC 3261 8.2.3
			if err == nil {
				t.Error("taken")
			}
			next[dialog.Failed](t, l)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := string(came.RemoteSDP()); got != sdp {
			t.Errorf("offer %q", got)
		}
		leg.Cancel()
		next[dialog.Failed](t, l)
		next[dialog.Canceled](t, callee)
	}
}

func TestSilentFlowIsGivenUpInTime(t *testing.T) {
	t.Parallel()
	a := start(t, dialog.Config{})
	silent, other := rawUDP(t, a), rawUDP(t, a)
	inv := invitation(t, silent.flow())
	inv.Flows = []sip.Flow{silent.flow(), other.flow()}
	inv.Patience = 50 * time.Millisecond
	l := newLog()
	leg, err := a.layer.Invite(inv, l.sink)
	if err != nil {
		t.Fatal(err)
	}
	first := silent.expect("INVITE")
	second := other.expect("INVITE")
	other.respond(second, "100 Trying", "", "") // it lives, and may take its time
	if early := other.read(4 * inv.Patience); early != "" {
		t.Fatalf("came\n%s", early)
	}
	silent.respond(first, "200 OK", "late", reply1)
	silent.expect("ACK")
	silent.respond(silent.expect("BYE"), "200 OK", "", "")
	other.respond(second, "200 OK", "t1", reply1)
	other.expect("ACK")
	if ev := next[dialog.Answered](t, l); ev.Leg != leg || string(ev.SDP) != reply1 {
		t.Errorf("answered with %q", ev.SDP)
	}
	leg.Bye()
	other.respond(other.expect("BYE"), "200 OK", "", "")
	next[dialog.Ended](t, l)

	only := rawUDP(t, a)
	inv = invitation(t, only.flow())
	inv.Patience = 50 * time.Millisecond
	if _, err := a.layer.Invite(inv, l.sink); err != nil {
		t.Fatal(err)
	}
	if ev := next[dialog.Failed](t, l); ev.Code != 408 {
		t.Errorf("failed with %d", ev.Code)
	}
}
