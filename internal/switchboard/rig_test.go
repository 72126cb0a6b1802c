package switchboard_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hotdesk-pbx/hotdesk/internal/app"
	"github.com/hotdesk-pbx/hotdesk/internal/apptest"
	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/events"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/softphone"
	"github.com/hotdesk-pbx/hotdesk/internal/switchboard"
)

// patience is for what must happen.
const patience = apptest.Patience

// office is a running server with three people and two desks: Ana (1001) has
// the phones ana-1 and ana-2, Ben (1002) and Caro (1003) one each.
type office struct {
	*apptest.Office
	t      *testing.T
	domain directory.Domain
	facts  *events.Subscription
}

const acme = `[domain]
name = "acme.test"
timezone = "America/Toronto"
country = "CA"
[domain.mailboxes]
enabled = false
[[device]]
name = "spare"
password = "secret-of-spare-12345"
[[user]]
extension = "1001"
name = "Ana Ruiz"
pin = "4711"
  [[user.device]]
  name = "ana-1"
  password = "secret-of-ana-1-12345"
  [[user.device]]
  name = "ana-2"
  password = "secret-of-ana-2-12345"
[[user]]
extension = "1002"
name = "Ben Okafor"
pin = "2580"
  [[user.device]]
  name = "ben"
  password = "secret-of-ben-12345"
[[user]]
extension = "1003"
name = 'Caro "C" Müller'
pin = "9047"
  [[user.device]]
  name = "caro"
  password = "secret-of-caro-12345"
[[user]]
extension = "5401"
name = "Window 1"
place = "Floor 5"
  [[user.device]]
  name = "5401"
  password = "secret-of-5401-12345"
`

// start runs an office. When the test is over every call must have ended and
// have left one record.
func start(t *testing.T, change ...func(*app.Config)) *office {
	t.Helper()
	change = append([]func(*app.Config){func(c *app.Config) { c.SIPTimers = timers() }}, change...)
	o := &office{Office: apptest.Start(t, change...), t: t}
	o.domain = o.Apply(t, acme)
	o.listen()
	t.Cleanup(o.settle)
	return o
}

// timers make 64*T1 3.2 s.
func timers() sip.Timers {
	return sip.Timers{T1: 100 * time.Millisecond, T2: 400 * time.Millisecond, T4: 100 * time.Millisecond, Trying: 20 * time.Millisecond}
}

func (o *office) listen() { o.facts = o.App.Events().Subscribe(4096) }

// settle checks the records of a test against each other.
func (o *office) settle() {
	o.facts.Close()
	if o.t.Failed() {
		return // calls may go on
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); o.App.Streams() > 0 || o.open() > 0; <-tick.C {
		if time.Now().After(deadline) {
			o.t.Errorf("%d port pairs are still in use, %d records are open", o.App.Streams(), o.open())
			return
		}
	}
	for _, r := range o.records() {
		if r.EndedAt.IsZero() || r.Result == "" || r.EndedBy == "" {
			o.t.Errorf("a call has no end: %+v", r)
		}
		if r.EndedAt.Before(r.StartedAt) || r.AnsweredAt.After(r.EndedAt) {
			o.t.Errorf("a call has its times in disorder: %+v", r)
		}
	}
}

// open is how many calls have no end on their record.
func (o *office) open() (n int) {
	for _, r := range o.records() {
		if r.EndedAt.IsZero() {
			n++
		}
	}
	return n
}

// records are all calls, the oldest first.
func (o *office) records() []callrecord.Record {
	o.t.Helper()
	all, err := o.App.Records().Records(context.WithoutCancel(o.t.Context()), callrecord.Query{})
	if err != nil {
		o.t.Fatal(err)
	}
	slices.Reverse(all)
	return all
}

// fact waits for the next fact of a type and passes over the others.
func fact[T events.Fact](o *office) T {
	o.t.Helper()
	return apptest.Await(o.t, o.facts, func(T) bool { return true })
}

// ended waits for the end of the next call and gives its record as it is on disk.
func (o *office) ended() callrecord.Record {
	o.t.Helper()
	want := fact[switchboard.Ended](o).Record
	found := slices.DeleteFunc(o.records(), func(r callrecord.Record) bool { return r.ID != want.ID })
	if len(found) != 1 {
		o.t.Fatalf("the call has %d records", len(found))
	}
	stored := found[0]
	if diff := cmp.Diff(rounded(want), rounded(stored)); diff != "" {
		o.t.Errorf("the fact and the record differ:\n%s", diff)
	}
	return stored
}

