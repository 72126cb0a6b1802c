package demo

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr/prompts"
	"github.com/hotdesk-pbx/hotdesk/internal/location"
	"github.com/hotdesk-pbx/hotdesk/internal/softphone"
	"github.com/hotdesk-pbx/hotdesk/internal/switchboard"
)

// stepTime is how long a step may take before it has failed.
const stepTime = 20 * time.Second

// How long a person who watches needs.
const (
	toRead   = 500 * time.Millisecond
	toListen = 700 * time.Millisecond
)

// step is a part of the story. It fails unless what it tells has happened.
type step struct {
	title string
	act   func(context.Context) error
}

func (d *demo) steps() []step {
	return []step{
		{"The phones register", d.register},
		{"Ana Ruiz sits down at desk 5401 and logs in", d.logIn},
		{"Ben Okafor calls Ana: her mobile and the desk ring", d.callAna},
		{"Ana calls Ben from the desk", d.callBen},
		{"Somebody tries a wrong PIN at desk 5402", d.guess},
		{"Ana moves to desk 5402", d.move},
		{"Ana gives the desk back", d.release},
		{"Ben calls Ana again: only her mobile rings", d.callMobile},
	}
}

// mainJob plays all steps and stops at the first that fails.
func (d *demo) mainJob(ctx context.Context) error {
	began := d.Now()
	for i, s := range d.steps() {
		d.rest(ctx, toRead)
		d.screen.title(fmt.Sprintf("%d. %s", i+1, s.title))
		if err := d.perform(ctx, s); err != nil {
			return fmt.Errorf("step %d failed (%s): %w", i+1, s.title, err)
		}
	}
	d.screen.title(fmt.Sprintf("All %d steps worked, in %.0f seconds.", len(d.steps()), d.Now().Sub(began).Seconds()))
	return nil
}

func (d *demo) perform(ctx context.Context, s step) error {
	ctx, cancel := context.WithTimeoutCause(ctx, stepTime, fmt.Errorf("it took longer than %v", stepTime))
	defer cancel()
	return s.act(ctx)
}

// rest gives people time to read; where nobody watches it does nothing.
func (d *demo) rest(ctx context.Context, length time.Duration) {
	if d.Screen != nil {
		pause(ctx, length)
	}
}

// register begins with an office in which nobody sits anywhere.
func (d *demo) register(ctx context.Context) error {
	if err := d.clear(ctx); err != nil {
		return err
	}
	if err := d.seated(ctx); err != nil {
		return err
	}
	for _, h := range d.cast.all() {
		before := d.told.now()
		if err := h.Register(ctx); err != nil {
			return err
		}
		ours := func(f location.Registered) bool { return f.Binding.DeviceID == h.deviceID }
		if _, err := await(ctx, d.told, before, ours); err != nil {
			return err
		}
	}
	d.screen.done("Desks 5401 and 5402, Ana's mobile and Ben's phone are registered.")
	return nil
}

func (d *demo) logIn(ctx context.Context) error {
	return d.sitDown(ctx, d.cast.left, "*88", turn{prompts.EnterAccount, "1001#"}, turn{prompts.EnterPIN, "4711#"})
}

// sitDown logs Ana in at a desk, and at no other.
func (d *demo) sitDown(ctx context.Context, desk *handset, code string, turns ...turn) error {
	before := d.told.now()
	call, err := d.converse(ctx, desk, code, turns...)
	if err != nil {
		return err
	}
	here := func(f hotdesk.LoggedIn) bool { return f.Session.DeviceID == desk.deviceID }
	if _, err := await(ctx, d.told, before, here); err != nil {
		return err
	}
	if err := d.seated(ctx, seat{desk.name, ana}); err != nil {
		return err
	}
	silence := len(call.Heard())
	if _, err := d.spoken(ctx, desk, before, prompts.RingsHereUntil); err != nil {
		return err
	}
	d.screen.done("Ana holds desk " + desk.name + " until 02:00, and no other.")
	if d.Screen != nil {
		return d.listen(ctx, call)
	}
	// Nobody listens: who knows the way hangs up, and is logged in all the same.
	if err := d.hears(ctx, call, silence); err != nil {
		return err
	}
	call.Hangup()
	_, err = call.Ended(ctx)
	return err
}

// callAna rings both phones of Ana, and has them talk over the desk's.
func (d *demo) callAna(ctx context.Context) error {
	before := d.told.now()
	call, err := d.cast.ben.Dial(ctx, ana)
	if err != nil {
		return err
	}
	atDesk, err := d.rings(ctx, d.cast.left, "Ben Okafor", ben)
	if err != nil {
		return err
	}
	atMobile, err := d.rings(ctx, d.cast.mobile, "Ben Okafor", ben)
	if err != nil {
		return err
	}
	d.rest(ctx, toRead)
	if err := d.answer(ctx, call, atDesk, d.cast.left); err != nil {
		return err
	}
	end, err := atMobile.Ended(ctx)
	if err != nil || !end.Elsewhere() {
		return fmt.Errorf("the mobile does not know that the desk has answered: %+v, %w", end, err)
	}
	d.screen.done("Ana's mobile stops ringing and shows no missed call.")
	if err := d.talk(ctx, call, atDesk); err != nil {
		return err
	}
	return d.hangUp(ctx, before, call, atDesk)
}

