package apptest

import (
	"context"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/events"
	"github.com/hotdesk-pbx/hotdesk/internal/softphone"
)

// Patience is how long a test waits for what must happen.
const Patience = time.Minute

// Phone is a softphone that is registered as a device of a domain, whose
// password is [Password]. It is closed when the test ends.
func (o *Office) Phone(t *testing.T, domain, device string, change ...func(*softphone.Config)) *softphone.Phone {
	t.Helper()
	cfg := softphone.Config{Server: o.App.SIPAddr().String(), Domain: domain, User: device, Password: Password(device)}
	for _, f := range change {
		f(&cfg)
	}
	phone, err := softphone.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(phone.Close)
	if err := phone.Register(Soon(t)); err != nil {
		t.Fatal(err)
	}
	return phone
}

// Password is the password of a device in the office files of tests.
func Password(device string) string { return "secret-of-" + device + "-12345" }

// Soon is the context of what must happen.
func Soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), Patience)
	t.Cleanup(cancel)
	return ctx
}

// Listen hears the facts of the running server from now on, until the test ends.
func (o *Office) Listen(t *testing.T) *events.Subscription {
	t.Helper()
	facts := o.App.Events().Subscribe(4096)
	t.Cleanup(facts.Close)
	return facts
}

// Await waits for a fact of a type for which a condition holds, and passes
// over all others.
func Await[F events.Fact](t *testing.T, facts *events.Subscription, holds func(F) bool) F {
	t.Helper()
	ctx := Soon(t)
	for {
		select {
		case some, open := <-facts.Facts():
			if !open {
				t.Fatal("the facts have ended")
			}
			if fact, is := some.(F); is && holds(fact) {
				return fact
			}
		case <-ctx.Done():
			t.Fatalf("no such fact: %T", *new(F))
		}
	}
}
