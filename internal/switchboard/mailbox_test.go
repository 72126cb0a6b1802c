package switchboard_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hotdesk-pbx/hotdesk/internal/apptest"
	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr"
	"github.com/hotdesk-pbx/hotdesk/internal/media/g711"
	"github.com/hotdesk-pbx/hotdesk/internal/softphone"
	"github.com/hotdesk-pbx/hotdesk/internal/switchboard"
	"github.com/hotdesk-pbx/hotdesk/internal/voicemail"
)

// toneAt is the tone after which callers speak, in hertz.
const toneAt = 880

// withMailboxes starts an office whose people have mailboxes.
func withMailboxes(t *testing.T) *office {
	t.Helper()
	o := start(t)
	o.settings(func(d *directory.Domain) { d.Mailboxes.Enabled = true })
	return o
}

func (o *office) settings(change func(*directory.Domain)) {
	o.t.Helper()
	_, err := o.App.Directory().Edit(o.t.Context(), directory.System(), o.domain.ID, func(office *directory.Office) error {
		change(&office.Domain)
		return nil
	})
	if err != nil {
		o.t.Fatal(err)
	}
}

// spoken is a sound like no other, as G.711 carries it.
func spoken(length time.Duration) []int16 {
	pcm := make([]int16, int(length.Seconds()*g711.Rate))
	for i := range pcm {
		pcm[i] = int16(i*7919%20000 - 10000)
	}
	return g711.ULaw.Decode(nil, g711.ULaw.Append(nil, pcm))
}

// find tells whether a sound is in another, sample by sample.
func find(in, pcm []int16) bool {
	for i := 0; i+len(pcm) <= len(in); i++ {
		if slices.Equal(in[i:i+len(pcm)], pcm) {
			return true
		}
	}
	return false
}

// answered dials and waits for the answer.
func (o *office) answered(p *softphone.Phone, number string) *softphone.Call {
	o.t.Helper()
	c := o.dial(p, number)
	if err := c.Answered(o.soon()); err != nil {
		o.t.Fatal(err)
	}
	return c
}

// press presses keys as soon as a sentence has begun that contains some words.
func (o *office) press(c *softphone.Call, words, keys string) {
	o.t.Helper()
	apptest.Await(o.t, o.facts, func(f ivr.Said) bool { return strings.Contains(f.Text, words) })
	if err := c.Press(keys); err != nil {
		o.t.Fatal(err)
	}
}

// toneOver waits until the tone has been heard to its end.
func (o *office) toneOver(c *softphone.Call) {
	o.t.Helper()
	err := c.Wait(o.soon(), func() bool {
		heard := c.Heard()
		return softphone.HasTone(heard, toneAt) && !softphone.HasTone(heard[max(len(heard)-g711.Rate/4, 0):], toneAt)
	})
	if err != nil {
		o.t.Fatal(err)
	}
}

// speak calls 1001, skips the greeting and says something.
func (o *office) speak(from *softphone.Phone, greeting string, pcm []int16) *softphone.Call {
	o.t.Helper()
	c := o.answered(from, "1001")
	o.press(c, greeting, "#")
	o.toneOver(c)
	if err := c.Play(o.soon(), pcm); err != nil {
		o.t.Fatal(err)
	}
	return c
}

// counted waits until the mailbox of 1001 is told to hold so many messages.
func (o *office) counted(want voicemail.Counts) {
	o.t.Helper()
	if got := fact[voicemail.Changed](o); got.Counts != want {
		o.t.Errorf("told %+v, want %+v", got.Counts, want)
	}
}

// message is the only message of 1001, and its sound.
func (o *office) message() (voicemail.Message, []int16) {
	o.t.Helper()
	ana, _ := o.App.Directory().UserByExtension(o.domain.ID, "1001")
	messages, err := o.App.Mailboxes().Messages(o.t.Context(), ana.ID)
	if err != nil || len(messages) != 1 {
		o.t.Fatalf("%d messages, %v", len(messages), err)
	}
	sound, err := o.App.Mailboxes().Sound(o.t.Context(), messages[0].ID)
	if err != nil {
		o.t.Fatal(err)
	}
	return messages[0], sound
}

