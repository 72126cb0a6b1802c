package lamp

import (
	"context"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/subscription"
)

// being is what others are told of a user.
type being struct {
	there    bool   // a phone is registered
	activity string // an element of RFC 4480, or ""
	note     string
}

// pidf is the body of RFC 3863, with the activity of RFC 4480.
func (s *Service) pidf(ctx context.Context, user directory.User, domain directory.Domain) (subscription.Body, error) {
	b, err := s.beingOf(ctx, user, domain)
	if err != nil {
		return subscription.Body{}, err
	}
	basic := "closed"
	if b.there {
		basic = "open"
	}
	entity := address(user.Extension, domain)
	d := newDocument()
	d.put("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"+`<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model"`+
		` xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid" entity="%">`+"\n", entity)
	d.put("<tuple id=\"t\"><status><basic>%</basic></status><contact>%</contact>", basic, entity)
	if b.note != "" {
		d.put("<note>%</note>", b.note)
	}
	d.put("</tuple>\n")
	if b.activity != "" {
		d.put("<dm:person id=\"p\"><rpid:activities><rpid:" + b.activity + "/></rpid:activities></dm:person>\n")
	}
	d.put("</presence>\n")
	return subscription.Body{Text: d}, nil
}

func (s *Service) beingOf(ctx context.Context, user directory.User, domain directory.Domain) (being, error) {
	var b being
	for _, d := range s.cfg.Directory.DevicesOf(user.ID) {
		b.there = b.there || s.isRegistered(d.ID)
	}
	if user.IsDeskAccount(domain.HotDesking) {
		holder, err := s.holderAt(ctx, user)
		if err != nil {
			return being{}, err
		}
		if holder != nil {
			b.note = holder.Name
		}
	} else {
		desks, err := s.cfg.Sessions.DesksOf(ctx, user.ID)
		if err != nil {
			return being{}, err
		}
		b.there = b.there || s.anyRegistered(desks)
		b.note = s.placeOf(desks)
	}
	switch {
	case s.isOnThePhone(user, domain):
		b.activity, b.note = "on-the-phone", joined("On the phone", b.note)
	case user.Answering.DoNotDisturb:
		b.activity, b.note = "busy", joined("Do not disturb", b.note)
	}
	return b, nil
}

// isOnThePhone tells whether a user talks or dials; a phone that only rings does
// not count.
func (s *Service) isOnThePhone(user directory.User, domain directory.Domain) bool {
	for _, v := range s.callsOf(user, domain) {
		if v.initiator || v.state == confirmed {
			return true
		}
	}
	return false
}

// holderAt is the person who holds a phone of a desk account, or nil.
func (s *Service) holderAt(ctx context.Context, desk directory.User) (*directory.User, error) {
	for _, d := range s.cfg.Directory.DevicesOf(desk.ID) {
		holder, err := s.cfg.Sessions.HolderOf(ctx, d)
		if err != nil {
			return nil, err
		}
		if holder.Session != nil {
			return holder.User, nil
		}
	}
	return nil, nil //nolint:nilnil // nobody is an answer
}

// placeOf says where a person sits: "At Window 1".
func (s *Service) placeOf(desks []hotdesk.Session) string {
	for _, session := range desks {
		device, ok := s.cfg.Directory.Device(session.DeviceID)
		if !ok {
			continue
		}
		if owner, ok := s.cfg.Directory.User(device.OwnerID); ok && owner.Name != "" {
			return "At " + owner.Name
		}
		return "At " + device.Name
	}
	return ""
}

func (s *Service) anyRegistered(desks []hotdesk.Session) bool {
	for _, session := range desks {
		if s.isRegistered(session.DeviceID) {
			return true
		}
	}
	return false
}

func (s *Service) isRegistered(deviceID string) bool {
	return len(s.cfg.Locations.Lookup(deviceID)) > 0
}

func joined(first, second string) string {
	if second == "" {
		return first
	}
	return first + ", " + second
}
