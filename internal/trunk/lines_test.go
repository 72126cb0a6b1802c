package trunk_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/digest"
	"github.com/hotdesk-pbx/hotdesk/internal/trunk"
)

func TestLinesInTheOrderOfTrial(t *testing.T) {
	t.Parallel()
	a, b := newCarrier(t, digest.MD5), newCarrier(t, digest.MD5)
	first := a.trunk("first", byAddress)
	second := b.trunk("second", byAddress, func(t *directory.Trunk) { t.Priority = 1 })
	off := b.trunk("off", byAddress, func(t *directory.Trunk) { t.Disabled = true })
	o := start(t, second, first, off)
	a.next("OPTIONS", isOptions)
	b.next("OPTIONS", isOptions)
	order := func(want string) {
		t.Helper()
		var names []string
		for _, line := range o.Lines("acme") {
			names = append(names, line.Name)
			if len(line.Flows) != 1 {
				t.Errorf("%s is found at %v", line.Name, line.Flows)
			}
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("the lines are %q, want %q", got, want)
		}
	}
	order("first second")
	a.say(func(tx *sip.ServerTx) bool { _ = tx.Reply(503, "Busy"); return true })
	o.stands("dead", func(s trunk.State) bool { return s.Name == "first" && !s.Answers && strings.HasPrefix(s.Reason, "503") })
	order("second first")
	a.say(nil)
	o.stands("back", func(s trunk.State) bool { return s.Name == "first" && s.Answers })
	order("first second")

	a.say(func(*sip.ServerTx) bool { return true }) // and says nothing
	o.Suspect("first", "a call got no answer")
	order("second first")
	o.Suspect("nonsense", "nobody")
	o.stands("silent", func(s trunk.State) bool { return s.Name == "first" && s.Reason == sip.ErrTimeout.Error() })
	if lines := o.Lines("beta"); len(lines) != 0 {
		t.Errorf("another domain has %+v", lines)
	}
}

func TestFollowsTheDirectory(t *testing.T) {
	t.Parallel()
	c := newCarrier(t, digest.MD5)
	main := c.trunk("main")
	o := start(t)
	if len(o.Lines("acme")) != 0 {
		t.Error("lines out of nothing")
	}
	o.edit(main)
	c.next("proof", proves)
	o.stands("registered", registered)

	changed := main
	changed.MaxCalls = 3
	o.edit(changed)
	goodbye := func(req *sip.Request) bool { return isRegister(req) && sip.Value(req, "Expires") == "0" }
	c.next("goodbye", goodbye)
	c.next("new proof", func(req *sip.Request) bool { return proves(req) && !goodbye(req) })
	o.stands("registered", registered)
	if lines := o.Lines("acme"); len(lines) != 1 || lines[0].MaxCalls != 3 {
		t.Errorf("the lines are %+v", lines)
	}

	changed.Disabled = true
	o.edit(changed)
	c.next("goodbye", goodbye)
	if lines := o.Lines("acme"); len(lines) != 0 {
		t.Errorf("a line that is off: %+v", lines)
	}
}

func TestSources(t *testing.T) {
	t.Parallel()
	c := newCarrier(t, digest.MD5)
	wants, open := c.trunk("wants", func(t *directory.Trunk) { t.Priority = 1 }), c.trunk("open", byAddress)
	o := start(t, wants)
	contact, err := sip.ParseAddress(sip.Value(c.next("proof", proves), "Contact"))
	if err != nil {
		t.Fatal(err)
	}
	o.stands("registered", registered)
	o.edit(wants, open)
	c.next("question by the other line", func(req *sip.Request) bool {
		return isOptions(req) && req.From().URI.User != contact.URI.User
	})
	exact := sip.Flow{Transport: sip.UDP, Remote: c.engine.Addr()}
	nearby := sip.Flow{Transport: sip.UDP, Remote: netip.AddrPortFrom(c.engine.Addr().Addr(), 9)}
	elsewhere := sip.Flow{Transport: sip.UDP, Remote: netip.MustParseAddrPort("203.0.113.9:5060")}
	to := func(user string) *sip.Request {
		return sip.NewRequest(sip.INVITE, sip.URI{Scheme: "sip", User: user, Host: "127.0.0.1"})
	}
	for name, test := range map[string]struct {
		user string
		flow sip.Flow
		want string
	}{
		"by its contact":              {contact.URI.User, elsewhere, "wants:true"},
		"by its address":              {"+14165550101", exact, "open:true wants:true"},
		"by its address without port": {"+14165550101", nearby, "open:false wants:false"},
		"a stranger":                  {"+14165550101", elsewhere, ""},
		"a stranger who guesses":      {contact.URI.User[1:], elsewhere, ""},
	} {
		var got []string
		for _, source := range o.Sources(to(test.user), test.flow) {
			got = append(got, fmt.Sprintf("%s:%v", source.Name, source.Sure))
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s: %v, want %s", name, got, test.want)
		}
	}
}

func TestConnectionThatCloses(t *testing.T) {
	t.Parallel()
	c := newCarrier(t, digest.MD5)
	o := start(t, c.trunk("main", func(t *directory.Trunk) { t.Transport = "tcp" }))
	c.next("proof", proves)
	o.stands("registered", registered)
	address := c.engine.Addr().String()
	c.stop()
	o.FlowClosed(sip.Flow{Transport: sip.TCP, Remote: netip.MustParseAddrPort(address)})
	o.stands("gone", func(s trunk.State) bool { return !s.Registered && s.Reason != "" })
	c.node = listen(t, address, c.serve)
	o.stands("registered again", registered)
}

func TestNoSuchHost(t *testing.T) {
	t.Parallel()
	o := start(t, directory.Trunk{ID: "x", DomainID: "acme", Name: "x", Host: "no host", Transport: "udp"})
	o.stands("not found", func(s trunk.State) bool { return !s.Answers && strings.Contains(s.Reason, "no host") })
	if lines := o.Lines("acme"); len(lines) != 1 || len(lines[0].Flows) != 0 {
		t.Errorf("the lines are %+v", lines)
	}
}