func TestMessageIsLeftAndHeardAtTheHotDesk(t *testing.T) {
	t.Parallel()
	o := withMailboxes(t)
	ben, desk := o.softphone("ben"), o.softphone("5401")
	said := spoken(3 * time.Second)

	c := o.speak(ben, "is not available", said)
	if err := c.Press("#"); err != nil {
		t.Fatal(err)
	}
	o.press(c, "To send your message", "1")
	o.counted(voicemail.Counts{New: 1})
	o.over(c)
	r := o.ended()
	m, sound := o.message()
	want := voicemail.Message{
		ID: r.MessageID, DomainID: o.domain.ID, UserID: r.Callee.UserID, CallID: r.ID,
		From:   voicemail.Party{UserID: r.Caller.UserID, Number: "1002", Name: "Ben Okafor"},
		LeftAt: m.LeftAt, Length: m.Length, State: voicemail.StateNew,
	}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Errorf("message (-want +got):\n%s", diff)
	}
	if r.Result != callrecord.Voicemail || r.AnsweredAt.IsZero() || r.Callee.Number != "1001" || r.EndedBy != "system" {
		t.Errorf("record %+v", r)
	}
	if !find(sound, said) || len(sound) > len(said)+2*g711.Rate {
		t.Errorf("the recording of %d samples is not what was said", len(sound))
	}

	o.logIn(desk, "1001", "4711")
	c = o.answered(desk, "*97")
	o.press(c, "Please enter your PIN", "4711#")
	o.counted(voicemail.Counts{Saved: 1})
	o.press(c, "To hear this message again", "3")
	if !find(c.Heard(), sound) {
		t.Error("the message is played otherwise than it was recorded")
	}
	apptest.Await(t, o.facts, func(f ivr.Said) bool { return strings.HasPrefix(f.Text, "Message deleted.") })
	c.Hangup()
	o.counted(voicemail.Counts{})
	o.endsService(wantEnd{"1001/5401", "", callrecord.Service, 0, "caller"})
}

func TestHangingUpSendsTheMessage(t *testing.T) {
	t.Parallel()
	o := withMailboxes(t)
	ben, ana := o.softphone("ben"), o.peer("ana-1")
	said := spoken(1500 * time.Millisecond)
	go func() { ana.ring().reject(486, "Busy Here") }()
	c := o.speak(ben, "is busy at the moment", said)
	c.Hangup()
	o.counted(voicemail.Counts{New: 1})
	if _, sound := o.message(); !find(sound, said) {
		t.Errorf("the recording of %d samples is not what was said", len(sound))
	}
	if r := o.ended(); r.Result != callrecord.Voicemail || r.EndedBy != "caller" || r.MessageID == "" {
		t.Errorf("record %+v", r)
	}
}

func TestKeysOfEveryKindEndTheMessage(t *testing.T) {
	t.Parallel()
	for _, method := range []softphone.DigitMethod{softphone.DigitsEvents, softphone.DigitsInfo, softphone.DigitsInBand} {
		t.Run(string(method), func(t *testing.T) {
			t.Parallel()
			o := withMailboxes(t)
			ben := o.softphone("ben", func(c *softphone.Config) {
				c.Digits, c.NoEvents = method, method != softphone.DigitsEvents
			})
			said := spoken(1500 * time.Millisecond)
			c := o.speak(ben, "is not available", said)
			if err := c.Press("#"); err != nil {
				t.Fatal(err)
			}
			o.press(c, "To send your message", "1")
			o.counted(voicemail.Counts{New: 1})
			if _, sound := o.message(); !find(sound, said) {
				t.Errorf("the recording of %d samples is not what was said", len(sound))
			}
			o.over(c)
			o.ended()
		})
	}
}

func TestAServerThatStopsKeepsTheMessage(t *testing.T) {
	t.Parallel()
	o := withMailboxes(t)
	said := spoken(2 * time.Second)
	o.speak(o.softphone("ben"), "is not available", said)
	o.Stop(t)
	o.Run(t)
	if _, sound := o.message(); !find(sound, said) {
		t.Errorf("the recording of %d samples is not what was said", len(sound))
	}
	o.listen()
}

