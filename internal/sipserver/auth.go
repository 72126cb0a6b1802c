package sipserver

import (
	"log/slog"
	"strings"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/digest"
)

// party is a device that has proven itself, and its domain.
type party struct {
	device directory.Device
	domain directory.Domain
}

// callerDomain finds the domain of a call: that of its caller. The From of an
// authenticated request is only a claim, but a wrong one just leads to a realm
// in which the caller has no password.
func (s *Server) callerDomain(req *sip.Request) (directory.Domain, bool) {
	from := req.From().URI
	if name, host := account(sip.URIUser(from)); host != "" {
		if domain, ok := s.cfg.Directory.DomainByName(host); ok && name != "" {
			return domain, true
		}
	}
	if domain, ok := s.cfg.Directory.DomainByName(from.Host); ok {
		return domain, true
	}
	return s.cfg.Directory.ForHost(req.Recipient.Host)
}

// registrarDomain finds the domain of a REGISTER: that of the address that is
// registered.
func (s *Server) registrarDomain(req *sip.Request) (directory.Domain, bool) {
	to := req.To().URI
	if domain, _, ok := s.cfg.Directory.ForLogin(sip.URIUser(to), to.Host); ok {
		return domain, true
	}
	return s.cfg.Directory.ForHost(to.Host)
}

// authenticate proves by digest which device sent a request, and answers the
// request where it cannot: with a challenge, the same for unknown names and
// wrong passwords, or 404 for a domain that is not here.
func (s *Server) authenticate(tx *sip.ServerTx, domainOf func(*sip.Request) (directory.Domain, bool)) (party, bool) {
	req, source := tx.Request(), tx.Flow().Remote.Addr()
	domain, ok := domainOf(req)
	if !ok {
		s.reply(tx, 404, "No Such Domain Here")
		return party{}, false
	}
	var device directory.Device
	result := s.cfg.Digest.Check(digest.Request{
		Method: string(req.Method), Authorization: sip.Values(req, "Authorization"), Peer: source.String(),
	}, domain.Name, func(username string) (secrets digest.Secrets, known bool) {
		device, secrets, known = s.secrets(domain, username)
		return secrets, known
	})
	switch result.Outcome {
	case digest.OK:
		s.failures.clear(source)
		return party{device: device, domain: domain}, true
	case digest.Stale:
		s.challenge(tx, s.cfg.Digest.StaleChallenges(domain.Name, source.String()))
	case digest.Wrong:
		s.failed(tx, domain, result.Username)
		s.challenge(tx, s.cfg.Digest.Challenges(domain.Name, source.String()))
	case digest.Missing, digest.Malformed:
		s.challenge(tx, s.cfg.Digest.Challenges(domain.Name, source.String()))
	}
	return party{}, false
}

// secrets finds the secrets of a user name as a phone sends it: the device's
// name, alone or with the domain.
func (s *Server) secrets(domain directory.Domain, username string) (directory.Device, digest.Secrets, bool) {
	name, host := account(username)
	device, ok := s.cfg.Directory.DeviceByName(domain.ID, name)
	if !ok || device.Disabled || host != "" && host != domain.Name {
		return directory.Device{}, digest.Secrets{}, false
	}
	if strings.Contains(username, "@") {
		return device, digest.Secrets{MD5: device.FullHA1MD5, SHA256: device.FullHA1SHA256}, true
	}
	return device, digest.Secrets{MD5: device.HA1MD5, SHA256: device.HA1SHA256}, true
}

func (s *Server) challenge(tx *sip.ServerTx, challenges []string) {
	headers := make([]sip.Header, 0, len(challenges))
	for _, value := range challenges {
		headers = append(headers, sip.NewHeader("WWW-Authenticate", value))
	}
	s.reply(tx, 401, "Unauthorized", headers...)
}

// failed counts a wrong password, and shuts its source out when it was too many.
func (s *Server) failed(tx *sip.ServerTx, domain directory.Domain, username string) {
	source := tx.Flow().Remote.Addr()
	log := s.cfg.Log.With(slog.String("source", source.String()), slog.String("domain", domain.Name))
	log.Info("wrong name or password", slog.String("name", shortened(username)), slog.String("method", string(tx.Request().Method)))
	if s.fromEdge(tx.Flow()) || !s.failures.add(source) {
		return
	}
	log.Warn("a source that guesses passwords is banned", slog.Duration("for", s.cfg.Ban.For))
	s.cfg.Engine.Ban(source, s.cfg.Ban.For)
}
