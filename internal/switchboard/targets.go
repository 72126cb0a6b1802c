package switchboard

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/location"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
)

// destination is where a call may be answered: groups of targets, of which all
// in one ring at once, and the next when nobody could be reached by the one before.
type destination struct {
	groups  [][]target
	ringFor time.Duration // for each group
	// onward tells whether a final answer of every target of a group leads on to
	// the next group; nil: any but those that speak for the person called.
	onward func(code int) bool
	// outcome is what the caller is told when all have failed, from the final
	// answers of the last group that was tried; nil: [bestOutcome].
	outcome func(codes []int) outcome
}

// target is one way to whom is called: a phone, or an outside line.
type target struct {
	identity
	uri    sip.URI
	routes []string
	flows  []sip.Flow

	// What follows is for outside lines. Inside the domain a call shows the
	// caller's name and number as From and P-Asserted-Identity.
	from        *sip.Address
	to          *sip.Address
	contact     string        // the user of our Contact
	headers     []sip.Header  // instead of P-Asserted-Identity
	parts       []dialog.Part // of the body, beside the session description
	credentials *dialog.Credentials
	patience    time.Duration // after which one flow's silence leads to the next; 0: that of SIP (64*T1)
}

// targets finds every phone that acts for a user now: the hot desks the user
// holds and, unless these alone shall ring, the user's own devices that nobody
// has borrowed.
func (c *call) targets(ctx context.Context, user directory.User) ([]target, error) {
	desks, err := c.board.cfg.Sessions.DesksOf(ctx, user.ID)
	if err != nil {
		return nil, err
	}
	var found []target
	for _, session := range desks {
		if device, ok := c.board.cfg.Directory.Device(session.DeviceID); ok {
			found = append(found, c.phones(ctx, device, hotdesk.Holder{User: &user, Session: &session})...)
		}
	}
	if user.Answering.RingHereOnly && len(desks) > 0 {
		return found, nil
	}
	for _, device := range c.board.cfg.Directory.DevicesOf(user.ID) {
		holder, err := c.board.cfg.Sessions.HolderOf(ctx, device)
		if err != nil {
			return nil, err
		}
		if holder.User != nil && holder.User.ID == user.ID {
			found = append(found, c.phones(ctx, device, holder)...)
		}
	}
	return found, nil
}

// phones are the bindings of a device that can be reached. The device that
// calls does not ring.
func (c *call) phones(ctx context.Context, device directory.Device, holder hotdesk.Holder) []target {
	if device.ID == c.waiting.device.ID || device.Disabled {
		return nil
	}
	var found []target
	for _, binding := range c.board.cfg.Locations.Lookup(device.ID) {
		t := target{identity: identityOf(device, holder), routes: binding.Path}
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