func TestWhereAMailboxAnswers(t *testing.T) {
	t.Parallel()
	o := withMailboxes(t)
	ben, free, ownPhone := o.softphone("ben"), o.softphone("5401"), o.softphone("ana-1")
	const listensTo = "Please enter your PIN"
	for _, tt := range []struct {
		name    string
		phone   *softphone.Phone
		dialled string
		change  func(*directory.Answering)
		says    string
	}{
		{"do not disturb", ben, "1001", func(a *directory.Answering) { a.DoNotDisturb = true }, "is busy at the moment"},
		{"straight into the mailbox", ben, "*991001", nil, "is not available"},
		{"a forward that leads on", ben, "1003", func(a *directory.Answering) { a.DoNotDisturb = true }, "is not available"},
		{"the own mailbox", ownPhone, "*97", nil, listensTo},
		{"a desk nobody holds", free, "*97", nil, "Nobody is logged in at this desk"},
		{"any mailbox from there", free, "*98", nil, "Please enter your account number"},
		{"any mailbox, dialled along", free, "*981001", nil, listensTo},
	} {
		if tt.change != nil {
			o.answering("1001", tt.change)
		}
		c := o.answered(tt.phone, tt.dialled)
		apptest.Await(t, o.facts, func(f ivr.Said) bool {
			if !strings.Contains(f.Text, tt.says) {
				t.Errorf("%s: says %q", tt.name, f.Text)
			}
			return true
		})
		c.Hangup()
		o.ended()
		if tt.change != nil {
			o.answering("1001", func(a *directory.Answering) { *a = directory.Answering{} })
		}
	}
}

func TestWhereNoMailboxAnswers(t *testing.T) {
	t.Parallel()
	o := withMailboxes(t)
	ben, spare := o.peer("ben"), o.peer("spare")
	o.answering("1003", func(a *directory.Answering) { a.NoMailbox = true })
	for _, dialled := range []string{"1003", "5401"} { // Caro wants none, a desk has none
		ben.call(dialled).failed(480)
		o.ended()
	}
	for _, dialled := range []string{"*991003", "*995401", "*991999"} {
		c := ben.call(dialled)
		if f := fact[ivr.Said](o); f.Text != textOf(t, ivr.NoMailbox) {
			t.Errorf("%s: says %q", dialled, f.Text)
		}
		c.failed(404)
		o.ended()
	}
	ben.call("1001", offering("9")).failed(480) // no sound in common with the mailbox
	o.endsAs(wantEnd{"1002/ben", "1001/-", callrecord.NotReached, 480, "system"})
	c := spare.call("*97")
	if f := fact[ivr.Said](o); !strings.HasPrefix(f.Text, textOf(t, ivr.LoginOnly)) {
		t.Errorf("an unassigned phone is told %q", f.Text)
	}
	c.failed(403)
	o.ended()
	ana := o.peer("ana-1")
	caller := ben.call("1001")
	ana.ring()
	caller.Cancel() // before anybody answers
	caller.failed(487)
	if r := o.ended(); r.Result != callrecord.Cancelled || r.MessageID != "" {
		t.Errorf("record %+v", r)
	}
}

// A mailbox is no conversation with somebody, so the desk is not in a call
// while a message is left from it, nor does the caller's phone show an answer
// by a person.
func TestAMailboxIsNobody(t *testing.T) {
	t.Parallel()
	o := withMailboxes(t)
	c := o.answered(o.softphone("ben"), "1001")
	fact[ivr.Said](o)
	ana, _ := o.App.Directory().UserByExtension(o.domain.ID, "1001")
	for _, live := range o.App.Switchboard().CallsOf(ana.ID) {
		t.Errorf("Ana is in the call %+v", live)
	}
	c.Hangup()
	for {
		switch f := (<-o.facts.Facts()).(type) {
		case switchboard.Answered:
			t.Errorf("told as answered: %+v", f)
		case switchboard.Ended:
			return
		}
	}
}
