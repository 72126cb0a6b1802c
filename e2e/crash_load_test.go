package e2e_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/client"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/softphone"
)

// crashOffice has enough people and desks that most workers have their own.
func crashOffice() string {
	var b strings.Builder
	b.WriteString("[domain]\nname = \"acme.test\"\ntimezone = \"America/Toronto\"\ncountry = \"CA\"\n" +
		"[domain.mailboxes]\nenabled = false\n" + // what rings is a phone
		"[domain.hot_desking]\nwhen_taken = \"confirm\"\nwhen_elsewhere = \"move\"\nrelease_at = \"off\"\n")
	add := func(more string, extensions ...int) {
		for _, extension := range extensions {
			fmt.Fprintf(&b, "[[user]]\nextension = \"%d\"\nname = \"Number %d\"\n%s", extension, extension, more)
			fmt.Fprintf(&b, "  [[user.device]]\n  name = \"%d\"\n  password = \"secret-of-%d-12345\"\n", extension, extension)
		}
	}
	add("pin = \"4711\"\n", 1001, 1002, 1003)
	add("", 1011, 1012, 1013, 1014, 1021, 1022, 1031, 1032, 1033)
	add("", 1041, 1042, 1043, 1044, 1045, 1046, 1051, 1052, 1053, 1061, 1062, 1063, 1071)
	add("", 5401, 5402, 5403, 5411, 5412, 5413, 5421, 5422, 5431, 5432)
	return b.String()
}

// newLoad makes the phones and the workers, and registers the phones that
// answer the calls.
func newLoad(t *testing.T, s *server, seed uint64) *load {
	t.Helper()
	l := &load{server: s, client: client.New(s.data), seed: seed}
	t.Cleanup(l.client.Close)
	rest, line := restDoor{l.client}, commandDoor{s}
	manages := func(door door, shared bool, desks, people string) {
		l.workers = append(l.workers, &manager{
			door: door, shared: shared, desks: strings.Fields(desks), people: strings.Fields(people), dice: l.dice(), held: map[string]string{},
		})
	}
	manages(rest, false, "5411 5412 5413", "1011 1012 1013 1014")
	manages(line, false, "5421 5422", "1021 1022")
	manages(rest, true, "5431 5432", "1031 1032 1033")
	manages(rest, true, "5431 5432", "1031 1032 1033")
	for i, name := range []string{"1041", "1042", "1043", "1044", "1045", "1046"} {
		transport := sip.UDP
		if i%3 == 2 {
			transport = sip.TCP
		}
		l.workers = append(l.workers, &registrant{name: name, phone: crashPhone(t, s, name, softphone.Config{Transport: transport}), dice: l.dice()})
	}
	calls := func(from, to string, transport sip.Transport) {
		c := &callees{}
		phone := crashPhone(t, s, to, softphone.Config{Transport: transport, AutoAnswer: true, OnEvent: c.event})
		if err := phone.Register(t.Context()); err != nil {
			t.Fatal(err)
		}
		l.answers = append(l.answers, c)
		l.workers = append(l.workers, &caller{to: to, dice: l.dice(), dialer: dialer{device: from, phone: crashPhone(t, s, from, softphone.Config{Transport: transport})}})
	}
	calls("1051", "1061", sip.UDP)
	calls("1052", "1062", sip.TCP)
	calls("1053", "1063", sip.TCP)
	keys := func(desk, person string, transport sip.Transport, digits softphone.DigitMethod) {
		phone := crashPhone(t, s, desk, softphone.Config{Transport: transport, Digits: digits})
		l.workers = append(l.workers, &keyer{person: person, dialer: dialer{device: desk, phone: phone}})
	}
	keys("5401", "1001", sip.UDP, softphone.DigitsInfo)
	keys("5402", "1002", sip.TCP, softphone.DigitsInfoPlain)
	keys("5403", "1003", sip.UDP, softphone.DigitsEvents)
	l.checker = &registrant{name: "1071", phone: crashPhone(t, s, "1071", softphone.Config{})}
	return l
}

func crashPhone(t *testing.T, s *server, name string, cfg softphone.Config) *softphone.Phone {
	t.Helper()
	cfg.Server, cfg.Domain, cfg.User, cfg.Password = s.sip, "acme.test", name, "secret-of-"+name+"-12345"
	cfg.MaxCalls = 100
	cfg.Timers = sip.Timers{T1: 100 * time.Millisecond} // so that what the dead server left ends soon
	phone, err := softphone.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(phone.Close)
	return phone
}

// callees are the calls that a phone has answered.
type callees struct {
	mu    sync.Mutex
	calls []*softphone.Call
}

func (c *callees) event(e softphone.Event) {
	if e.Kind != softphone.Incoming {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls = append(c.calls, e.Call)
}

func (c *callees) hangUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, call := range c.calls {
		call.Hangup()
	}
	c.calls = nil
}

// registrant is a phone that registers, registers again and unregisters.
type registrant struct {
	name  string // the device and the extension of its owner
	phone *softphone.Phone
	dice  *rand.Rand

	bound, next bool      // whether it is registered, and will be when the operation under way is done
	since       time.Time // of the last REGISTER that was confirmed
	count       int
}

func (r *registrant) step(ctx context.Context) error {
	from := time.Now()
	if r.bound && r.dice.IntN(4) == 0 {
		r.next = false
		if err := r.phone.Unregister(ctx); err != nil {
			return err
		}
	} else {
		r.next = true
		if err := r.phone.Register(ctx); err != nil {
			return err
		}
		r.since = from
	}
	r.bound = r.next
	r.count++
	return nil
}

