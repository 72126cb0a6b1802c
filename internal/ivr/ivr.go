package ivr

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/events"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr/prompts"
)

// Desk is the device that a conversation takes place at, as the switchboard
// knows it when the call comes in.
type Desk struct {
	CallID    string // for the log and for [Said]
	DomainID  string
	Domain    string         // its SIP name, for replaced prompts
	Language  string         // of the prompts
	Zone      *time.Location // in which times of day are spoken; nil: UTC
	LoginCode string         // "*88"
	DeviceID  string
	PersonID  string // whose own device it is; "" at a hot desk
}

// PINs proves who a caller is; login.Service does.
type PINs interface {
	// CheckPIN fails with login.ErrWrong or a *login.LockedError.
	CheckPIN(ctx context.Context, domainID, deviceID, extension, pin string) (directory.User, error)
	// CheckMailbox does the same for who wants to listen to messages.
	CheckMailbox(ctx context.Context, domainID, deviceID, extension, pin string) (directory.User, error)
}

// Desks gives desks and takes them back; hotdesk.Service does.
type Desks interface {
	CheckDesk(ctx context.Context, deviceID string) error
	Login(ctx context.Context, req hotdesk.LoginRequest) (hotdesk.LoginResult, error)
	Release(ctx context.Context, deviceID string, by hotdesk.By) (hotdesk.Session, error)
	ReleasePerson(ctx context.Context, userID string, by hotdesk.By) ([]hotdesk.Session, error)
	Refuse(ctx context.Context, refused hotdesk.Refused) error
	Keep(ctx context.Context, sessionID string) (hotdesk.Session, error)
}

// Directory knows who there is, and stores what people change by phone;
// directory.Service does.
type Directory interface {
	Domain(id string) (directory.Domain, bool)
	User(id string) (directory.User, bool)
	UserByExtension(domainID, extension string) (directory.User, bool)
	DevicesOf(userID string) []directory.Device
	Edit(ctx context.Context, actor directory.Actor, domainID string, change func(*directory.Office) error) (directory.Edit, error)
}

// Publisher takes facts; events.Bus does.
type Publisher interface {
	Publish(fact events.Fact)
}

// Said is the fact that words are spoken to a caller. It is published when
// they begin; a key may cut them short.
type Said struct {
	CallID   string
	DomainID string
	DeviceID string
	Text     string
}

// Kind names the fact.
func (Said) Kind() string { return "prompt.said" }

// Config is what the conversations need.
type Config struct {
	PINs      PINs
	Desks     Desks
	Messages  Messages
	Greetings Greetings
	Directory Directory
	Prompts   *prompts.Library
	Events    Publisher
	Now       func() time.Time
	Log       *slog.Logger
}

// Conversations speaks with callers. It is safe for concurrent use.
type Conversations struct{ cfg Config }

// New makes the conversations.
func New(cfg Config) *Conversations { return &Conversations{cfg: cfg} }

// Login asks who is there and logs that person in at the desk. With an
// extension already dialled ("*88" + extension) it asks only for the PIN.
// Whatever happens is spoken, and the caller is hung up at the end. A refusal
// is no error; the error is [ErrGone] when the caller hung up midway, that of
// the context, or a fault, which is logged here.
func (c *Conversations) Login(ctx context.Context, caller Caller, desk Desk, extension string) error {
	t := c.talk(caller, desk)
	last, err := t.login(ctx, extension)
	return t.close(ctx, last, err)
}

// Release gives the desk back ("*89"), or, at a person's own device, ends that
// person's sessions, and says what happened. It ends as [Conversations.Login] does.
func (c *Conversations) Release(ctx context.Context, caller Caller, desk Desk) error {
	t := c.talk(caller, desk)
	last, err := t.release(ctx)
	return t.close(ctx, last, err)
}

// Sentence is a plain sentence for [Conversations.Announce].
type Sentence prompts.Name

