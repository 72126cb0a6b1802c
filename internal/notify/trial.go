package notify

import (
	"context"
	"errors"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
)

// trialPatience is how long somebody waits for a test mail who looks on.
const trialPatience = 20 * time.Second

// Test sends a mail that only shows that the domain's mail server takes mail. It
// is not tried again. Its error says in words why it was not taken.
func (s *Service) Test(ctx context.Context, domainID, to string) error {
	ctx, cancel := context.WithTimeout(ctx, min(trialPatience, 2*s.cfg.Patience))
	defer cancel()
	domain, found := s.cfg.Directory.Domain(domainID)
	if !found || domain.Mail.Address == "" {
		return errNoServer
	}
	test := letter{
		subject: "Test from Hotdesk", rows: []row{{"Domain", domain.Name}, {"Mail server", domain.Mail.Address}},
		closing: "This mail shows that Hotdesk can send mail. You need not answer it.",
	}
	message, err := test.message(domain, outbox.Delivery{Fact: outbox.Fact{ID: directory.NewID(), At: s.cfg.Now()}, Recipient: to})
	if err != nil {
		return err
	}
	client, err := s.client(ctx, domain.Mail)
	if err != nil {
		return err
	}
	if err := client.DialAndSendWithContext(ctx, message); err != nil && !message.IsDelivered() {
		return errors.New(wordsOf(err))
	}
	return nil
}