func (r *registrant) check(t *testing.T, found snapshot) {
	t.Helper()
	bindings := found.bindings[r.name]
	bound := len(bindings) == 1
	switch {
	case len(bindings) > 1:
		t.Errorf("%s has the bindings %v", r.name, bindings)
	case bound != r.bound && bound != r.next:
		t.Errorf("%s was registered: %v, but its bindings are %v", r.name, r.bound, bindings)
	case bound && r.bound && bindings[0].registered.Before(r.since.Truncate(time.Millisecond)):
		t.Errorf("%s registered again at %v, but its binding is of %v", r.name, r.since, bindings[0].registered)
	}
	r.bound, r.next = bound, bound
}

func (r *registrant) done() (string, int) { return "registrations", r.count }

// dialer is a phone that calls, and what it knows of its calls.
type dialer struct {
	phone  *softphone.Phone
	device string

	tried     int
	confirmed []confirmedCall
}

// confirmedCall is a call whose 200 came.
type confirmedCall struct {
	dialled  string
	from, to time.Time // it began in between
}

// dial calls and waits for the answer.
func (c *dialer) dial(ctx context.Context, dialled string) (*softphone.Call, error) {
	c.tried++
	from := time.Now()
	call, err := c.phone.Dial(ctx, dialled)
	if err != nil {
		return nil, err
	}
	if err := call.Answered(ctx); err != nil {
		call.Hangup()
		return nil, err
	}
	c.confirmed = append(c.confirmed, confirmedCall{dialled, from, time.Now()})
	return call, nil
}

// checkCalls finds each confirmed call once, and no more calls than were tried.
func (c *dialer) checkCalls(t *testing.T, found snapshot) {
	t.Helper()
	records := found.records[c.device]
	if len(records) > c.tried {
		t.Errorf("%s made %d calls, but there are %d records", c.device, c.tried, len(records))
	}
	for _, call := range c.confirmed {
		matches := 0
		for _, r := range records {
			if r.dialled == call.dialled && !r.started.Before(call.from.Truncate(time.Millisecond)) && !r.started.After(call.to) {
				matches++
				if r.answered.IsZero() {
					t.Errorf("the record of a call from %s to %s that was answered at %v says %+v", c.device, call.dialled, call.to, r)
				}
			}
		}
		if matches != 1 {
			t.Errorf("a call from %s to %s, answered at %v, has %d records", c.device, call.dialled, call.to, matches)
		}
	}
}

// caller makes one call after the other, short and long.
type caller struct {
	dialer

	to   string
	dice *rand.Rand
}

func (c *caller) step(ctx context.Context) error {
	call, err := c.dial(ctx, c.to)
	if err != nil {
		return err
	}
	defer call.Hangup()
	talk := time.NewTimer(time.Duration(c.dice.Int64N(int64(200 * time.Millisecond))))
	defer talk.Stop()
	select {
	case <-talk.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *caller) check(t *testing.T, found snapshot) {
	t.Helper()
	c.checkCalls(t, found)
}

func (c *caller) done() (string, int) { return "calls", len(c.confirmed) }

// keyer logs a person in at a desk by star code and keys, and out again.
type keyer struct {
	dialer

	person     string
	held, next bool
	logins     []confirmedCall // whose confirmation was heard
	attempts   int
}

func (k *keyer) step(ctx context.Context) error {
	k.next = !k.held
	var err error
	if k.next {
		err = k.logIn(ctx)
	} else {
		err = k.release(ctx)
	}
	if err == nil {
		k.held = k.next
	}
	return err
}

func (k *keyer) logIn(ctx context.Context) error {
	k.attempts++
	from := time.Now()
	call, err := k.dial(ctx, "*88"+k.person)
	if err != nil {
		return err
	}
	defer call.Hangup()
	if err := call.Press("4711#"); err != nil {
		return err
	}
	// What is still heard of the question may be on its way for a moment.
	const late = 800
	if err := hearSpeech(ctx, call, len(call.Heard())+late); err != nil {
		return err
	}
	k.logins = append(k.logins, confirmedCall{"*88", from, time.Now()})
	return nil
}

func (k *keyer) release(ctx context.Context) error {
	call, err := k.dial(ctx, "*89")
	if err != nil {
		return err
	}
	defer call.Hangup()
	return hearSpeech(ctx, call, 0)
}

// hearSpeech waits until words begin to be spoken after so many samples.
func hearSpeech(ctx context.Context, call *softphone.Call, after int) error {
	return call.Wait(ctx, func() bool {
		const part, quiet = 160, 500
		heard := call.Heard()
		for at := after; at+part <= len(heard); at += part {
			sum := 0
			for _, v := range heard[at : at+part] {
				sum += max(int(v), -int(v))
			}
			if sum > quiet*part {
				return true
			}
		}
		return false
	})
}

func (k *keyer) check(t *testing.T, found snapshot) {
	t.Helper()
	k.checkCalls(t, found)
	sessions := found.sessionsAt(k.device)
	if len(sessions) > k.attempts {
		t.Errorf("%s logged in %d times at %s, but there are %d sessions", k.person, k.attempts, k.device, len(sessions))
	}
	for _, login := range k.logins {
		matches := 0
		for _, s := range sessions {
			if s.User == k.person && !s.StartedAt.Before(login.from.Truncate(time.Millisecond)) && !s.StartedAt.After(login.to) {
				matches++
			}
		}
		if matches != 1 {
			t.Errorf("%s heard at %v of being logged in at %s, and has %d sessions since %v", k.person, login.to, k.device, matches, login.from)
		}
	}
	held := found.open[k.device] == k.person
	if held != k.held && held != k.next {
		t.Errorf("%s at %s: %v, although it heard %v", k.person, k.device, held, k.held)
	}
	k.held, k.next = held, held
}

func (k *keyer) done() (string, int) { return "logins by keys", len(k.logins) }
