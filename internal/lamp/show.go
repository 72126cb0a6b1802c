package lamp

import (
	"context"
	"fmt"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/subscription"
	"github.com/hotdesk-pbx/hotdesk/internal/voicemail"
)

const summaryType = "application/simple-message-summary"

// Show implements [subscription.Source].
func (s *Service) Show(ctx context.Context, subscriber string, topic subscription.Topic) (subscription.Body, error) {
	device, ok := s.cfg.Directory.Device(subscriber)
	if !ok || device.Disabled {
		return subscription.Body{}, subscription.ErrRejected
	}
	domain, ok := s.cfg.Directory.Domain(device.DomainID)
	if !ok {
		return subscription.Body{}, subscription.ErrNoResource
	}
	switch topic.Package {
	case messageSummary:
		counts, err := s.countsOf(ctx, device)
		return subscription.Body{Text: summary(counts, domain)}, err
	case registration:
		return s.reginfo(device, domain), nil
	}
	user, ok := s.cfg.Directory.User(topic.Subject)
	if !ok || user.DomainID != domain.ID {
		return subscription.Body{}, subscription.ErrNoResource
	}
	if topic.Package == presence {
		return s.pidf(ctx, user, domain)
	}
	return s.dialogs(user, domain), nil
}

// countsOf are the messages that a device shows: those of whoever it acts for now.
func (s *Service) countsOf(ctx context.Context, device directory.Device) (voicemail.Counts, error) {
	holder, err := s.cfg.Sessions.HolderOf(ctx, device)
	if err != nil || holder.User == nil {
		return voicemail.Counts{}, err
	}
	return s.cfg.Mailboxes.Counts(ctx, holder.User.ID)
}

// summary is the body of RFC 3842 5. The account is what a phone dials to listen.
func summary(counts voicemail.Counts, domain directory.Domain) []byte {
	waiting, account := "no", ""
	if counts.New > 0 {
		waiting = "yes"
	}
	if code := domain.HotDesking.MailboxCode; code != "" {
		account = "Message-Account: " + address(code, domain) + "\r\n"
	}
	return fmt.Appendf(nil, "Messages-Waiting: %s\r\n%sVoice-Message: %d/%d (0/0)\r\n", waiting, account, counts.New, counts.Saved)
}

func address(user string, domain directory.Domain) string { return "sip:" + user + "@" + domain.Name }