// callBen shows Ana's name on Ben's phone, though the desk calls.
func (d *demo) callBen(ctx context.Context) error {
	before := d.told.now()
	call, err := d.cast.left.Dial(ctx, ben)
	if err != nil {
		return err
	}
	atBen, err := d.rings(ctx, d.cast.ben, "Ana Ruiz", ana)
	if err != nil {
		return err
	}
	d.rest(ctx, toRead)
	if err := d.answer(ctx, call, atBen, d.cast.ben); err != nil {
		return err
	}
	if err := d.talk(ctx, call, atBen); err != nil {
		return err
	}
	return d.hangUp(ctx, before, atBen, call)
}

func (d *demo) guess(ctx context.Context) error {
	desk := d.cast.right
	before := d.told.now()
	call, err := d.converse(ctx, desk, "*88", turn{prompts.EnterAccount, "1001#"}, turn{prompts.EnterPIN, "8265#"})
	if err != nil {
		return err
	}
	here := func(f hotdesk.Refused) bool { return f.DeviceID == desk.deviceID && f.Code == "pin_wrong" }
	if _, err := await(ctx, d.told, before, here); err != nil {
		return err
	}
	if _, err := d.spoken(ctx, desk, before, prompts.Wrong); err != nil {
		return err
	}
	d.rest(ctx, toListen)
	call.Hangup()
	if _, err := call.Ended(ctx); err != nil {
		return err
	}
	if err := d.seated(ctx, seat{leftDesk, ana}); err != nil {
		return err
	}
	d.screen.done("Refused. Ana holds desk 5401 as before.")
	return nil
}

// move dials the extension behind the code, which asks for the PIN alone.
func (d *demo) move(ctx context.Context) error {
	before := d.told.now()
	if err := d.sitDown(ctx, d.cast.right, "*88"+ana, turn{prompts.EnterPIN, "4711#"}); err != nil {
		return err
	}
	return d.ended(ctx, before, d.cast.left, hotdesk.Moved)
}

func (d *demo) release(ctx context.Context) error {
	desk := d.cast.right
	before := d.told.now()
	call, err := d.converse(ctx, desk, "*89")
	if err != nil {
		return err
	}
	if err := d.ended(ctx, before, desk, hotdesk.Released); err != nil {
		return err
	}
	if _, err := d.spoken(ctx, desk, before, prompts.Released); err != nil {
		return err
	}
	if err := d.seated(ctx); err != nil {
		return err
	}
	d.screen.done("Nobody sits anywhere.")
	return d.listen(ctx, call)
}

// callMobile rings Ana's mobile and nothing else, by what the server tells and
// by what the desks saw.
func (d *demo) callMobile(ctx context.Context) error {
	before := d.told.now()
	quiet := []*handset{d.cast.left, d.cast.right}
	var rang []int64
	for _, desk := range quiet {
		rang = append(rang, desk.rang.Load())
	}
	call, err := d.cast.ben.Dial(ctx, ana)
	if err != nil {
		return err
	}
	atMobile, err := d.rings(ctx, d.cast.mobile, "Ben Okafor", ben)
	if err != nil {
		return err
	}
	d.rest(ctx, toRead)
	if err := d.answer(ctx, call, atMobile, d.cast.mobile); err != nil {
		return err
	}
	if err := d.hangUp(ctx, before, call, atMobile); err != nil {
		return err
	}
	if devices := d.rungSince(before); !slices.Equal(devices, []string{anaMobile}) {
		return fmt.Errorf("these rang: %v", devices)
	}
	for i, desk := range quiet {
		if desk.rang.Load() != rang[i] {
			return fmt.Errorf("desk %s rang", desk.name)
		}
	}
	d.screen.done("No desk rang.")
	return nil
}

// rungSince lists the devices that the server saw ringing.
func (d *demo) rungSince(place int) []string {
	var devices []string
	facts, _ := d.told.since(place)
	for _, fact := range facts {
		if f, ok := fact.(switchboard.Ringing); ok {
			devices = append(devices, d.picture.name(f.DeviceID))
		}
	}
	return devices
}

// ended checks that a session has ended for a reason.
func (d *demo) ended(ctx context.Context, place int, desk *handset, reason hotdesk.Reason) error {
	fact, err := await(ctx, d.told, place, func(f hotdesk.Ended) bool { return f.Session.DeviceID == desk.deviceID })
	if err == nil && fact.Session.Ended != reason {
		err = fmt.Errorf("the session at %s ended as %q, not as %q", desk.name, fact.Session.Ended, reason)
	}
	return err
}

// listen waits until the system has said all and hangs up.
func (d *demo) listen(ctx context.Context, call *softphone.Call) error {
	end, err := call.Ended(ctx)
	if err == nil && end.Code != 0 {
		err = fmt.Errorf("the call to the system ended with %d %s", end.Code, end.Reason)
	}
	return err
}
