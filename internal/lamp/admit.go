package lamp

import (
	"context"
	"strings"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/subscription"
)

// lookTime bounds how long a phone waits for what the store has to say.
const lookTime = 10 * time.Second

// admit decides whose state a device gets to see: of its own messages and
// registration nobody else's, of calls and presence that of its domain.
func (s *Service) admit(w subscription.Wish, device directory.Device, domain directory.Domain) (string, error) {
	name, host, _ := strings.Cut(strings.ToLower(sip.URIUser(w.Resource)), "@")
	if host == "" {
		host = w.Resource.Host
	}
	if named, known := s.cfg.Directory.DomainByName(host); known && named.ID != domain.ID {
		name = "" // domains never see each other
	}
	switch w.Package {
	case messageSummary:
		own, err := s.isOwn(name, device, domain)
		if err == nil && !own {
			err = &subscription.RefusedError{Code: 403, Reason: "Not Your Mailbox"}
		}
		return device.ID, err
	case registration:
		if name != device.Name {
			return "", &subscription.RefusedError{Code: 403, Reason: "Not Your Registration"}
		}
		return device.ID, nil
	default:
		user, ok := s.cfg.Directory.UserByExtension(domain.ID, name)
		if !ok {
			return "", &subscription.RefusedError{Code: 404, Reason: "Not Found"}
		}
		return user.ID, nil
	}
}

// isOwn tells whether an address is a name for the messages that a device shows:
// its own, that of the mailbox code, or the extension of whoever it belongs to
// or is held by. Whichever it is, the lamp shows the holder's.
func (s *Service) isOwn(name string, device directory.Device, domain directory.Domain) (bool, error) {
	switch name {
	case "":
		return false, nil
	case device.Name, domain.HotDesking.MailboxCode:
		return true, nil
	}
	if owner, ok := s.cfg.Directory.User(device.OwnerID); ok && owner.Extension == name {
		return true, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookTime)
	defer cancel()
	holder, err := s.cfg.Sessions.HolderOf(ctx, device)
	return err == nil && holder.User != nil && holder.User.Extension == name, err
}
