package switchboard

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/dialplan"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr"
)

// maxForwards bounds how often a call is led on.
const maxForwards = 5

// search is the way of a call to whom it reaches in the end: whoever was
// called, and whoever a forward leads on to.
type search struct {
	*call
	visited []string // IDs of the users the call has come to
}

// personOf is a user as a party of a call before any device is known.
func personOf(user directory.User) callrecord.Party {
	return callrecord.Party{UserID: user.ID, Number: user.Extension, Name: user.Name}
}

// connect calls an extension of the domain.
func (c *call) connect(ctx context.Context, extension string) outcome {
	user, ok := c.board.cfg.Directory.UserByExtension(c.domain.ID, extension)
	if !ok || user.Disabled {
		return outcomeNotFound()
	}
	return c.seek(ctx, user)
}

// seek calls a user.
func (c *call) seek(ctx context.Context, user directory.User) outcome {
	c.occupy(c.waiting)
	s := &search{call: c}
	return s.to(ctx, user)
}

// to goes through the stages of a call to one user: a forward of all calls,
// the user's phones, and what the user wants when these do not answer.
func (s *search) to(ctx context.Context, user directory.User) outcome {
	if s.transfer == nil {
		s.record.Callee = personOf(user)
	}
	if s.hops < 1 {
		return outcome{statusTooManyHops, "Too Many Hops", callrecord.Failed}
	}
	if slices.Contains(s.visited, user.ID) || len(s.visited) > maxForwards {
		return s.announce(ctx, ivr.ForwardCircle, outcome{statusLoopDetected, "Forwards In A Circle", callrecord.Failed})
	}
	s.visited = append(s.visited, user.ID)
	switch wish := user.Answering; {
	case wish.ForwardAll != "":
		return s.forward(ctx, user, wish.ForwardAll)
	case wish.DoNotDisturb:
		return s.unanswered(ctx, user, outcomeDoNotDisturb())
	}
	winner, o := s.phonesOf(ctx, user)
	if winner != nil {
		return s.talk(ctx, winner)
	}
	return s.unanswered(ctx, user, o)
}

// phonesOf rings the phones of a user.
func (s *search) phonesOf(ctx context.Context, user directory.User) (*party, outcome) {
	targets, err := s.targets(ctx, user)
	if err != nil {
		s.log.Error("find the phones", slog.Any("error", err))
		return nil, outcomeFailed()
	}
	s.redirect = ""
	ringFor := s.board.cfg.RingFor
	if user.Answering.RingSeconds > 0 {
		ringFor = time.Duration(user.Answering.RingSeconds) * time.Second
	}
	return s.ring(destination{groups: [][]target{targets}, ringFor: ringFor})
}

// unanswered does what a user wants done with a call that none of the user's
// phones has answered.
func (s *search) unanswered(ctx context.Context, user directory.User, o outcome) outcome {
	if number := s.redirect; number != "" && o.result == callrecord.NotReached { // no phone has said anything else
		s.redirect = ""
		return s.forward(ctx, user, number)
	}
	if number := forwardAfter(user.Answering, o.result); number != "" {
		return s.forward(ctx, user, number)
	}
	if s.wantsMailbox(user, o) {
		return s.leaveMessage(ctx, user, o)
	}
	return o
}

// forwardAfter is where a user forwards calls that ended so. A phone's key to
// decline is a way to say busy.
func forwardAfter(wish directory.Answering, result callrecord.Result) string {
	switch result {
	case callrecord.Busy, callrecord.Declined:
		return wish.ForwardBusy
	case callrecord.NoAnswer, callrecord.NotReached:
		return wish.ForwardNoAnswer
	default:
		return ""
	}
}

// forward leads the call on, by the right of the user who forwards it.
func (s *search) forward(ctx context.Context, by directory.User, number string) outcome {
	if s.transfer == nil {
		s.record.Via = callrecord.Forwarded
		s.record.Diverted = cmp.Or(s.record.Diverted, personOf(by))
	}
	s.log.Info("forwarded", slog.String("by", by.Extension), slog.String("to", number))
	switch action := s.read(number); action.Kind {
	case dialplan.Extension:
		if user, ok := s.board.cfg.Directory.UserByExtension(s.domain.ID, action.Number); ok && !user.Disabled {
			return s.to(ctx, user)
		}
	case dialplan.ToMailbox:
		return s.toMailbox(ctx, action.Number)
	case dialplan.Outside:
		if user, ok := s.numbered(action.Number); ok {
			return s.to(ctx, user)
		}
		return s.outside(ctx, action.Number, &by)
	default:
	}
	return s.announce(ctx, ivr.NotInService, outcomeNotFound())
}
