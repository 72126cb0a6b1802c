package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/media"
	"github.com/hotdesk-pbx/hotdesk/internal/media/g711"
	"github.com/hotdesk-pbx/hotdesk/internal/softphone"
)

// farewellTime is how long a phone that is switched off waits for the other
// sides to know.
const farewellTime = 3 * time.Second

// terminalPhone is a softphone with somebody, or a script, at its keys. One
// goroutine, run's, touches it.
type terminalPhone struct {
	*softphoneCommand

	con    console
	sound  []int16 // to speak into each call
	phone  *softphone.Phone
	events *eventQueue

	hand   chan func(context.Context) error // what takes time, one after the other
	failed chan error                       // of hand

	call    *softphone.Call // nil: none
	talked  bool            // call has been answered
	tape    *os.File        // its recording, or nil
	numbers map[*softphone.Call]int
	calls   int

	answered int   // calls that were
	refused  error // the end of the call of --dial, unless it was answered
	lost     error // why a recording is missing or not complete
	over     bool
}

func (p *terminalPhone) run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	p.hand, p.failed = make(chan func(context.Context) error, 64), make(chan error)
	go p.work(ctx)
	go p.forget(ctx)
	err := p.begin(ctx)
	if err == nil {
		p.live(ctx)
	}
	stop()
	p.switchOff(context.WithoutCancel(ctx))
	return errors.Join(err, p.verdict(err))
}

// begin registers and makes the first call.
func (p *terminalPhone) begin(ctx context.Context) error {
	if p.Register {
		if err := p.phone.Register(ctx); err != nil {
			return err
		}
	}
	p.tellAll()
	if p.Dial != "" {
		return p.dial(ctx, p.Dial)
	}
	return nil
}

// live does what is typed and tells what happens, until the phone is switched off.
func (p *terminalPhone) live(ctx context.Context) {
	var timeUp <-chan time.Time
	if p.For > 0 {
		timer := time.NewTimer(p.For)
		defer timer.Stop()
		timeUp = timer.C
	}
	_, _, person := terminalSize(p.con.in)
	if person {
		_, _ = fmt.Fprintln(p.con.err, "a number and Enter calls; a answer, x hang up, h hold, r resume, q quit")
	}
	lines := p.lines(ctx)
	for !p.over {
		select {
		case <-ctx.Done():
			p.over = true
		case <-timeUp:
			p.over = true
		case line, ok := <-lines:
			switch {
			case ok:
				p.typed(ctx, line)
			case person: // end of file is a person's way to leave, and says nothing in a script
				p.over = true
			default:
				lines = nil
			}
		case <-p.events.more:
			p.tellAll()
		case err := <-p.failed:
			p.complain(err)
		}
	}
}

// lines are what is typed. Its goroutine ends with the input, or the program.
func (p *terminalPhone) lines(ctx context.Context) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		for in := bufio.NewScanner(p.con.in); in.Scan(); {
			select {
			case lines <- strings.TrimSpace(in.Text()):
			case <-ctx.Done():
				return
			}
		}
	}()
	return lines
}

// typed obeys one line.
func (p *terminalPhone) typed(ctx context.Context, line string) {
	var err error
	switch line {
	case "":
	case "a":
		err = p.answer()
	case "x":
		err = p.hangUp()
	case "h":
		err = p.change((*softphone.Call).Hold)
	case "r":
		err = p.change((*softphone.Call).Resume)
	case "q":
		p.over = true
	case "?":
		_, _ = fmt.Fprintln(p.con.err, (&softphoneCommand{}).Help())
	default:
		err = p.number(ctx, line)
	}
	if err != nil {
		p.complain(err)
	}
}

func (p *terminalPhone) complain(err error) { p.tell(phoneLine{Event: kindError, Text: err.Error()}) }

func (p *terminalPhone) answer() error {
	if p.call == nil || p.call.Outgoing() || p.talked {
		return errors.New("nobody calls")
	}
	return p.call.Answer()
}

func (p *terminalPhone) hangUp() error {
	switch {
	case p.call == nil:
		return errors.New("there is no call")
	case !p.call.Outgoing() && !p.talked:
		return p.call.Reject(603, "Decline")
	}
	p.call.Hangup()
	return nil
}

// change holds or resumes.
func (p *terminalPhone) change(how func(*softphone.Call, context.Context) error) error {
	call := p.call
	if call == nil || !p.talked {
		return errors.New("there is nobody to talk to")
	}
	p.do(func(ctx context.Context) error { return how(call, ctx) })
	return nil
}

// number sends digits into the call, or makes a call.
func (p *terminalPhone) number(ctx context.Context, line string) error {
	switch {
	case p.call == nil:
		return p.dial(ctx, strings.ReplaceAll(line, " ", ""))
	case !p.talked:
		return errors.New("the call is not answered yet: x ends it")
	case strings.ContainsFunc(line, notKey):
		return fmt.Errorf("%q cannot be sent: use 0-9 * # A-D and commas", line)
	}
	p.press(line)
	return nil
}

func (p *terminalPhone) dial(ctx context.Context, number string) error {
	call, err := p.phone.Dial(ctx, number)
	if err != nil {
		return err
	}
	p.begun(call)
	p.tell(phoneLine{Event: kindCalling, Call: p.calls, Text: number})
	return nil
}

