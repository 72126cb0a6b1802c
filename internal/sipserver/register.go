package sipserver

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/location"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
)

// What a registration may ask for.
const (
	minExpires  = 60 * time.Second
	maxExpires  = time.Hour
	maxBindings = 5
	saveTimeout = 10 * time.Second // for the store; phones ask again before that
)

// refusal is a response that refuses a REGISTER.
type refusal struct {
	code    int
	reason  string
	headers []sip.Header
}

func (r *refusal) Error() string { return strconv.Itoa(r.code) + " " + r.reason }

func refuse(code int, reason string, headers ...sip.Header) error {
	return &refusal{code: code, reason: reason, headers: headers}
}

// register does what a REGISTER asks for (RFC 3261 10.3). Its 200 means that the
// bindings are on disk.
func (s *Server) register(tx *sip.ServerTx) {
	who, ok := s.authenticate(tx, s.registrarDomain)
	if !ok {
		return
	}
	bindings, err := s.rebind(tx, who)
	var no *refusal
	switch {
	case errors.As(err, &no):
		s.cfg.Log.Info("a registration was refused", slog.String("device", who.device.Name),
			slog.String("domain", who.domain.Name), slog.Int("code", no.code), slog.String("reason", no.reason))
		s.reply(tx, no.code, no.reason, no.headers...)
	case err != nil:
		s.cfg.Log.Error("a registration was not stored", slog.String("device", who.device.Name), slog.Any("error", err))
		s.reply(tx, 500, "Registration Not Stored", sip.NewHeader("Retry-After", "10"))
	default:
		s.reply(tx, 200, "OK", s.confirmation(tx.Request(), bindings)...)
	}
}

// rebind changes the bindings of the device and returns those that then hold.
func (s *Server) rebind(tx *sip.ServerTx, who party) ([]location.Binding, error) {
	req := tx.Request()
	to := req.To().URI
	if name, _ := account(sip.URIUser(to)); name != who.device.Name {
		return nil, refuse(403, "Not Your Address To Register")
	}
	if err := s.checkPath(tx); err != nil {
		return nil, err
	}
	wish, err := s.readWish(tx)
	if err != nil {
		return nil, err
	}
	if wish.empty() {
		return s.cfg.Locations.Bindings(who.device.ID), nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), saveTimeout)
	defer cancel()
	var put []location.Binding
	bindings, err := s.cfg.Locations.Apply(ctx, who.device.ID, func(current []location.Binding) (location.Change, error) {
		change, err := wish.change(current, func() []location.Binding { return s.cfg.Locations.Lookup(who.device.ID) })
		put = change.Put
		return change, err
	})
	if err != nil {
		return nil, err
	}
	s.watch(bindings, put)
	return bindings, nil
}

// watch sees to it that the phones just registered are probed. A put binding
// without an ID was new: it got its ID when it was stored.
func (s *Server) watch(bindings, put []location.Binding) {
	for _, b := range bindings {
		for _, p := range put {
			if p.Contact == b.Contact {
				s.prober.watch(b)
				break
			}
		}
	}
}

// checkPath applies RFC 3327 5.3: a phone that knows nothing of Path must agree
// to it, unless the proxy that put it there is ours.
func (s *Server) checkPath(tx *sip.ServerTx) error {
	req := tx.Request()
	path := sip.Values(req, "Path")
	if len(path) > 0 && !sip.HasOption(req, "Supported", "path") && !s.fromEdge(tx.Flow()) {
		return refuse(421, "Extension Required", sip.NewHeader("Require", "path"))
	}
	for _, value := range path {
		if a, err := sip.ParseAddress(value); err != nil || a.URI.Wildcard || a.URI.Host == "" {
			return refuse(400, "Malformed Path")
		}
	}
	if isOutbound(req) && len(sip.Values(req, "Via")) > 1 && !firstHopHolds(path) {
		return refuse(439, "First Hop Lacks Outbound Support")
	}
	return nil
}

// isOutbound tells whether a phone asks for its flow to be kept (RFC 5626 6).
func isOutbound(req *sip.Request) bool {
	if !sip.HasOption(req, "Supported", "outbound") {
		return false
	}
	for _, contact := range sip.Values(req, "Contact") {
		if _, ok := sip.Param(contact, "reg-id"); ok {
			return true
		}
	}
	return false
}

// firstHopHolds tells whether the proxy next to the phone keeps flows: it says
// so by ob in its Path value, the last.
func firstHopHolds(path []string) bool {
	if len(path) == 0 {
		return false
	}
	a, err := sip.ParseAddress(path[len(path)-1])
	if err != nil {
		return false
	}
	_, ok := sip.URIParam(a.URI, "ob")
	return ok
}

// confirmation are the headers of the 200: every binding with the time it has left.
func (s *Server) confirmation(req *sip.Request, bindings []location.Binding) []sip.Header {
	now := s.cfg.Now()
	headers := make([]sip.Header, 0, len(bindings)+4)
	for _, b := range bindings {
		headers = append(headers, sip.NewHeader("Contact", contactValue(b, now)))
	}
	headers = append(headers,
		sip.NewHeader("Date", now.UTC().Format(http.TimeFormat)),
		sip.NewHeader("Supported", "path, outbound"))
	if sip.HasOption(req, "Supported", "path") {
		for _, value := range sip.Values(req, "Path") {
			headers = append(headers, sip.NewHeader("Path", value))
		}
	}
	if isOutbound(req) {
		headers = append(headers, sip.NewHeader("Require", "outbound"))
	}
	return headers
}

func contactValue(b location.Binding, now time.Time) string {
	left := int64((b.ExpiresAt.Sub(now) + time.Second - 1) / time.Second)
	v := make([]byte, 0, 192)
	v = append(append(append(v, '<'), b.Contact...), ">;expires="...)
	v = strconv.AppendInt(v, max(left, 0), 10)
	if b.Q < 1000 {
		v = append(append(v, ";q=0."...), strconv.Itoa(1000 + b.Q)[1:]...)
	}
	if b.InstanceID != "" {
		v = append(append(append(v, `;+sip.instance="`...), b.InstanceID...), '"')
	}
	if b.RegID != 0 {
		v = strconv.AppendInt(append(v, ";reg-id="...), int64(b.RegID), 10)
	}
	return string(v)
}
