package demo

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/softphone"
)

// The devices of the office.
const (
	leftDesk  = "5401"
	rightDesk = "5402"
	yourDesk  = "5403"
	anaMobile = "ana-mobile"
	benPhone  = "1002"
	cleoPhone = "1003"
)

// The people of the office.
const (
	ana = "1001"
	ben = "1002"
)

// handset is a simulated phone.
type handset struct {
	*softphone.Phone

	name     string // of the device
	title    string // what people call it
	deviceID string
	rang     atomic.Int64 // calls that came in
}

// cast is the simulated phones.
type cast struct{ left, right, mobile, ben *handset }

func newCast(server netip.AddrPort, password string, office *picture) (*cast, error) {
	var c cast
	for name, place := range map[string]**handset{leftDesk: &c.left, rightDesk: &c.right, anaMobile: &c.mobile, benPhone: &c.ben} {
		h := &handset{name: name, title: titleOf(name)}
		device, ok := office.directory.DeviceByName(office.domain.ID, name)
		if !ok {
			c.close()
			return nil, fmt.Errorf("there is no device %s", name)
		}
		h.deviceID = device.ID
		var err error
		h.Phone, err = softphone.New(softphone.Config{
			Server: reachable(server).String(), User: name, Password: password,
			Listen: netip.AddrPortFrom(reachable(server).Addr(), 0).String(),
			OnEvent: func(ev softphone.Event) {
				if ev.Kind == softphone.Incoming {
					h.rang.Add(1)
				}
			},
		})
		if err != nil {
			c.close()
			return nil, err
		}
		*place = h
	}
	return &c, nil
}

// reachable is where a server is reached on its own machine.
func reachable(server netip.AddrPort) netip.AddrPort {
	switch {
	case !server.Addr().IsUnspecified():
		return server
	case server.Addr().Is4():
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), server.Port())
	default:
		return netip.AddrPortFrom(netip.IPv6Loopback(), server.Port())
	}
}

func (c *cast) all() []*handset {
	var all []*handset
	for _, h := range []*handset{c.left, c.right, c.mobile, c.ben} {
		if h != nil {
			all = append(all, h)
		}
	}
	return all
}

// close switches all phones off.
func (c *cast) close() {
	for _, h := range c.all() {
		h.Close()
	}
}

// leave unregisters all phones and switches them off.
func (c *cast) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, goodbyeTime)
	defer cancel()
	var gone sync.WaitGroup
	for _, h := range c.all() {
		gone.Go(func() {
			if h.Registered() {
				_ = h.Unregister(ctx) // the server is about to stop anyway
			}
			h.Close()
		})
	}
	gone.Wait()
}

// live lets the phones be called until ctx ends: Ben's answers, the others only
// ring.
func (c *cast) live(ctx context.Context) {
	var alive sync.WaitGroup
	for _, h := range c.all() {
		alive.Go(func() {
			for {
				call, err := h.Incoming(ctx)
				if err != nil {
					return
				}
				if h == c.ben {
					alive.Go(func() { receive(ctx, call) })
				}
			}
		})
	}
	alive.Wait()
}

// receive answers a call after two rings, plays a melody, and hangs up.
func receive(ctx context.Context, call *softphone.Call) {
	defer call.Hangup()
	if !pause(ctx, 2*time.Second) || call.Answer() != nil {
		return
	}
	if call.Answered(ctx) == nil {
		_ = call.Play(ctx, melody()) // fails when the caller hangs up first
	}
}

// melody is the first bars of the Ode to Joy, which is out of copyright.
func melody() []int16 {
	const quarter = 300 * time.Millisecond
	const c, d, e, f, g = 523.25, 587.33, 659.26, 698.46, 783.99
	var pcm []int16
	for range 2 {
		for _, hz := range []float64{e, e, f, g, g, f, e, d, c, c, d, e, e, d, d} {
			pcm = append(pcm, softphone.Tone(hz, quarter)...)
			pcm = append(pcm, make([]int16, 400)...)
		}
	}
	return pcm
}

// pause waits; false when ctx has ended.
func pause(ctx context.Context, length time.Duration) bool {
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