// The sentences to announce.
const (
	LoginOnly       = Sentence(prompts.LoginOnly)       // this phone can only log in and make emergency calls
	NoMailbox       = Sentence(prompts.NoMailbox)       // the mailbox is not available
	NoOutsideLine   = Sentence(prompts.NoOutsideLine)   // no trunk takes the call
	NotInService    = Sentence(prompts.NotInService)    // nobody has that number
	CallNotAllowed  = Sentence(prompts.CallNotAllowed)  // a desk nobody holds may not call there
	EmergencyFailed = Sentence(prompts.EmergencyFailed) // the emergency call found no line
	NobodyAvailable = Sentence(prompts.NobodyAvailable) // the person called has no phone that answers
	ForwardCircle   = Sentence(prompts.ForwardCircle)   // forwards led back to somebody called before
	ForwardRefused  = Sentence(prompts.ForwardRefused)  // that number is none to forward to
	LogInFirst      = Sentence(prompts.LogInFirst)      // a code that acts on whoever holds the desk, and nobody does
	NothingToPark   = Sentence(prompts.NothingToPark)   // the device has no call on hold
	NothingParked   = Sentence(prompts.NothingParked)   // nobody waits in that slot
	LotFull         = Sentence(prompts.LotFull)         // no slot is free
	NothingRings    = Sentence(prompts.NothingRings)    // no call to pick up
	UnknownCode     = Sentence(prompts.UnknownCode)     // a star code that is none, or with nonsense behind it
	OutsideBarred   = Sentence(prompts.OutsideBarred)   // the class of service does not allow it
	PremiumBarred   = Sentence(prompts.PremiumBarred)   // the domain allows no premium rate numbers
	LinesBusy       = Sentence(prompts.LinesBusy)       // every line has as many calls as it takes
	TooManyOutside  = Sentence(prompts.TooManyOutside)  // the user has
	SomethingFailed = Sentence(prompts.SomethingFailed) // an error of ours
)

// Announce speaks one sentence and hangs up. It ends as [Conversations.Login]
// does.
func (c *Conversations) Announce(ctx context.Context, caller Caller, desk Desk, sentence Sentence) error {
	last := prompts.Phrase{prompts.Name(sentence)}
	if sentence == LoginOnly {
		last = append(append(last, prompts.Digits(desk.LoginCode)...), prompts.Stop)
	}
	return c.talk(caller, desk).close(ctx, last, nil)
}

func (c *Conversations) talk(caller Caller, desk Desk) *talk {
	if desk.Zone == nil {
		desk.Zone = time.UTC
	}
	return &talk{Config: c.cfg, caller: caller, desk: desk, door: hotdesk.DoorStarCode, watch: unwatched(), keysLeft: maxKeys}
}

// release ends whatever the caller may end from here, and returns the words
// that tell it. Who dials the code and hangs up at once has released all the
// same.
func (t *talk) release(ctx context.Context) (prompts.Phrase, error) {
	ctx = context.WithoutCancel(ctx)
	if t.desk.PersonID == "" {
		_, err := t.Desks.Release(ctx, t.desk.DeviceID, hotdesk.By{Door: t.door})
		if errors.Is(err, hotdesk.ErrNoSession) {
			return prompts.Phrase{prompts.NobodyHere}, nil
		}
		return prompts.Phrase{prompts.Released}, err
	}
	by := hotdesk.By{Actor: t.desk.PersonID, Door: t.door}
	ended, err := t.Desks.ReleasePerson(ctx, t.desk.PersonID, by)
	switch {
	case errors.Is(err, hotdesk.ErrNoSession):
		return prompts.Phrase{prompts.NotLoggedIn}, nil
	case len(ended) == 1:
		return prompts.Phrase{prompts.SessionEnded}, err
	default:
		words := append(prompts.Phrase{prompts.SessionsAt}, prompts.Number(len(ended))...)
		return append(words, prompts.DesksHaveEnded), err
	}
}
