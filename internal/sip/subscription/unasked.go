package subscription

import "github.com/hotdesk-pbx/hotdesk/internal/sip"

// Unasked is a NOTIFY to a phone that has not subscribed. RFC 6665 knows no such
// thing, but most phones take some: of waiting messages, and "check-sync".
type Unasked struct {
	To          sip.URI  // the phone's contact
	Path        []string // the proxies on the way to it, the first on top
	Account     string   // the phone's own address: "sip:5401@acme.test"
	Contact     string   // ours, see [sip.Engine.Contact]
	Event       string
	ContentType string // "" where there is no body
	Body        []byte
}

// Request is the NOTIFY, outside of dialogs.
func (u Unasked) Request() *sip.Request {
	self := "<" + u.Account + ">"
	req := sip.NewRequest(sip.NOTIFY, u.To,
		sip.NewHeader("From", self+";tag="+sip.NewTag()),
		sip.NewHeader("To", self),
		sip.NewHeader("Call-ID", sip.NewCallID()),
		sip.NewHeader("CSeq", "1 NOTIFY"),
		sip.NewHeader("Contact", u.Contact),
		sip.NewHeader("Event", u.Event),
		sip.NewHeader("Subscription-State", "terminated;reason=noresource")) // there is no subscription after it
	for _, route := range u.Path {
		req.AppendHeader(sip.NewHeader("Route", route))
	}
	if u.ContentType != "" {
		req.AppendHeader(sip.NewHeader("Content-Type", u.ContentType))
	}
	req.SetBody(u.Body)
	return req
}
