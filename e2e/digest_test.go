package e2e_test

import (
	"regexp"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/e2e/realphone"
)

func TestRegistrationBySHA256(t *testing.T) {
	t.Parallel()
	s := start(t, "--digest", "sha-256,md5")
	s.apply(t, office())
	phone := realphone.StartLinphone(t, s.account("1002"))
	phone.AwaitRegistered(t)
	if !regexp.MustCompile(`Authorization: +Digest [^\n]*algorithm=SHA-256`).MatchString(phone.Wire()) {
		t.Error("linphonec did not answer by SHA-256")
	}
}

func TestRegistrationOverTCP(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, office())
	account := s.account("5401")
	account.Transport = "tcp"
	desk, ben := realphone.StartBaresip(t, account), realphone.StartLinphone(t, s.account("1002"))
	desk.AwaitRegistered(t)
	ben.AwaitRegistered(t)
	logIn(t, desk, "1001", "4711")
	ben.Dial(t, "1001")
	desk.Await(t, realphone.Incoming)
	desk.Answer(t)
	ben.Await(t, realphone.Established)
	desk.Hangup(t)
	ben.Await(t, realphone.Idle)
}