// rounded has the times as exact as a store may keep them.
func rounded(r callrecord.Record) callrecord.Record {
	times := []*time.Time{&r.StartedAt, &r.AnsweredAt, &r.EndedAt, &r.TransferredAt}
	r.Earlier = slices.Clone(r.Earlier)
	for i := range r.Earlier {
		times = append(times, &r.Earlier[i].TransferredAt)
	}
	for _, at := range times {
		if !at.IsZero() {
			*at = at.UTC().Truncate(time.Millisecond)
		}
	}
	return r
}

// wantEnd is what a test says of a record: who called whom, and how it went.
type wantEnd struct {
	caller, callee string // "extension/device"; the device is "-" while none has answered
	result         callrecord.Result
	cause          int
	by             string
}

// endsAs checks the record of the next call that ends.
func (o *office) endsAs(want wantEnd) callrecord.Record {
	o.t.Helper()
	r := o.ended()
	got := wantEnd{o.party(r.Caller), o.party(r.Callee), r.Result, r.Cause, r.EndedBy}
	if got != want {
		o.t.Errorf("the call was %+v, want %+v", got, want)
	}
	if answered := want.result == callrecord.Answered; answered != !r.AnsweredAt.IsZero() {
		o.t.Errorf("answered at %v", r.AnsweredAt)
	}
	return r
}

func (o *office) party(p callrecord.Party) string {
	if p == (callrecord.Party{}) {
		return ""
	}
	name := "-"
	if device, ok := o.App.Directory().Device(p.DeviceID); ok {
		name = device.Name
	}
	return p.Number + "/" + name
}

// softphone is a registered phone of our own.
func (o *office) softphone(device string, change ...func(*softphone.Config)) *softphone.Phone {
	o.t.Helper()
	return o.Phone(o.t, "acme.test", device, change...)
}

func answers(c *softphone.Config) { c.AutoAnswer = true }

func overTCP(c *softphone.Config) { c.Transport = sip.TCP }

// soon is the context of what must happen.
func (o *office) soon() context.Context { return apptest.Soon(o.t) }

// dial calls somebody from a softphone.
func (o *office) dial(p *softphone.Phone, number string) *softphone.Call {
	o.t.Helper()
	c, err := p.Dial(o.soon(), number)
	if err != nil {
		o.t.Fatal(err)
	}
	return c
}

// talk calls somebody and waits until both phones are connected.
func (o *office) talk(from, to *softphone.Phone, number string) (caller, callee *softphone.Call) {
	o.t.Helper()
	caller = o.dial(from, number)
	callee = o.incoming(to)
	if err := callee.Answer(); err != nil && !strings.Contains(err.Error(), "too late") {
		o.t.Fatal(err)
	}
	for _, c := range []*softphone.Call{caller, callee} {
		if err := c.Answered(o.soon()); err != nil {
			o.t.Fatal(err)
		}
	}
	return caller, callee
}

func (o *office) incoming(p *softphone.Phone) *softphone.Call {
	o.t.Helper()
	c, err := p.Incoming(o.soon())
	if err != nil {
		o.t.Fatal(err)
	}
	return c
}

// over waits for the end of a softphone's call.
func (o *office) over(c *softphone.Call) softphone.End {
	o.t.Helper()
	end, err := c.Ended(o.soon())
	if err != nil {
		o.t.Fatal(err)
	}
	return end
}

// logIn makes a desk somebody's by *88, and hangs up once the session is there.
func (o *office) logIn(desk *softphone.Phone, extension, pin string) hotdesk.Session {
	o.t.Helper()
	c := o.dial(desk, "*88"+extension)
	if err := c.Answered(o.soon()); err != nil {
		o.t.Fatal(err)
	}
	if err := c.PressBy(o.soon(), softphone.DigitsInfo, pin+"#"); err != nil {
		o.t.Fatal(err)
	}
	session := fact[hotdesk.LoggedIn](o).Session
	c.Hangup()
	o.ended()
	return session
}

// logOut gives a desk back by *89.
func (o *office) logOut(desk *softphone.Phone) {
	o.t.Helper()
	c := o.dial(desk, "*89")
	fact[hotdesk.Ended](o)
	c.Hangup()
	o.ended()
}
