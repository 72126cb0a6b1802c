package dialog_test

import (
	"sync"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
)

// BenchmarkCall is a complete call (INVITE, 180, 200, ACK, BYE, 200) between two
// engines of one process: both ends of it are in the figure.
func BenchmarkCall(b *testing.B) {
	for _, transport := range []sip.Transport{sip.UDP, sip.TCP} {
		b.Run(string(transport), func(b *testing.B) { benchmarkCall(b, transport) })
	}
}

func benchmarkCall(b *testing.B, transport sip.Transport) {
	b.Helper()
	from, to := startWith(b, dialog.Config{}, sip.Timers{}), startWith(b, dialog.Config{}, sip.Timers{})
	var answering sync.WaitGroup
	answering.Go(func() {
		for tx := range to.in {
			leg, err := to.layer.Incoming(tx, dialog.LocalParty{ContactUser: "bob"}, func(dialog.Event) {})
			if err != nil {
				b.Error(err)
				return
			}
			_ = leg.Progress(180, "Ringing", nil)
			_ = leg.Accept([]byte(reply1))
		}
	})
	inv := invitation(b, to.flow(transport))
	window := make(chan struct{}, 50) // calls at once
	var calls sync.WaitGroup
	b.ReportAllocs()
	for b.Loop() {
		window <- struct{}{}
		calls.Add(1)
		_, err := from.layer.Invite(inv, func(ev dialog.Event) {
			switch ev := ev.(type) {
			case dialog.Answered:
				ev.Leg.Bye()
			case dialog.Ended:
				<-window
				calls.Done()
			case dialog.Failed:
				b.Error("failed", ev.Code, ev.Err)
				<-window
				calls.Done()
			}
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	calls.Wait()
	close(to.in)
	answering.Wait()
}
