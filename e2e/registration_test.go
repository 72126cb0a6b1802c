package e2e_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/e2e/realphone"
)

// startKamailio runs a carrier at which customers register, and gives its address.
func startKamailio(t *testing.T) string {
	t.Helper()
	file, err := filepath.Abs(filepath.Join("kamailio", "carrier.cfg"))
	if err != nil {
		t.Fatal(err)
	}
	address, log := ownAddress(t), &logBuffer{}
	cmd := exec.Command("/usr/sbin/kamailio", "-f", file, "-l", "udp:"+address, "-Y", t.TempDir())
	cmd.Stdout, cmd.Stderr = log, log
	cmd.WaitDelay = time.Second                           // its processes share the log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // and end together
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("log of Kamailio:\n%s", log)
		}
	})
	return address
}

func TestTrunkThatRegisters(t *testing.T) {
	t.Parallel()
	address := startKamailio(t)
	s := start(t)
	trunk := fmt.Sprintf("host = %q\nregister = true\nuser = \"acme\"\npassword = ", address)
	s.apply(t, outside(trunk+`"wrong"`))
	state := func(want string) {
		t.Helper()
		eventually(t, "the trunk is "+want, func() bool { return strings.Contains(s.hotdesk(t, "trunk", "list"), want) })
	}
	state("401 Unauthorized")
	s.apply(t, outside(trunk+`"secret"`))
	state("registered")

	far := realphone.StartBaresip(t, realphone.Account{User: "far", Password: "secret", Server: address})
	desk, mobile := realphone.StartBaresip(t, s.account("5401")), realphone.StartLinphone(t, s.account("ana-mobile"))
	for _, phone := range []realphone.Phone{far, desk, mobile} {
		phone.AwaitRegistered(t)
	}
	logIn(t, desk, "1001", "4711")

	desk.Dial(t, "4165550199")
	far.Await(t, realphone.Incoming)
	if got := far.Caller(); got.Number != "+14165550101" || got.Display != "Ana Ruiz" {
		t.Errorf("outside they see %+v", got)
	}
	far.Answer(t)
	desk.Await(t, realphone.Established)
	far.Hangup(t)
	desk.Await(t, realphone.Idle)

	far.Dial(t, "+14165550101")
	desk.Await(t, realphone.Incoming)
	mobile.Await(t, realphone.Incoming)
	desk.Answer(t)
	far.Await(t, realphone.Established)
	mobile.Await(t, realphone.Idle)
	desk.Hangup(t)
	far.Await(t, realphone.Idle)

	far.Dial(t, "+14165550100") // a number that leads nowhere
	far.Await(t, realphone.Idle)
	if !strings.Contains(far.LastEnd(), "404") {
		t.Errorf("ended with %q, want 404", far.LastEnd())
	}

	s.kill() // the carrier still knows where we were
	s.run(t)
	state("registered")
	s.stop(t)
	far.Dial(t, "+14165550101") // and we have said that we go
	far.Await(t, realphone.Idle)
	if !strings.Contains(far.LastEnd(), "404") {
		t.Errorf("ended with %q, want 404", far.LastEnd())
	}
}
