package notify

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
)

const (
	// giveUpAfter is how long a mail is tried.
	giveUpAfter = 3 * 24 * time.Hour
	// lastWrite bounds the writing down of a try that was cut short.
	lastWrite = 5 * time.Second
	// longestFailure bounds what is kept of a server's words.
	longestFailure = 300
)

// Why a mail is not even tried.
var (
	errNoServer = errors.New("the domain has no mail server")
	errNobody   = errors.New("the recipient is no e-mail address")
)

// Backoff is how long a delivery waits after so many tries: from seconds to an
// hour, and never more than two minutes when it is urgent.
func Backoff(tries int, urgent bool) time.Duration { //nolint:revive // flag-parameter: urgency is an input of the rule
	longest := time.Hour
	if urgent {
		longest = 2 * time.Minute
	}
	wait := 15 * time.Second
	for range min(tries, 20) - 1 {
		wait *= 2
	}
	return min(wait, longest)
}

// verdict is what becomes of a delivery after a try.
type verdict int

const (
	delivered verdict = iota
	refused           // this mail will never be taken
	later             // try again
)

// judge tells a refusal of this very mail, which is final (RFC 5321 4.2.1), from
// a server that does not do its work, for whatever reason, and may yet.
func judge(err error) verdict {
	if err == nil {
		return delivered
	}
	if failure, is := errors.AsType[*mail.SendError](err); is && failure.ErrorCode()/100 == 5 &&
		(failure.Reason == mail.ErrSMTPRcptTo || failure.Reason == mail.ErrSMTPData || failure.Reason == mail.ErrSMTPDataClose) {
		return refused
	}
	if errors.Is(err, errNoServer) || errors.Is(err, errNobody) {
		return refused
	}
	return later
}

// deliver tries a delivery once and writes down how it went. It fails when the
// server did not do its work.
func (s *Service) deliver(ctx context.Context, d outbox.Delivery) error {
	err := s.send(ctx, d)
	stopped := ctx.Err() != nil
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWrite)
	defer cancel()
	now := s.cfg.Now()
	switch judge(err) {
	case delivered:
		return s.cfg.Outbox.Delivered(ctx, d.ID)
	case refused:
		return s.giveUp(ctx, d, err)
	case later:
	}
	switch {
	case stopped:
		return errors.Join(err, s.cfg.Outbox.PutOff(ctx, d.ID, now, d.Failure))
	case now.Sub(d.Since) >= giveUpAfter:
		return errors.Join(err, s.giveUp(ctx, d, err))
	default:
		return errors.Join(err, s.cfg.Outbox.PutOff(ctx, d.ID, now.Add(Backoff(d.Tries, d.Urgent)), wordsOf(err)))
	}
}

// giveUp writes into the audit log that a mail was not delivered.
func (s *Service) giveUp(ctx context.Context, d outbox.Delivery, cause error) error {
	return s.cfg.Outbox.GiveUp(ctx, d.ID, audit.Entry{
		ID: directory.NewID(), DomainID: d.Fact.DomainID, At: s.cfg.Now(), Actor: "system", Action: "mail.given_up",
		DeviceID: deviceOf(d.Fact), UserID: userOf(d.Fact), Detail: fmt.Sprintf("%s to %s: %s", d.Fact.Kind, d.Recipient, wordsOf(cause)),
	})
}

// wordsOf puts a failure on one line of some length, without what the library
// adds about the mail.
func wordsOf(err error) string {
	words, _, _ := strings.Cut(err.Error(), ", affected ")
	words = strings.Join(strings.Fields(oneLine(words)), " ")
	if len(words) > longestFailure {
		words = strings.ToValidUTF8(words[:longestFailure], "") + "…"
	}
	return words
}
