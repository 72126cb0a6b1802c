package switchboard

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"github.com/google/uuid"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/sdp"
)

// identity is who is at one end of a call: a device and whom it acts for, or
// an outside line and the number behind it.
type identity struct {
	device  directory.Device // the zero value for an outside line
	trunkID string           // the outside line, or ""
	user    *directory.User  // whom the device acts for, or nil
	session *hotdesk.Session // the hot desk session the device is used in, or nil
	shown   callrecord.Party // who the other end and the record see
}

// identityOf is a device with whoever it acts for.
func identityOf(device directory.Device, holder hotdesk.Holder) identity {
	return identity{device: device, user: holder.User, session: holder.Session, shown: partyOf(device, holder)}
}

// name is what the log calls it.
func (i identity) name() string {
	if i.trunkID != "" {
		return "trunk " + i.trunkID
	}
	return i.device.Name
}

// party is one end of a call, with its leg and its sound. What it holds is
// given back when it leaves the call.
type party struct {
	identity
	side
	place    string        // "caller" or "callee", as the record says who hung up
	ended    *dialog.Ended // set when its leg has ended
	occupied bool
	leaving  []func()
}

func (p *party) onLeave(f func()) { p.leaving = append(p.leaving, f) }

// leave gives back what the party holds, last first.
func (p *party) leave() {
	for _, give := range slices.Backward(p.leaving) {
		give()
	}
	p.leaving = nil
}

// bye hangs the party up, unless it has no leg here: it never had one, or it has
// moved to another call.
func (p *party) bye(headers ...sip.Header) {
	if p.leg != nil {
		p.leg.Bye(headers...)
	}
}

// gone tells whether the party has hung up.
func (p *party) gone() bool { return p.ended != nil }

// join takes somebody into the call.
func (c *call) join(who identity) *party {
	p := &party{identity: who}
	c.parties = append(c.parties, p)
	return p
}

// drop takes a party out of the call for good.
func (c *call) drop(p *party) {
	p.bye()
	p.leave()
	c.parties = slices.DeleteFunc(c.parties, func(other *party) bool { return other == p })
}

// partyOf finds the party of a leg, or nil.
func (c *call) partyOf(leg *dialog.Leg) *party {
	for _, p := range c.parties {
		if p.leg == leg {
			return p
		}
	}
	return nil
}

// openSound gives a party the port pair of its leg, which goes over a local
// address; once.
func (c *call) openSound(p *party, local netip.Addr) error {
	if p.stream != nil {
		return nil
	}
	stream, err := c.board.cfg.Ports.Open()
	if err != nil {
		return err
	}
	p.onLeave(stream.Close)
	id := uuid.New()
	p.stream = stream
	p.at = netip.AddrPortFrom(local, stream.Addr().Port())
	p.origin = sdp.NewOrigin(binary.BigEndian.Uint64(id[:8]))
	return nil
}

// local is the address of ours that a party's leg goes over.
func (c *call) local(p *party) netip.Addr { return c.board.cfg.Engine.Local(p.leg.Flow()).Addr() }

// occupy counts a party's device as in a call with somebody, until it leaves.
func (c *call) occupy(p *party) {
	if p.occupied {
		return
	}
	p.occupied = true
	if p.device.ID != "" {
		p.onLeave(c.board.cfg.Busy.occupy(p.device.ID))
	}
	session := p.session
	c.board.cfg.Sessions.Used(session)
	p.onLeave(func() { c.board.cfg.Sessions.Used(session) })
}
