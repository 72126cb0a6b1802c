package switchboard

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/location"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
)

// target is one phone to ring.
type target struct {
	device  directory.Device
	session *hotdesk.Session // the hot desk session it rings for, or nil
	party   callrecord.Party
	uri     sip.URI
	routes  []string
	flows   []sip.Flow
}

// targets finds every phone that acts for a user now: the user's own devices
// that nobody has borrowed, and the hot desks the user holds.
func (c *call) targets(ctx context.Context, user directory.User) ([]target, error) {
	var found []target
	for _, device := range c.board.cfg.Directory.DevicesOf(user.ID) {
		holder, err := c.board.cfg.Sessions.HolderOf(ctx, device)
		if err != nil {
			return nil, err
		}
		if holder.User != nil && holder.User.ID == user.ID {
			found = append(found, c.phones(ctx, device, holder)...)
		}
	}
	desks, err := c.board.cfg.Sessions.DesksOf(ctx, user.ID)
	if err != nil {
		return nil, err
	}
	for _, session := range desks {
		if device, ok := c.board.cfg.Directory.Device(session.DeviceID); ok {
			found = append(found, c.phones(ctx, device, hotdesk.Holder{User: &user, Session: &session})...)
		}
	}
	return found, nil
}

// phones are the bindings of a device that can be reached. The device that
// calls does not ring.
func (c *call) phones(ctx context.Context, device directory.Device, holder hotdesk.Holder) []target {
	if device.ID == c.device.ID || device.Disabled {
		return nil
	}
	var found []target
	for _, binding := range c.board.cfg.Locations.Lookup(device.ID) {
		t := target{device: device, session: holder.Session, party: partyOf(device, holder), routes: binding.Path}
		if err := c.reach(ctx, &t, binding); err != nil {
			c.log.Info("phone cannot be reached", slog.String("device", device.Name), slog.Any("error", err))
			continue
		}
		found = append(found, t)
	}
	return found
}

// reach finds the way to a binding: over the flow it registered on, which is
// that of the edge where it registered through one (RFC 3327). When that
// connection is gone a new one leads to the edge, or to the contact of a phone
// that is not behind NAT.
func (c *call) reach(ctx context.Context, t *target, binding location.Binding) error {
	contact, err := sip.ParseURI(binding.Contact)
	if err != nil {
		return fmt.Errorf("read the contact: %w", err)
	}
	t.uri = contact
	flow, err := sip.ParseFlow(binding.Flow)
	if err != nil {
		return err
	}
	engine := c.board.cfg.Engine
	if engine.Alive(flow) {
		t.flows = []sip.Flow{flow}
		return nil
	}
	next := contact
	switch {
	case len(binding.Path) > 0:
		edge, err := sip.ParseAddress(binding.Path[0])
		if err != nil {
			return fmt.Errorf("read the path: %w", err)
		}
		next = edge.URI
	case binding.NAT:
		return sip.ErrFlowGone
	}
	t.flows, err = engine.Resolve(ctx, next)
	return err
}
