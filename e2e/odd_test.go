package e2e_test

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/e2e/rawphone"
)

// sipp runs a scenario of ours with the desk 5401 as caller.
func (s *server) sipp(t *testing.T, scenario string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	file, err := filepath.Abs(filepath.Join("sipp", scenario))
	if err != nil {
		t.Fatal(err)
	}
	account := s.account("5401")
	cmd := exec.CommandContext(ctx, "sipp", s.sip, "-sf", file, "-s", "*88", "-au", account.User, "-ap", account.Password,
		"-i", "127.0.0.1", "-m", "1", "-nostdin", "-timeout", "50", "-timeout_error", "-trace_err", "-error_file", filepath.Join(t.TempDir(), "errors"))
	cmd.Dir = t.TempDir()
	if out, err := cmd.CombinedOutput(); err != nil {
		errors, _ := exec.CommandContext(ctx, "tail", "-n", "30", filepath.Join(cmd.Dir, "errors")).CombinedOutput()
		t.Errorf("%s: %v\n%s\n%s", scenario, err, out, errors)
	}
}

func TestCallWithoutOffer(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, office())
	s.sipp(t, "late-offer.xml")
	s.livesOn(t)
}

func TestCallWithoutACK(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, office())
	s.sipp(t, "no-ack.xml")
	s.livesOn(t)
}

// Requests that belong to nothing, and what they must be answered.
func TestRequestsOutOfNothing(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, office())
	nowhere := "<sip:1001@acme.test>;tag=nowhere"
	for what, c := range map[string]struct {
		rawphone.Request

		want int
		has  string
	}{
		"BYE":                              {rawphone.Request{Method: "BYE", To: nowhere}, 481, ""},
		"BYE without a tag":                {rawphone.Request{Method: "BYE"}, 481, ""},
		"CANCEL":                           {rawphone.Request{Method: "CANCEL"}, 481, ""},
		"INFO":                             {rawphone.Request{Method: "INFO", To: nowhere, Headers: []string{"Content-Type: application/dtmf"}, Body: "5"}, 481, ""},
		"UPDATE":                           {rawphone.Request{Method: "UPDATE", To: nowhere}, 481, ""},
		"PRACK":                            {rawphone.Request{Method: "PRACK", To: nowhere, Headers: []string{"RAck: 1 1 INVITE"}}, 481, ""},
		"NOTIFY":                           {rawphone.Request{Method: "NOTIFY", To: nowhere, Headers: []string{"Event: message-summary", "Subscription-State: active"}}, 481, ""},
		"a re-INVITE":                      {rawphone.Request{Method: "INVITE", To: nowhere, Body: rawphone.Offer("127.0.0.9:9")}, 481, ""},
		"REFER with a tag":                 {rawphone.Request{Method: "REFER", To: nowhere, Headers: []string{"Refer-To: <sip:1002@acme.test>"}}, 481, ""},
		"an unknown method":                {rawphone.Request{Method: "DANCE"}, 501, "Allow:"},
		"a method that we do not take":     {rawphone.Request{Method: "PUBLISH"}, 405, "Allow:"},
		"an extension that we do not know": {rawphone.Request{Method: "INVITE", Headers: []string{"Require: teleportation"}}, 420, "Unsupported: teleportation"},
		"an INVITE at its last hop":        {rawphone.Request{Method: "INVITE", Target: "sip:1001@acme.test", Headers: []string{"Max-Forwards: 0"}}, 483, ""},
		"a scheme that is not ours":        {rawphone.Request{Method: "OPTIONS", Target: "mailto:ana@acme.test"}, 416, ""},
		"a method in lower case":           {rawphone.Request{Method: "invite"}, 501, ""},
	} {
		t.Run(what, func(t *testing.T) {
			phone := s.raw(t, "UDP", home, "1002")
			message := phone.Render(c.Request)
			if strings.Contains(message, "Max-Forwards: 0") {
				message = strings.Replace(message, "Max-Forwards: 70\r\n", "", 1)
			}
			phone.Send(t, message)
			m := phone.Await(t, "answer", func(m rawphone.Message) bool { return m.Code() >= 200 })
			if m.Code() != c.want || !strings.Contains(string(m), c.has) {
				t.Errorf("wanted %d with %q, got:\n%s", c.want, c.has, m)
			}
		})
	}
	for _, to := range []string{"", nowhere} {
		phone := s.raw(t, "UDP", home, "1002")
		phone.Send(t, phone.Render(rawphone.Request{Method: "ACK", To: to}))
		staysSilent(t, phone)
	}
	s.livesOn(t)
}