// begun takes note of a call, and records it.
func (p *terminalPhone) begun(call *softphone.Call) {
	p.calls++
	p.call, p.talked, p.numbers[call] = call, false, p.calls
	if p.Record == "" {
		return
	}
	name := p.Record
	if p.calls > 1 {
		ext := filepath.Ext(name)
		name = fmt.Sprintf("%s-%d%s", strings.TrimSuffix(name, ext), p.calls, ext)
	}
	tape, err := os.Create(name) //nolint:gosec // the user's own choice
	if err == nil {
		p.tape = tape
		err = call.Record(tape)
	}
	p.unrecorded(err)
}

func (p *terminalPhone) unrecorded(err error) {
	if err == nil {
		return
	}
	err = fmt.Errorf("record: %w", err)
	p.complain(err)
	if p.lost == nil {
		p.lost = err
	}
}

func (p *terminalPhone) press(keys string) {
	call := p.call
	p.tell(phoneLine{Event: kindPressed, Call: p.numbers[call], Text: keys})
	p.do(func(ctx context.Context) error {
		return call.PressBy(ctx, softphone.DigitMethod(p.Digits), keys)
	})
}

// speak speaks the file of --play. A second at a time, so that keys need not
// wait for its end.
func (p *terminalPhone) speak(ctx context.Context, call *softphone.Call) {
	for pcm := range slices.Chunk(p.sound, g711.Rate) {
		if err := call.Play(ctx, pcm); err != nil {
			p.fail(ctx, err)
			return
		}
	}
}

// do leaves to the hand what takes time.
func (p *terminalPhone) do(what func(context.Context) error) {
	select {
	case p.hand <- what:
	default:
		p.complain(errors.New("too much was typed ahead"))
	}
}

func (p *terminalPhone) work(ctx context.Context) {
	for {
		select {
		case what := <-p.hand:
			p.fail(ctx, what(ctx))
		case <-ctx.Done():
			return
		}
	}
}

// fail tells an error of what takes time; that the call ended meanwhile is none.
func (p *terminalPhone) fail(ctx context.Context, err error) {
	if err == nil || errors.Is(err, media.ErrClosed) {
		return
	}
	select {
	case p.failed <- err:
	case <-ctx.Done():
	}
}

// forget empties the phone's own queue of calls: they are known by events.
func (p *terminalPhone) forget(ctx context.Context) {
	for {
		if _, err := p.phone.Incoming(ctx); err != nil {
			return
		}
	}
}

func (p *terminalPhone) tell(line phoneLine) {
	if p.JSON {
		line.At = time.Now().UTC()
		line.tellProgram(p.con.out)
		return
	}
	line.tellPerson(p.con.out)
}

// tellAll tells what has happened, and acts on it.
func (p *terminalPhone) tellAll() {
	for _, ev := range p.events.take() {
		if ev.Kind == softphone.Incoming {
			p.begun(ev.Call)
		}
		line := phoneLine{Event: ev.Kind, Call: p.numbers[ev.Call], Code: ev.Code, Text: ev.Text}
		if ev.Call != nil {
			line.User, line.Name = identity(ev.Call.Party())
		}
		if ev.Kind == softphone.CallEnded {
			end, _ := ev.Call.End()
			line.By, line.Else = end.By, end.Elsewhere()
		}
		p.tell(line)
		p.react(ev)
	}
}

func (p *terminalPhone) react(ev softphone.Event) {
	switch ev.Kind {
	case softphone.Incoming:
		if p.AutoAnswer {
			if err := ev.Call.Answer(); err != nil {
				p.complain(err)
			}
		}
	case softphone.Answered:
		p.talked = true
		if p.answered++; p.answered == 1 && p.Press != "" {
			p.press(p.Press)
		}
		if len(p.sound) > 0 {
			p.do(func(ctx context.Context) error {
				go p.speak(ctx, ev.Call)
				return nil
			})
		}
	case softphone.CallEnded:
		p.ended(ev)
	default:
	}
}

func (p *terminalPhone) ended(ev softphone.Event) {
	first := p.numbers[ev.Call] == 1
	switch {
	case p.Dial != "" && first:
		p.over = true
		if !p.talked {
			p.refused = fmt.Errorf("the call to %s was not answered: %d %s", p.Dial, ev.Code, ev.Text)
		}
	case p.UntilHangup && p.talked:
		p.over = true
	}
	if p.tape != nil {
		p.unrecorded(errors.Join(ev.Call.Recorded(), p.tape.Close()))
		p.tape = nil
	}
	delete(p.numbers, ev.Call)
	p.call, p.talked = nil, false
}

// switchOff hangs up, says goodbye to the server and tells the rest.
func (p *terminalPhone) switchOff(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, farewellTime)
	defer cancel()
	if p.call != nil {
		p.call.Hangup()
		_, _ = p.call.Ended(ctx)
	}
	if p.phone.Registered() {
		_ = p.phone.Unregister(ctx) // else the registration ends by itself
	}
	p.phone.Close()
	p.tellAll()
}

// verdict is what decides about the exit status, besides a failed begin.
func (p *terminalPhone) verdict(begun error) error {
	switch {
	case begun != nil || p.refused != nil:
		return p.refused
	case p.Dial != "" && p.answered == 0:
		return fmt.Errorf("the call to %s was not answered", p.Dial)
	case p.UntilHangup && p.Dial == "" && p.answered == 0:
		return errors.New("there was no call")
	}
	return p.lost
}
