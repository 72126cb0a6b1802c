package lamp

import (
	"strconv"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/subscription"
)

// reginfo is the body of RFC 3680 5: where a device is registered.
func (s *Service) reginfo(device directory.Device, domain directory.Domain) subscription.Body {
	bindings := s.cfg.Locations.Bindings(device.ID)
	state := "active"
	if len(bindings) == 0 {
		state = "terminated"
	}
	d := newDocument()
	d.put("<?xml version=\"1.0\"?>\n" + `<reginfo xmlns="urn:ietf:params:xml:ns:reginfo" version="`)
	version := len(d)
	d.put("\" state=\"full\">\n<registration aor=\"%\" id=\"%\" state=\"%\">\n", address(device.Name, domain), device.ID, state)
	for _, b := range bindings {
		left := max(b.ExpiresAt.Sub(s.cfg.Now()), 0)
		d.put("<contact id=\"%\" state=\"active\" event=\"registered\" expires=\"%\" q=\"%\"><uri>%</uri></contact>\n",
			b.ID, strconv.FormatInt(int64(left/time.Second), 10), strconv.FormatFloat(float64(b.Q)/1000, 'f', 3, 64), b.Contact)
	}
	d.put("</registration>\n</reginfo>\n")
	return subscription.Body{Text: d, VersionAt: version}
}
