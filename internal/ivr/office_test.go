package ivr_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/events"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr/prompts"
	"github.com/hotdesk-pbx/hotdesk/internal/login"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The sentences of a login.
const (
	askAccount = "Please enter your account number, then press the pound key."
	askPIN     = "Please enter your PIN, then press the pound key."
	wrong      = "That account number and PIN do not match. Please try again."
	wrongBye   = "That account number and PIN do not match. Please check them, and dial again. Goodbye."
	noEntry    = "No number was entered."
	noEntryBye = "No number was entered. Please hang up, and dial again when you are ready. Goodbye."
	tooLong    = "That number is too long. Please try again."
	tooMany    = "Too many keys were pressed. Please hang up, and dial again. Goodbye."
	failed     = "Something went wrong on our side. Please try again in a minute."
	ringsHere  = "Extension one zero zero one. Calls to you now ring here, until two a.m."
	inUseBy    = "This desk is in use by extension one zero zero two, since nine twelve, unused for three hours. To take it over, press two."
	leftAsItIs = "The desk was not taken over. Please choose another desk."
)

// caller is a person who follows a script: each sentence heard makes the
// person press the next keys. "~" lets a pause go by, "!" hangs up.
type caller struct {
	t       *testing.T
	ahead   string              // pressed before anything is heard
	answers map[string][]string // by sentence, one for each time it is spoken
	heard   []string
	samples int // of sound that was played to its end
	hungUp  int
	at      string   // the device; window-1 when empty
	speaks  []speech // into one recording after the other
	played  [][]int16
}

// speech is what a caller says, and the keys pressed at the end of it.
type speech struct {
	pcm  []int16
	keys string
}

func (c *caller) Publish(fact events.Fact) {
	said, ok := fact.(ivr.Said)
	if !ok || said.CallID != "call-1" || said.DomainID != "acme" || said.DeviceID != placeOr(c.at) {
		c.t.Errorf("published %+v", fact)
	}
	c.heard = append(c.heard, said.Text)
	if keys := c.answers[said.Text]; len(keys) > 0 {
		c.ahead += keys[0]
		c.answers[said.Text] = keys[1:]
	}
}

func (c *caller) Play(ctx context.Context, pcm []int16) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case strings.HasPrefix(c.ahead, "!"):
		return ivr.ErrGone
	case c.ahead != "" && c.ahead[0] != '~':
		return nil
	}
	<-time.After(time.Duration(len(pcm)) * time.Second / prompts.Rate)
	c.samples += len(pcm)
	c.played = append(c.played, pcm)
	return nil
}

func (c *caller) Hear(ctx context.Context, take func([]int16) bool) error {
	var s speech
	if len(c.speaks) > 0 {
		s, c.speaks = c.speaks[0], c.speaks[1:]
	}
	const piece = prompts.Rate / 10
	for pcm := s.pcm; len(pcm) > 0; {
		<-time.After(100 * time.Millisecond)
		n := min(piece, len(pcm))
		if !take(pcm[:n]) {
			return nil
		}
		pcm = pcm[n:]
	}
	c.ahead += s.keys
	for {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case strings.HasPrefix(c.ahead, "!"):
			return ivr.ErrGone
		case c.ahead != "" && c.ahead[0] != '~':
			return nil
		}
		<-time.After(ivr.Quiet)
		if !take(nil) {
			return nil
		}
	}
}

func (c *caller) Digit(ctx context.Context, wait time.Duration) (rune, error) {
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	if c.ahead == "" || c.ahead[0] == '~' {
		if wait > 0 {
			c.ahead = strings.TrimPrefix(c.ahead, "~")
			<-time.After(wait)
		}
		return 0, ivr.ErrSilence
	}
	if c.ahead[0] == '!' {
		return 0, ivr.ErrGone
	}
	key := rune(c.ahead[0])
	c.ahead = c.ahead[1:]
	return key, nil
}

func (c *caller) Hangup() { c.hungUp++ }

