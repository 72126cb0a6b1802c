package softphone_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/softphone"
)

func TestRegister(t *testing.T) {
	t.Parallel()
	for _, transport := range []sip.Transport{sip.UDP, sip.TCP} {
		t.Run(string(transport), func(t *testing.T) {
			t.Parallel()
			r := newRegistrar(t)
			r.set(func() { r.grants = "600" })
			p, events := newPhone(t, softphone.Config{
				Server: r.engine.Addr().String(), Transport: transport, User: "1001", Password: "secret",
				Domain: "acme.test", Display: "Ana Ruiz", Expires: 10 * time.Minute,
			})
			ctx := within(t)
			if err := p.Register(ctx); err != nil {
				t.Fatal(err)
			}
			req := <-r.came
			contact := sip.Value(req, "Contact")
			if req.Recipient.String() != "sip:acme.test" || !strings.Contains(contact, p.Addr().String()) && transport == sip.UDP ||
				strings.Contains(contact, "transport=tcp") != (transport == sip.TCP) {
				t.Errorf("REGISTER %v with Contact %s", req.Recipient.String(), contact)
			}
			if got := sip.Value(req, "To"); got != `"Ana Ruiz" <sip:1001@acme.test>` {
				t.Errorf("To: %s", got)
			}
			if ev := events.next(t); ev.Kind != softphone.Registered || ev.Text != "10m0s" || !p.Registered() {
				t.Errorf("event %+v", ev)
			}
			if err := p.Unregister(ctx); err != nil {
				t.Fatal(err)
			}
			again := <-r.came
			if sip.Value(again, "Expires") != "0" || sip.Value(again, "Call-ID") != sip.Value(req, "Call-ID") ||
				again.CSeq().Number <= req.CSeq().Number {
				t.Errorf("unregistered by %v", again)
			}
			if ev := events.next(t); ev.Kind != softphone.Unregistered || p.Registered() {
				t.Errorf("event %+v", ev)
			}
		})
	}
}

// TestRegistersAgain is granted a second and refreshes before it is over, answering the old challenge at once.
func TestRegistersAgain(t *testing.T) {
	t.Parallel()
	r := newRegistrar(t)
	r.set(func() { r.grants = "1" })
	p, _ := newPhone(t, softphone.Config{Server: r.engine.Addr().String(), User: "1001", Password: "secret"})
	if err := p.Register(within(t)); err != nil {
		t.Fatal(err)
	}
	first, second := <-r.came, <-r.came
	if second.CSeq().Number != first.CSeq().Number+1 {
		t.Errorf("CSeq %d after %d", second.CSeq().Number, first.CSeq().Number)
	}
}

// TestUnregisterWhileRegistering gives up while a refresh is under way, which must not bring it back.
func TestUnregisterWhileRegistering(t *testing.T) {
	t.Parallel()
	r := newRegistrar(t)
	held := make(chan chan struct{})
	r.set(func() { r.grants = "3600" })
	p, _ := newPhone(t, softphone.Config{Server: r.engine.Addr().String(), User: "1001", Password: "secret"})
	if err := p.Register(within(t)); err != nil {
		t.Fatal(err)
	}
	r.set(func() { r.held = held })
	done := make(chan error, 2)
	go func() { done <- p.Register(within(t)) }()
	refresh := <-held
	go func() { done <- p.Unregister(within(t)) }()
	for p.Registered() { // until it has begun
		runtime.Gosched()
	}
	close(refresh)
	close(<-held)
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if p.Registered() {
		t.Error("it is registered again")
	}
}

// TestConnectionLost registers again when the server closes the connection.
func TestConnectionLost(t *testing.T) {
	t.Parallel()
	r := newRegistrar(t)
	r.set(func() { r.grants = "3600" })
	server := r.engine.Addr().String()
	p, events := newPhone(t, softphone.Config{Server: server, Transport: sip.TCP, User: "1001", Password: "secret"})
	if err := p.Register(within(t)); err != nil {
		t.Fatal(err)
	}
	if ev := events.next(t); ev.Kind != softphone.Registered {
		t.Fatalf("event %+v", ev)
	}
	if err := r.engine.Close(); err != nil {
		t.Fatal(err)
	}
	if ev := events.next(t); ev.Kind != softphone.RegisterFailed {
		t.Errorf("event %+v", ev)
	}
}

func TestRegisterRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		password string
		refuse   int
		want     int
	}{
		"wrong password": {"guess", 0, 401},
		"no password":    {"", 0, 401},
		"forbidden":      {"secret", 403, 403},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRegistrar(t)
			r.set(func() { r.refuse = c.refuse })
			p, events := newPhone(t, softphone.Config{Server: r.engine.Addr().String(), User: "1001", Password: c.password})
			err := p.Register(within(t))
			refused := (*softphone.RefusedError)(nil)
			if !errors.As(err, &refused) || refused.Code != c.want {
				t.Errorf("error is %v", err)
			}
			if ev := events.next(t); ev.Kind != softphone.RegisterFailed || ev.Code != c.want || p.Registered() {
				t.Errorf("event %+v", ev)
			}
		})
	}
}

func TestIntervalTooBrief(t *testing.T) {
	t.Parallel()
	r := newRegistrar(t)
	r.set(func() { r.least, r.grants = 120, "120" })
	p, _ := newPhone(t, softphone.Config{Server: r.engine.Addr().String(), User: "1001", Password: "secret", Expires: time.Minute})
	if err := p.Register(within(t)); err != nil {
		t.Fatal(err)
	}
	if got := sip.Value(<-r.came, "Expires"); got != "120" {
		t.Errorf("Expires: %s", got)
	}
}

func TestServerIsNotThere(t *testing.T) {
	t.Parallel()
	p, _ := newPhone(t, softphone.Config{Server: "127.0.0.1:9", Transport: sip.TCP, User: "1001"})
	if err := p.Register(within(t)); err == nil {
		t.Error("registered with nobody")
	}
	silent, _ := newPhone(t, softphone.Config{Server: "127.0.0.1:9", User: "1001"})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := silent.Register(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error is %v", err)
	}
}

func TestConfigErrors(t *testing.T) {
	t.Parallel()
	for _, cfg := range []softphone.Config{
		{Server: "127.0.0.1:5060"},
		{User: "1001"},
		{User: "1001", Server: "a b"},
		{User: "1001", Server: "127.0.0.1", Listen: "nonsense"},
	} {
		if p, err := softphone.New(cfg); err == nil {
			p.Close()
			t.Errorf("%+v is taken", cfg)
		}
	}
}
