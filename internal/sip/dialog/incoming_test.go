package dialog_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
)

func TestIncomingRefusals(t *testing.T) {
	t.Parallel()
	s := start(t, dialog.Config{})
	for name, test := range map[string]struct {
		contact string
		headers []string
		body    string
		status  string
		header  string
	}{
		"no contact":    {"", nil, offer1, "400", ""},
		"bad contact":   {"Contact: <<>", nil, offer1, "400", ""},
		"star":          {"Contact: *", nil, offer1, "400", ""},
		"extension":     {"Contact: <sip:a@127.0.0.1:9>", []string{"Require: flying"}, offer1, "420", "Unsupported: flying"},
		"brief session": {"Contact: <sip:a@127.0.0.1:9>", []string{"Supported: timer", "x: 30"}, offer1, "422", "Min-SE: 90"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := rawUDP(t, s).dials(t)
			c.contact = test.contact
			c.ask("INVITE", test.body, test.headers...)
			var m message
			select {
			case tx := <-s.in:
				if _, err := s.layer.Incoming(tx, dialog.LocalParty{}, newLog().sink); !errors.Is(err, dialog.ErrRefused) {
					t.Errorf("error %v", err)
				}
				m = c.expect("SIP/2.0 " + test.status)
			case <-time.After(100 * time.Millisecond): // the engine has refused it before us
				m = c.expect("SIP/2.0 4")
			}
			if test.header != "" && !strings.Contains(string(m), "\r\n"+test.header+"\r\n") {
				t.Errorf("no %q in\n%s", test.header, m)
			}
		})
	}
}

func TestForeignBodyIsRefused(t *testing.T) {
	t.Parallel()
	s := start(t, dialog.Config{})
	c := rawUDP(t, s).dials(t)
	c.cseq++
	c.send(fmt.Sprintf("INVITE %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bKx\r\nMax-Forwards: 70\r\nFrom: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: 1 INVITE\r\n%s\r\n"+
		"Content-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi", c.target, c.addr(), c.from, c.to, c.callID, c.contact))
	if _, err := s.layer.Incoming(s.incoming(t), dialog.LocalParty{}, newLog().sink); !errors.Is(err, dialog.ErrRefused) {
		t.Errorf("error %v", err)
	}
	if m := c.expect("SIP/2.0 415"); m.header("Accept") != "application/sdp" {
		t.Errorf("answer\n%s", m)
	}
}

func TestMultipartBody(t *testing.T) {
	t.Parallel()
	s := start(t, dialog.Config{})
	c := rawUDP(t, s).dials(t)
	body := "--cut\r\nContent-Type: application/isup\r\n\r\nxx\r\n--cut\r\nContent-Type: application/sdp\r\n\r\n" + offer1 + "\r\n--cut--\r\n"
	c.send(fmt.Sprintf("INVITE %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bKx\r\nMax-Forwards: 70\r\nFrom: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: 1 INVITE\r\n%s\r\n"+
		"Content-Type: multipart/mixed;boundary=cut\r\nContent-Length: %d\r\n\r\n%s", c.target, c.addr(), c.from, c.to, c.callID, c.contact, len(body), body))
	leg, err := s.layer.Incoming(s.incoming(t), dialog.LocalParty{}, newLog().sink)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(leg.RemoteSDP()); got != offer1 {
		t.Errorf("description %q", got)
	}
	leg.Bye()
	c.expect("SIP/2.0 480")
}

// The same INVITE by two ways of a fork upstream: RFC 3261 8.2.2.2.
func TestMergedInvite(t *testing.T) {
	t.Parallel()
	s := start(t, dialog.Config{})
	c := rawUDP(t, s).dials(t)
	c.ask("INVITE", offer1)
	leg, err := s.layer.Incoming(s.incoming(t), dialog.LocalParty{}, newLog().sink)
	if err != nil {
		t.Fatal(err)
	}
	c.askAs(1, "INVITE", offer1)
	c.expect("SIP/2.0 482")
	if err := leg.Accept([]byte(reply1)); err != nil {
		t.Fatal(err)
	}
	c.expect("SIP/2.0 200")
}
