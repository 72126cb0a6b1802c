package ivr

import (
	"context"

	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
)

// Asked is what a login waits for.
type Asked string

// What is asked for, in this order.
const (
	AskedAccount  Asked = "account"
	AskedPIN      Asked = "pin"
	AskedTakeOver Asked = "take_over" // whether to take the desk over from its holder
)

// Watch is told how a login goes.
type Watch struct {
	// Asked is called before each question, again when an answer was wrong.
	Asked func(what Asked)
	// Decided is called once, before the last words: with the session that there
	// is now, or with the refusal.
	Decided func(session hotdesk.Session, err error)
}

func unwatched() Watch {
	return Watch{Asked: func(Asked) {}, Decided: func(hotdesk.Session, error) {}}
}

// Activate is [Conversations.Login] in a call that the portal's "Activate
// Phone" has made.
func (c *Conversations) Activate(ctx context.Context, caller Caller, desk Desk, watch Watch) error {
	t := c.talk(caller, desk)
	t.door, t.watch = hotdesk.DoorActivate, watch
	last, err := t.login(ctx, "")
	return t.close(ctx, last, err)
}