// placeOr is the device a test speaks of.
func placeOr(device string) string {
	if device == "" {
		return "window-1"
	}
	return device
}

// office is what the conversations ask: it knows 1001 and 1002, whose PIN is 4711.
type office struct {
	ivr.Directory // a login asks only for what stands below

	t        *testing.T
	at       string             // the device; window-1 when empty
	names    map[string][]int16 // recorded, by user ID
	now      time.Time
	checked  error               // of CheckDesk
	pin      error               // of CheckPIN, once account and PIN are right
	logins   []error             // of Login, one for each
	result   hotdesk.LoginResult // of a login that succeeds
	released error               // of Release
	unnamed  error               // of Name
	ended    []hotdesk.Session   // of ReleasePerson
	refuse   error               // of Refuse
	keep     error               // of Keep
	kept     []string            // IDs of sessions
	asked    []string            // account and PIN
	requests []hotdesk.LoginRequest
	refused  []string
	releases []hotdesk.By
	hangUp   func() // as soon as the PIN is keyed in

	asks     bool  // where calls shall ring
	phones   int   // of each person's own
	ringHere bool  // what is remembered of that
	edit     error // of Edit
	edits    int
}

func (o *office) CheckPIN(_ context.Context, domainID, deviceID, extension, pin string) (directory.User, error) {
	if domainID != "acme" || deviceID != placeOr(o.at) {
		o.t.Errorf("asked for the PIN at %s in %s", deviceID, domainID)
	}
	o.asked = append(o.asked, extension+"/"+pin)
	if o.hangUp != nil {
		o.hangUp()
	}
	if user, ok := o.User("user-" + extension); ok && pin == "4711" {
		return user, o.pin
	}
	return directory.User{}, login.ErrWrong
}

// spoken are the names that people have recorded in the office.
type spoken struct {
	ivr.Greetings

	office *office
}

func (s spoken) Name(_ context.Context, userID string) ([]int16, error) {
	return s.office.names[userID], s.office.unnamed
}

func (o *office) CheckMailbox(ctx context.Context, domainID, deviceID, extension, pin string) (directory.User, error) {
	return o.CheckPIN(ctx, domainID, deviceID, extension, pin)
}

func (o *office) Domain(id string) (directory.Domain, bool) {
	return directory.Domain{ID: id, HotDesking: directory.HotDesking{AskRinging: o.asks}}, id == "acme"
}

func (o *office) DevicesOf(string) []directory.Device { return make([]directory.Device, o.phones) }

func (o *office) Edit(ctx context.Context, actor directory.Actor, domainID string, change func(*directory.Office) error) (directory.Edit, error) {
	o.lasts(ctx)
	user, _ := o.User("user-1001")
	stored := directory.Office{Users: []directory.User{user}}
	if actor.Name != user.ID || domainID != "acme" {
		o.t.Errorf("%s changes %s", actor.Name, domainID)
	}
	if err := change(&stored); err != nil {
		return directory.Edit{}, err
	}
	if o.edit != nil {
		return directory.Edit{}, o.edit
	}
	o.ringHere = stored.Users[0].Answering.RingHereOnly
	o.edits++
	return directory.Edit{}, nil
}

func (o *office) User(id string) (directory.User, bool) {
	switch id {
	case "user-1001", "user-1002":
		return directory.User{
			ID: id, DomainID: "acme", Extension: strings.TrimPrefix(id, "user-"), Name: "Bob",
			Answering: directory.Answering{RingHereOnly: o.ringHere},
		}, true
	default:
		return directory.User{}, false
	}
}

func (o *office) CheckDesk(_ context.Context, deviceID string) error {
	if deviceID != "window-1" {
		o.t.Errorf("checked %s", deviceID)
	}
	return o.checked
}

func (o *office) Login(ctx context.Context, req hotdesk.LoginRequest) (hotdesk.LoginResult, error) {
	o.lasts(ctx)
	o.requests = append(o.requests, req)
	if len(o.logins) > 0 {
		err := o.logins[0]
		o.logins = o.logins[1:]
		if err != nil {
			return hotdesk.LoginResult{}, err
		}
	}
	return o.result, nil
}

