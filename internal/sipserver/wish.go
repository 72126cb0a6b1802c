package sipserver

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/location"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
)

// maxContacts bounds one REGISTER: it may take away all bindings and make as
// many new ones.
const maxContacts = 2 * maxBindings

// wish is what a REGISTER asks for. Which bindings it changes is decided only
// when the current ones are known.
type wish struct {
	all    bool // "*": take all away
	make   []wanted
	remove []wanted
	callID string
	cseq   uint32
}

// wanted is a binding as asked for.
type wanted struct {
	location.Binding

	uri sip.URI // of the contact
}

func (w wish) empty() bool { return !w.all && len(w.make) == 0 && len(w.remove) == 0 }

// readWish reads the Contact headers (RFC 3261 10.3 step 6).
func (s *Server) readWish(tx *sip.ServerTx) (wish, error) {
	req := tx.Request()
	w := wish{callID: req.CallID(), cseq: req.CSeq().Number}
	contacts := sip.Values(req, "Contact")
	standard := expires(sip.Value(req, "Expires"), maxExpires)
	if slices.Contains(contacts, "*") {
		if len(contacts) != 1 || strings.TrimSpace(sip.Value(req, "Expires")) != "0" {
			return wish{}, refuse(400, "Contact * Stands Alone With Expires 0")
		}
		w.all = true
		return w, nil
	}
	if len(contacts) > maxContacts {
		return wish{}, refuse(403, "Too Many Contacts")
	}
	for _, value := range contacts {
		b, lasts, err := readContact(value, standard)
		if err != nil {
			return wish{}, err
		}
		if lasts == 0 {
			w.remove = append(w.remove, b)
			continue
		}
		s.complete(&b, tx, lasts)
		// Of two that mean one binding the last holds.
		w.make = slices.DeleteFunc(w.make, func(earlier wanted) bool { return b.standsFor(earlier.Binding) })
		w.make = append(w.make, b)
	}
	return w, nil
}

// complete fills in what a binding has from the request around its contact.
func (s *Server) complete(b *wanted, tx *sip.ServerTx, lasts time.Duration) {
	req := tx.Request()
	b.Path = sip.Values(req, "Path")
	b.Flow = tx.Flow().String()
	b.CallID, b.CSeq = req.CallID(), req.CSeq().Number
	b.UserAgent = shortened(sip.Value(req, "User-Agent"))
	b.NAT = behindNAT(b.uri, tx.Flow())
	b.RegisteredAt = s.cfg.Now().UTC()
	b.ExpiresAt = b.RegisteredAt.Add(lasts)
}

// readContact reads one Contact value and how long it is to last.
func readContact(value string, standard time.Duration) (wanted, time.Duration, error) {
	a, err := sip.ParseAddress(value)
	if err != nil || a.URI.Scheme != "sip" && a.URI.Scheme != "sips" || len(value) > 1024 {
		return wanted{}, 0, refuse(400, "Malformed Contact")
	}
	a.URI.Headers = nil // they have no place here (RFC 3261 19.1.1)
	b := wanted{uri: a.URI, Binding: location.Binding{Contact: a.URI.String()}}
	lasts := standard
	if text, ok := a.Param("expires"); ok {
		lasts = expires(text, maxExpires)
	}
	if lasts > 0 && lasts < minExpires {
		return wanted{}, 0, refuse(423, "Interval Too Brief",
			sip.NewHeader("Min-Expires", strconv.Itoa(int(minExpires/time.Second))))
	}
	if b.Q, err = readQ(a); err != nil {
		return wanted{}, 0, err
	}
	b.InstanceID, b.RegID, err = readInstance(a)
	return b, min(lasts, maxExpires), err
}

// expires reads a number of seconds; what is none counts as the longest time
// (RFC 3261 10.2.1.1: malformed values as 3600).
func expires(text string, otherwise time.Duration) time.Duration {
	n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 32)
	if err != nil {
		return otherwise
	}
	return time.Duration(n) * time.Second
}

// readQ reads a preference, "0.5" or "1.000", in thousandths.
func readQ(a sip.Address) (int, error) {
	text, ok := a.Param("q")
	if !ok {
		return 1000, nil
	}
	q, err := strconv.ParseFloat(text, 64)
	if err != nil || !(q >= 0 && q <= 1) || len(text) > 5 {
		return 0, refuse(400, "Malformed q")
	}
	return int(q*1000 + 0.5), nil
}

// readInstance reads who the phone is (RFC 5626 4.1, 4.2). A reg-id means
// nothing without an instance.
func readInstance(a sip.Address) (instance string, regID int, err error) {
	instance, _ = a.Param("+sip.instance")
	if len(instance) > 256 || strings.ContainsAny(instance, "\"\\\r\n") {
		return "", 0, refuse(400, "Malformed +sip.instance")
	}
	text, ok := a.Param("reg-id")
	if !ok || instance == "" {
		return instance, 0, nil
	}
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil || n == 0 {
		return "", 0, refuse(400, "Malformed reg-id")
	}
	return instance, int(n), nil
}

