package app

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"github.com/hotdesk-pbx/hotdesk/internal/checksync"
	"github.com/hotdesk-pbx/hotdesk/internal/lamp"
	"github.com/hotdesk-pbx/hotdesk/internal/media"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/digest"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/resolve"
	"github.com/hotdesk-pbx/hotdesk/internal/sipserver"
	"github.com/hotdesk-pbx/hotdesk/internal/switchboard"
	"github.com/hotdesk-pbx/hotdesk/internal/trunk"
)

// product is what the server calls itself to phones. It tells no version:
// that helps nobody but attackers.
const product = "Hotdesk"

// telephony is the part of the server that speaks SIP and RTP.
type telephony struct {
	engine *sip.Engine
	ports  *media.Ports
	trunks *trunk.Service
	board  *switchboard.Switchboard
	lamps  *lamp.Service
	orders *checksync.Service
	server *sipserver.Server
}

func (a *App) openTelephony(context.Context) error {
	engine, err := a.openEngine()
	if err != nil {
		return err
	}
	a.phones = &telephony{engine: engine}
	if a.phones.ports, err = a.openPorts(engine.Addr().Addr()); err != nil {
		return err
	}
	a.phones.trunks = trunk.New(trunk.Config{
		Engine: engine, Directory: a.directory, Events: a.bus, Now: a.cfg.Now, Log: a.log, Pace: a.cfg.TrunkPace,
	})
	legs := dialog.New(engine, dialog.Config{Log: a.log, Supported: []string{"replaces"}})
	a.phones.board = switchboard.New(switchboard.Config{
		Engine: engine, Legs: legs, Ports: a.phones.ports, Directory: a.directory, Sessions: a.sessions, Busy: a.busy,
		Locations: a.locations, Conversations: a.speech, Records: a.db.Records(), Events: a.bus,
		Trunks: a.phones.trunks, Emergencies: a.emergency,
		Now: a.cfg.Now, Log: a.log, RingFor: a.cfg.RingFor, LinePatience: a.cfg.LinePatience,
		ParkFor: a.cfg.ParkFor, ActivateFor: a.cfg.ActivateFor,
	})
	a.phones.lamps = lamp.New(lamp.Config{
		Engine: engine, Directory: a.directory, Sessions: a.sessions, Locations: a.locations, Calls: a.phones.board,
		Mailboxes: a.mailboxes, Events: a.bus, Now: a.cfg.Now, Log: a.log,
	})
	a.phones.orders = checksync.New(checksync.Config{
		Engine: engine, Directory: a.directory, Locations: a.locations, Audit: a.db.Audit(), Now: a.cfg.Now,
	})
	a.phones.server = sipserver.New(sipserver.Config{
		Engine: engine, Dialogs: legs, Switchboard: a.phones.board, Trunks: a.phones.trunks, Lamps: a.phones.lamps, Directory: a.directory, Locations: a.locations,
		Digest: digest.New(digest.Config{Offers: a.algorithms(), Now: a.cfg.Now}), Now: a.cfg.Now, Log: a.log,
		Edges: prefixes(a.cfg.Edges),
	})
	return nil
}

// openEngine opens the sockets. What only measures how long something takes,
// here and in the sound, goes by the machine's clock, which never jumps.
func (a *App) openEngine() (*sip.Engine, error) {
	resolver, err := resolve.New(resolve.Config{Now: a.cfg.Now})
	if err != nil {
		return nil, fmt.Errorf("prepare name look-ups: %w", err)
	}
	return sip.Listen(sip.Config{
		Listen: a.cfg.SIP, Product: product, Log: a.log, Resolver: resolver, Timers: a.cfg.SIPTimers,
		Supported: []string{"100rel", "timer", "replaces", "path", "outbound"},
		Limits:    sip.Limits{Trusted: prefixes(a.cfg.Edges)},
		Advertise: a.cfg.Advertise.Addr, Near: prefixes(a.cfg.LocalNetworks),
	})
}

// openPorts prepares the ports for sound on the address that SIP listens on.
func (a *App) openPorts(ip netip.Addr) (*media.Ports, error) {
	first, last, err := media.ParsePorts(a.cfg.RTPPorts)
	if err != nil {
		return nil, fmt.Errorf("read --rtp-ports: %w", err)
	}
	ports, err := media.NewPorts(media.PortsConfig{IP: ip, First: first, Last: last, Log: a.log})
	if err != nil {
		return nil, fmt.Errorf("prepare the ports for sound: %w", err)
	}
	return ports, nil
}

// algorithms are those that phones are offered.
func (a *App) algorithms() []digest.Algorithm {
	var offers []digest.Algorithm
	for _, name := range a.cfg.Digest {
		offers = append(offers, digest.Algorithm(strings.ToUpper(name)))
	}
	return offers
}