func (o *office) Release(ctx context.Context, deviceID string, by hotdesk.By) (hotdesk.Session, error) {
	o.lasts(ctx)
	o.releases = append(o.releases, by)
	if deviceID != "window-1" {
		o.t.Errorf("released %s", deviceID)
	}
	return hotdesk.Session{}, o.released
}

func (o *office) ReleasePerson(ctx context.Context, userID string, by hotdesk.By) ([]hotdesk.Session, error) {
	o.lasts(ctx)
	o.releases = append(o.releases, by)
	if userID != "user-1001" {
		o.t.Errorf("released the sessions of %s", userID)
	}
	return o.ended, o.released
}

func (o *office) Refuse(ctx context.Context, refused hotdesk.Refused) error {
	o.lasts(ctx)
	if refused.DeviceID != "window-1" || refused.Door != hotdesk.DoorStarCode {
		o.t.Errorf("refused %+v", refused)
	}
	o.refused = append(o.refused, refused.Account+" "+refused.Code)
	return o.refuse
}

func (o *office) Keep(ctx context.Context, sessionID string) (hotdesk.Session, error) {
	o.lasts(ctx)
	o.kept = append(o.kept, sessionID)
	return o.result.Session, o.keep
}

// lasts checks that a change is not undone by the caller hanging up.
func (o *office) lasts(ctx context.Context) {
	if ctx.Err() != nil {
		o.t.Error("the change ends with the call")
	}
}

// newOffice is an office at 13:00 in Toronto, where sessions end at 02:00.
func newOffice(t *testing.T) *office {
	t.Helper()
	toronto := zone(t)
	ends := time.Date(2026, 11, 24, 2, 0, 0, 0, toronto)
	return &office{
		t:      t,
		now:    time.Date(2026, 11, 23, 13, 0, 0, 0, toronto).UTC(),
		result: hotdesk.LoginResult{Started: true, Session: hotdesk.Session{EndsAt: ends.UTC()}},
	}
}

func zone(t *testing.T) *time.Location {
	t.Helper()
	toronto, err := time.LoadLocation("America/Toronto")
	if err != nil {
		t.Fatal(err)
	}
	return toronto
}

// talk lets a caller have a conversation.
func talk(t *testing.T, o *office, c *caller, have func(*ivr.Conversations, ivr.Desk) error) error {
	t.Helper()
	c.t = t
	log := slog.New(slog.DiscardHandler)
	library, err := prompts.New(nil, log)
	if err != nil {
		t.Fatal(err)
	}
	conversations := ivr.New(ivr.Config{
		PINs: o, Desks: o, Directory: o, Greetings: spoken{office: o}, Prompts: library, Events: c, Log: log,
		Now: func() time.Time { return o.now },
	})
	err = have(conversations, ivr.Desk{
		CallID: "call-1", DomainID: "acme", Domain: "acme.test", Language: "en",
		Zone: zone(t), LoginCode: "*88", DeviceID: "window-1",
	})
	if c.hungUp != 1 {
		t.Errorf("hung up %d times, want once", c.hungUp)
	}
	return err
}

// logIn lets a caller log in and compares what was heard.
func logIn(t *testing.T, o *office, c *caller, extension string, want ...string) {
	t.Helper()
	err := talk(t, o, c, func(conversations *ivr.Conversations, desk ivr.Desk) error {
		return conversations.Login(t.Context(), c, desk, extension)
	})
	if err != nil && !slices.Contains(want, failed) {
		t.Errorf("Login: %v", err)
	}
	if diff := cmp.Diff(want, c.heard); diff != "" {
		t.Errorf("heard (-want +got):\n%s", diff)
	}
}

// rightKeys answers both questions rightly.
func rightKeys() map[string][]string {
	return map[string][]string{askAccount: {"1001#"}, askPIN: {"4711#"}}
}

var errDisk = errors.New("the disk is full")