func TestOddRequestsInACall(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, office())
	ana, ben := s.talk(t)
	go ben.Phone.Agree()
	for what, c := range map[string]struct {
		rawphone.Request

		want []int
	}{
		"an unknown method":          {rawphone.Request{Method: "DANCE"}, []int{405, 501}},
		"an INFO of another trade":   {rawphone.Request{Method: "INFO", Headers: []string{"Content-Type: text/poem"}, Body: "O"}, []int{200, 415, 469}},
		"a broken description":       {rawphone.Request{Method: "INVITE", Body: "v=0\r\nno description\r\n"}, []int{400, 488}},
		"a description of nowhere":   {rawphone.Request{Method: "INVITE", Body: "v=0\r\no=- 1 3 IN IP4 x\r\ns=-\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n"}, []int{400, 488}},
		"a description of no sound":  {rawphone.Request{Method: "INVITE", Body: "v=0\r\no=- 1 2 IN IP4 127.0.0.9\r\ns=-\r\nc=IN IP4 127.0.0.9\r\nt=0 0\r\nm=video 9 RTP/AVP 96\r\n"}, []int{488}},
		"a body of another trade":    {rawphone.Request{Method: "INVITE", Headers: []string{"Content-Type: text/poem"}, Body: "O"}, []int{415, 488}},
		"a session timer too short":  {rawphone.Request{Method: "UPDATE", Headers: []string{"Supported: timer", "Session-Expires: 1"}}, []int{422}},
		"a PRACK of nothing":         {rawphone.Request{Method: "PRACK", Headers: []string{"RAck: 7 7 INVITE"}}, []int{481}},
		"a REFER to nowhere":         {rawphone.Request{Method: "REFER"}, []int{400, 403, 405, 501, 603}},
		"a REFER to nonsense":        {rawphone.Request{Method: "REFER", Headers: []string{"Refer-To: <<<1002>"}}, []int{400}},
		"a REFER to a page":          {rawphone.Request{Method: "REFER", Headers: []string{"Refer-To: <http://acme.test/1002>"}}, []int{400}},
		"a REFER to two people":      {rawphone.Request{Method: "REFER", Headers: []string{"Refer-To: <sip:1002@acme.test>", "Refer-To: <sip:1003@acme.test>"}}, []int{400}},
		"a REFER to another domain":  {rawphone.Request{Method: "REFER", Headers: []string{"Refer-To: <sip:1002@elsewhere.test>"}}, []int{403}},
		"a REFER to no call":         {rawphone.Request{Method: "REFER", Headers: []string{"Refer-To: <sip:1002@acme.test?Replaces=x%3Bto-tag%3D1%3Bfrom-tag%3D2>"}}, []int{404}},
		"an unknown extension":       {rawphone.Request{Method: "UPDATE", Headers: []string{"Require: teleportation"}}, []int{420}},
		"a SUBSCRIBE to nothing":     {rawphone.Request{Method: "SUBSCRIBE", Headers: []string{"Event: weather"}}, []int{405, 481, 489, 501}},
		"a CANCEL of what is over":   {rawphone.Request{Method: "CANCEL"}, []int{481}},
		"a BYE for another dialogue": {rawphone.Request{Method: "BYE", To: "<sip:1002@acme.test>;tag=other"}, []int{481}},
	} {
		t.Run(what, func(t *testing.T) {
			if m := ana.Do(t, c.Request); !oneOf(m.Code(), c.want) {
				t.Errorf("wanted %v, got:\n%s", c.want, m)
			} else if c.Method == "INVITE" {
				ana.AckRefusal(t, m)
			}
		})
	}
	stale := ana.Render(rawphone.Request{Method: "INFO", CSeq: 1})
	ana.Phone.Send(t, stale)
	if m := ana.Phone.Await(t, "answer", func(m rawphone.Message) bool { return strings.HasPrefix(m.Header("CSeq"), "1 INFO") }); m.Code() != 500 {
		t.Errorf("a CSeq that goes backwards:\n%s", m)
	}
	understand(t, ana, ben)
	ana.Bye(t)
	if m := ana.Do(t, rawphone.Request{Method: "BYE"}); m.Code() != 481 {
		t.Errorf("a second BYE:\n%s", m)
	}
	s.livesOn(t)
}

// Both phones offer at once: the server must not mix the two up (RFC 3261 14.1).
func TestGlare(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, office())
	ana, ben := s.talk(t)
	reoffer := func(c *rawphone.Call) rawphone.Request {
		return rawphone.Request{Method: "INVITE", CSeq: c.Phone.Next(), Body: strings.Replace(rawphone.Offer(c.Sound.Addr()), "o=- 1 1", "o=- 1 2", 1)}
	}
	anas, bens := reoffer(ana), reoffer(ben)
	ana.Phone.Send(t, ana.Render(anas))
	asked := ben.Phone.Await(t, "re-INVITE", func(m rawphone.Message) bool { return m.Code() == 0 && m.Method() == "INVITE" })
	ben.Phone.Send(t, ben.Render(bens)) // before Ben's phone has answered Ana's
	m := ben.Phone.Await(t, "answer", func(m rawphone.Message) bool { return m.Code() >= 200 && m.Method() == "INVITE" })
	if m.Code() != 491 {
		t.Errorf("an offer while another is open:\n%s", m)
	}
	ben.AckRefusal(t, m)
	ben.Phone.Send(t, ben.Phone.Reply(asked, "491 Request Pending", asked.Header("To"), ""))
	again := ben.Phone.Await(t, "second try", func(m rawphone.Message) bool {
		return m.Code() == 0 && m.Method() == "INVITE" && m.Header("CSeq") != asked.Header("CSeq")
	})
	ben.Phone.Send(t, ben.Phone.Reply(again, "200 OK", again.Header("To"), rawphone.Offer(ben.Sound.Addr())))
	agreed := ana.Phone.Await(t, "answer", func(m rawphone.Message) bool { return m.Code() >= 200 && m.Method() == "INVITE" })
	if agreed.Code() != 200 {
		t.Errorf("Ana's offer in the end:\n%s", agreed)
	}
	ana.Ack(t, agreed)
	understand(t, ana, ben)
	ben.Bye(t)
	s.livesOn(t)
}
