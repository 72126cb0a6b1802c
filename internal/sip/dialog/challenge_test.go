package dialog_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
)

func TestChallenges(t *testing.T) {
	t.Parallel()
	const challenge = `Digest realm="trunk", nonce="n%d", algorithm=%s, qop="auth"%s`
	good := &dialog.Credentials{Username: "u", Password: "p"}
	insisting := &dialog.Credentials{Username: "u", Password: "p", Insist: true}
	for name, test := range map[string]struct {
		creds *dialog.Credentials
		with  []string // the responses to one INVITE after the other
		code  int      // 0: answered
	}{
		"401":            {good, []string{"401 Unauthorized|WWW-Authenticate: " + fmt.Sprintf(challenge, 1, "MD5", ""), "200 OK"}, 0},
		"407":            {good, []string{"407 Proxy Authentication Required|Proxy-Authenticate: " + fmt.Sprintf(challenge, 1, "SHA-256", ""), "200 OK"}, 0},
		"both":           {good, []string{"407 P|Proxy-Authenticate: " + fmt.Sprintf(challenge, 1, "MD5", ""), "401 U|WWW-Authenticate: " + fmt.Sprintf(challenge, 2, "MD5", ""), "200 OK"}, 0},
		"stale":          {good, []string{"401 U|WWW-Authenticate: " + fmt.Sprintf(challenge, 1, "MD5", ""), "401 U|WWW-Authenticate: " + fmt.Sprintf(challenge, 2, "MD5", ", stale=true"), "200 OK"}, 0},
		"wrong password": {good, []string{"401 U|WWW-Authenticate: " + fmt.Sprintf(challenge, 1, "MD5", ""), "401 U|WWW-Authenticate: " + fmt.Sprintf(challenge, 2, "MD5", "")}, 401},
		"insisting":      {insisting, []string{"401 U|WWW-Authenticate: " + fmt.Sprintf(challenge, 1, "MD5", ""), "401 U|WWW-Authenticate: " + fmt.Sprintf(challenge, 2, "MD5", ""), "200 OK"}, 0},
		"not for ever": {insisting, []string{
			"407 P|Proxy-Authenticate: " + fmt.Sprintf(challenge, 1, "MD5", ""), "407 P|Proxy-Authenticate: " + fmt.Sprintf(challenge, 2, "MD5", ""),
			"407 P|Proxy-Authenticate: " + fmt.Sprintf(challenge, 3, "MD5", ""),
		}, 407},
		"none given":   {nil, []string{"401 U|WWW-Authenticate: " + fmt.Sprintf(challenge, 1, "MD5", "")}, 401},
		"unknown":      {good, []string{"401 U|WWW-Authenticate: Bearer realm=x"}, 401},
		"no challenge": {good, []string{"407 P"}, 407},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := start(t, dialog.Config{})
			r := rawUDP(t, a)
			inv := invitation(t, r.flow())
			inv.Credentials = test.creds
			l := newLog()
			leg, err := a.layer.Invite(inv, l.sink)
			if err != nil {
				t.Fatal(err)
			}
			var last message
			for i, answer := range test.with {
				m := r.expect("INVITE")
				for m.header("CSeq") == last.header("CSeq") { // sent again meanwhile
					m = r.expect("INVITE")
				}
				if want := fmt.Sprintf("%d INVITE", i+1); m.header("CSeq") != want || i > 0 && m.branch() == last.branch() {
					t.Errorf("try %d\n%s", i, m)
				}
				last = m
				status, header, _ := strings.Cut(answer, "|")
				r.respond(m, status, fmt.Sprintf("t%d", i), "", header)
			}
			if test.code != 0 {
				if ev := next[dialog.Failed](t, l); ev.Code != test.code {
					t.Errorf("failed %+v", ev)
				}
				return
			}
			next[dialog.Answered](t, l)
			auth := last.header("Authorization") + last.header("Proxy-Authorization")
			if !strings.Contains(auth, `username="u"`) {
				t.Errorf("no credentials in\n%s", last)
			}
			ack := r.expect("ACK")
			for ack.header("CSeq") != fmt.Sprintf("%d ACK", len(test.with)) { // those to the refusals
				ack = r.expect("ACK")
			}
			if ack.header("Authorization")+ack.header("Proxy-Authorization") != auth {
				t.Errorf("ACK without the credentials\n%s", ack)
			}
			leg.Bye()
			bye := r.expect("BYE")
			r.respond(bye, "401 Unauthorized", "", "", "WWW-Authenticate: "+fmt.Sprintf(challenge, 9, "MD5", ""))
			for bye = r.expect("BYE"); bye.header("Authorization") == ""; bye = r.expect("BYE") {
			}
			r.respond(bye, "200 OK", "", "")
			a.gone(t)
		})
	}
}
