package demo

import (
	"context"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr/prompts"
	"github.com/hotdesk-pbx/hotdesk/internal/media/g711"
	"github.com/hotdesk-pbx/hotdesk/internal/softphone"
	"github.com/hotdesk-pbx/hotdesk/internal/switchboard"
)

// turn is a question of the system, and the keys that answer it.
type turn struct {
	hears prompts.Name
	types string
}

// converse dials a code, and answers each question once it is heard.
func (d *demo) converse(ctx context.Context, h *handset, code string, turns ...turn) (*softphone.Call, error) {
	place := d.told.now()
	d.screen.say(h.title+" dials", code)
	call, err := h.Dial(ctx, code)
	if err != nil {
		return nil, err
	}
	if err := call.Answered(ctx); err != nil {
		return nil, fmt.Errorf("dial %s: %w", code, err)
	}
	for _, t := range turns {
		silence := len(call.Heard())
		if place, err = d.spoken(ctx, h, place, t.hears); err != nil {
			return nil, err
		}
		if err := d.hears(ctx, call, silence); err != nil {
			return nil, err
		}
		d.rest(ctx, toListen)
		d.screen.say(h.title+" types", t.types)
		if err := call.Press(t.types); err != nil {
			return nil, err
		}
	}
	return call, nil
}

// spoken waits until the system says a sentence to a phone, and gives a place
// behind that: what it says next will depend on keys that are still to be typed.
func (d *demo) spoken(ctx context.Context, h *handset, place int, name prompts.Name) (int, error) {
	words := d.prompts.Clip("en", domainName, name).Text
	_, err := await(ctx, d.told, place, func(f ivr.Said) bool { return f.DeviceID == h.deviceID && strings.Contains(f.Text, words) })
	if err != nil {
		return place, fmt.Errorf("%s does not hear %q: %w", h.name, words, err)
	}
	return d.told.now(), nil
}

// hears waits until a phone has heard something, behind what it had heard before.
func (d *demo) hears(ctx context.Context, call *softphone.Call, before int) error {
	if err := call.Wait(ctx, func() bool { return audible(call.Heard()[before:]) }); err != nil {
		return fmt.Errorf("hear what is spoken: %w", err)
	}
	return nil
}

// audible tells whether a tenth of a second of sound is as loud as speech.
func audible(pcm []int16) bool {
	const speech, enough = 500, g711.Rate / 10
	loud := 0
	for _, v := range pcm {
		if v > speech || v < -speech {
			loud++
		}
	}
	return loud >= enough
}

// rings waits for a call, and checks whom the phone shows.
func (d *demo) rings(ctx context.Context, h *handset, name, number string) (*softphone.Call, error) {
	call, err := h.Incoming(ctx)
	if err != nil {
		return nil, err
	}
	p := call.Party()
	if p.Display != name || p.User != number || p.Asserted != number || p.AssertedDisplay != name {
		return nil, fmt.Errorf("%s shows %+v, not %s %s", h.title, p, name, number)
	}
	d.screen.say(h.title+" rings and shows", name+" "+number)
	return call, nil
}

// answer takes a call.
func (d *demo) answer(ctx context.Context, caller, called *softphone.Call, h *handset) error {
	if err := called.Answer(); err != nil {
		return err
	}
	if err := caller.Answered(ctx); err != nil {
		return err
	}
	d.screen.say("", h.title+" answers.")
	return nil
}

// talk checks that each side hears the other.
func (d *demo) talk(ctx context.Context, caller, called *softphone.Call) error {
	const low, high, length = 440, 620, time.Second
	talking, ctx := errgroup.WithContext(ctx)
	speak := func(from, to *softphone.Call, hz float64) {
		talking.Go(func() error { return from.Play(ctx, softphone.Tone(hz, length)) })
		talking.Go(func() error {
			return to.Wait(ctx, func() bool { return softphone.HasTone(to.Heard(), hz) })
		})
	}
	speak(caller, called, low)
	speak(called, caller, high)
	if err := talking.Wait(); err != nil {
		return fmt.Errorf("they do not hear each other: %w", err)
	}
	d.screen.done("Both hear each other: a tone of 440 Hz one way, of 620 Hz the other.")
	return nil
}

// hangUp ends a call from one side and checks that the other side and the call
// record know.
func (d *demo) hangUp(ctx context.Context, place int, first, other *softphone.Call) error {
	first.Hangup()
	for _, call := range []*softphone.Call{first, other} {
		if _, err := call.Ended(ctx); err != nil {
			return err
		}
	}
	dialled := first.Party().User
	if other.Outgoing() {
		dialled = other.Party().User
	}
	fact, err := await(ctx, d.told, place, func(f switchboard.Ended) bool { return f.Record.Dialled == dialled })
	if err != nil {
		return err
	}
	if fact.Record.Result != callrecord.Answered {
		return fmt.Errorf("the call record says %q", fact.Record.Result)
	}
	d.screen.say("", "They hang up.")
	return nil
}