// behindNAT tells whether a phone thinks its address is another than the one
// it is seen at. On a stream its port says nothing.
func behindNAT(contact sip.URI, flow sip.Flow) bool {
	addr, err := netip.ParseAddr(strings.Trim(contact.Host, "[]"))
	if err != nil || addr.Unmap() != flow.Remote.Addr().Unmap() {
		return true
	}
	port := contact.Port
	if port == 0 {
		port = 5060
	}
	return flow.Transport == sip.UDP && port != int(flow.Remote.Port())
}

// shortened keeps texts of phones, which are only shown, from growing.
func shortened(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), 128)], "")
}

// change tells what the wish does to the current bindings, whose list it uses
// up. Those that do not answer make room for new ones.
func (w wish) change(current []location.Binding, answering func() []location.Binding) (location.Change, error) {
	var change location.Change
	if w.all {
		for _, b := range current {
			if err := w.inOrder(b); err != nil {
				return location.Change{}, err
			}
			change.Drop = append(change.Drop, b.ID)
		}
		return change, nil
	}
	left := current
	for _, gone := range w.remove {
		matched, err := w.matching(&left, gone)
		if err != nil {
			return location.Change{}, err
		}
		change.Drop = append(change.Drop, matched...)
	}
	for _, b := range w.make {
		matched, err := w.matching(&left, b)
		if err != nil {
			return location.Change{}, err
		}
		if len(matched) > 0 {
			// It stays the same binding, the newest of those it stands for.
			b.ID = matched[0]
			change.Drop = append(change.Drop, matched[1:]...)
		}
		change.Put = append(change.Put, b.Binding)
	}
	return w.makeRoom(change, left, answering)
}

// matching takes the bindings out of left that a wanted one stands for, and
// gives their IDs.
func (w wish) matching(left *[]location.Binding, b wanted) (ids []string, err error) {
	others := (*left)[:0]
	for _, have := range *left {
		if !b.standsFor(have) {
			others = append(others, have)
			continue
		}
		ids = append(ids, have.ID)
		err = cmp.Or(err, w.inOrder(have))
	}
	*left = others
	return ids, err
}

// inOrder refuses a REGISTER that was overtaken by a later one of its phone.
func (w wish) inOrder(have location.Binding) error {
	if have.CallID == w.callID && w.cseq <= have.CSeq {
		return refuse(500, "Overtaken By A Later Registration")
	}
	return nil
}

// makeRoom keeps a device to its number of bindings.
func (w wish) makeRoom(change location.Change, left []location.Binding, answering func() []location.Binding) (location.Change, error) {
	over := len(left) + len(change.Put) - maxBindings
	if over <= 0 {
		return change, nil
	}
	alive := answering()
	for i := len(left) - 1; i >= 0 && over > 0; i-- { // the least wanted stand last
		silent := !slices.ContainsFunc(alive, func(b location.Binding) bool { return b.ID == left[i].ID })
		if silent {
			change.Drop = append(change.Drop, left[i].ID)
			over--
		}
	}
	if over > 0 && len(change.Put) > 0 {
		return location.Change{}, refuse(403, "Too Many Phones On This Account")
	}
	return change, nil
}

// standsFor tells whether a wanted binding is meant by, or takes the place of,
// one there is: the same flow of the same phone (RFC 5626 6), or the same
// address (RFC 3261 10.3 step 7). A phone that does not number its flows has a
// new Call-ID after it was restarted, and then replaces what it was before.
func (b wanted) standsFor(have location.Binding) bool {
	restarted := !b.ExpiresAt.IsZero() && b.CallID != have.CallID
	same := b.InstanceID != "" && b.InstanceID == have.InstanceID && b.RegID == have.RegID
	if same && (b.RegID != 0 || restarted) || b.Contact == have.Contact {
		return true
	}
	uri, err := sip.ParseURI(have.Contact)
	return err == nil && sameURI(b.uri, uri)
}

// sameURI compares what of two contacts leads to the phone (RFC 3261 19.1.4).
func sameURI(a, b sip.URI) bool {
	return a.Scheme == b.Scheme && sip.URIUser(a) == sip.URIUser(b) && strings.EqualFold(a.Host, b.Host) && a.Port == b.Port &&
		sameParam(a, b, "transport") && sameParam(a, b, "maddr") && sameParam(a, b, "ob")
}

func sameParam(a, b sip.URI, name string) bool {
	x, _ := sip.URIParam(a, name)
	y, _ := sip.URIParam(b, name)
	return strings.EqualFold(x, y)
}
