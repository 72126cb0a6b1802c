package lamp_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/e2e/rawphone"
	"github.com/hotdesk-pbx/hotdesk/internal/app"
	"github.com/hotdesk-pbx/hotdesk/internal/apptest"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/voicemail"
)

// office is a running server with three people and a desk: Ana (1001) has the
// phones ana-1 and ana-2, Ben (1002) and Caro (1003) one each. Another domain
// has a phone of its own.
type office struct {
	*apptest.Office
	t      *testing.T
	domain directory.Domain
}

const acme = `[domain]
name = "acme.test"
timezone = "America/Toronto"
country = "CA"
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
name = "Ben <& Okafor"
pin = "2580"
  [[user.device]]
  name = "ben"
  password = "secret-of-ben-12345"
[[user]]
extension = "1003"
name = "Caro Müller"
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

const other = `[domain]
name = "other.test"
timezone = "America/Toronto"
country = "CA"
[[user]]
extension = "1001"
name = "Olga"
pin = "4711"
  [[user.device]]
  name = "olga"
  password = "secret-of-olga-12345"
`

func start(t *testing.T) *office {
	t.Helper()
	const ms = time.Millisecond
	timers := sip.Timers{T1: 50 * ms, T2: 200 * ms, T4: 100 * ms, Trying: 20 * ms} // 64*T1 is 3.2 s
	o := &office{Office: apptest.Start(t, func(c *app.Config) { c.SIPTimers = timers }), t: t}
	o.domain = o.Apply(t, acme)
	o.Apply(t, other)
	return o
}

// phone is a hand-made phone of acme.test.
func (o *office) phone(device string) *rawphone.Phone {
	o.t.Helper()
	return rawphone.Listen(o.t, "127.0.0.1", o.account(device))
}

func (o *office) account(device string) rawphone.Account {
	return rawphone.Account{User: device, Password: apptest.Password(device), Server: o.App.SIPAddr().String()}
}

func (o *office) user(extension string) directory.User {
	o.t.Helper()
	u, ok := o.App.Directory().UserByExtension(o.domain.ID, extension)
	if !ok {
		o.t.Fatalf("no user %s", extension)
	}
	return u
}

func (o *office) device(name string) directory.Device {
	o.t.Helper()
	d, ok := o.App.Directory().DeviceByName(o.domain.ID, name)
	if !ok {
		o.t.Fatalf("no device %s", name)
	}
	return d
}

// logIn makes the desk Ana's, as the star code does.
func (o *office) logIn() {
	o.t.Helper()
	if _, err := o.App.Sessions().Login(o.t.Context(), hotdesk.LoginRequest{
		DeviceID: o.device("5401").ID, UserID: o.user("1001").ID, By: hotdesk.By{Door: hotdesk.DoorStarCode},
	}); err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) logOut() {
	o.t.Helper()
	if _, err := o.App.Sessions().Release(o.t.Context(), o.device("5401").ID, hotdesk.By{Door: hotdesk.DoorStarCode}); err != nil {
		o.t.Fatal(err)
	}
}

// leave leaves a message for Ana.
func (o *office) leave() voicemail.Message {
	o.t.Helper()
	take, err := o.App.Mailboxes().Begin(o.t.Context(), o.user("1001"), directory.NewID(), voicemail.Party{Number: "1003"})
	if err != nil {
		o.t.Fatal(err)
	}
	sound := make([]int16, 2*8000)
	if err := errors.Join(take.Write(sound), take.Close(len(sound))); err != nil {
		o.t.Fatal(err)
	}
	m, err := take.Keep(o.t.Context())
	if err != nil {
		o.t.Fatal(err)
	}
	return m
}

// listenTo saves a message, as a person does who has heard it.
func (o *office) listenTo(m voicemail.Message) {
	o.t.Helper()
	if err := o.App.Mailboxes().Mark(o.t.Context(), m.UserID, voicemail.StateSaved, m.ID); err != nil {
		o.t.Fatal(err)
	}
}

// shows is the line of a lamp's body that counts the messages.
func shows(m rawphone.Message) string {
	for line := range strings.SplitSeq(m.Body(), "\r\n") {
		if counts, ok := strings.CutPrefix(line, "Voice-Message: "); ok {
			return counts
		}
	}
	return ""
}
