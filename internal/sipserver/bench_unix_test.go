//go:build unix

package sipserver_test

import (
	"syscall"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/sip/digest"
)

// BenchmarkRegister measures REGISTER with credentials, digest, location and a
// store in memory, over UDP on loopback; the phone's own work is in it.
func BenchmarkRegister(b *testing.B) {
	r := start(b, nil, "acme.test")
	b.ReportAllocs()
	before := cpuTime(b)
	b.RunParallel(func(pb *testing.PB) {
		p := r.phone(b, "udp", "5401")
		p.contact = "<sip:5401@" + p.source().String() + `>;+sip.instance="<urn:uuid:` + p.callID + `>";reg-id=1`
		challenged := p.ask("REGISTER", "sip:acme.test")
		for n := uint32(1); pb.Next(); n++ {
			value, err := digest.Answer(challenged.headers["WWW-Authenticate"], digest.Claim{
				Method: "REGISTER", URI: "sip:acme.test", Username: p.user, Password: p.pass, Count: n,
			})
			if err != nil {
				b.Fatal(err)
			}
			if m := p.ask("REGISTER", "sip:acme.test", "Contact: "+p.contact, "Authorization: "+value); m.code != 200 {
				challenged = p.ask("REGISTER", "sip:acme.test")
				n = 0
			}
		}
	})
	b.ReportMetric(float64(b.N)/(cpuTime(b)-before).Seconds(), "registers/cpu-s")
}

// cpuTime is what this process has used.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
