package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
	"github.com/hotdesk-pbx/hotdesk/internal/softphone"
)

// What a phone on the terminal tells besides the softphone's own events.
const (
	kindCalling softphone.Kind = "calling" // Text: what was dialled
	kindPressed softphone.Kind = "pressed" // Text: the keys
	kindError   softphone.Kind = "error"   // Text
)

// phoneLine is one line of what happens. The names of its JSON are a promise.
type phoneLine struct {
	At    time.Time      `json:"at"`
	Event softphone.Kind `json:"event"`
	Call  int            `json:"call,omitempty"` // counted from 1
	User  string         `json:"user,omitempty"` // the other side
	Name  string         `json:"name,omitempty"`
	Code  int            `json:"code,omitempty"`
	Text  string         `json:"text,omitempty"`
	By    dialog.By      `json:"by,omitempty"` // who hung up: owner is this phone, peer the other side
	Else  bool           `json:"elsewhere,omitempty"`
}

// tellProgram writes a line of JSON.
func (l phoneLine) tellProgram(to io.Writer) {
	if text, err := json.Marshal(l); err == nil {
		_, _ = fmt.Fprintf(to, "%s\n", text)
	}
}

// tellPerson writes a line of words.
func (l phoneLine) tellPerson(to io.Writer) { _, _ = fmt.Fprintln(to, harmless(l.words())) }

func (l phoneLine) words() string {
	switch l.Event {
	case softphone.Registered:
		return "registered for " + l.Text
	case softphone.RegisterFailed:
		return "not registered: " + l.Text
	case softphone.Notified:
		return "told: " + strings.Join(strings.Fields(l.Text), " ")
	case softphone.Answered, softphone.Unregistered:
		return string(l.Event)
	case kindCalling, kindPressed:
		return string(l.Event) + " " + l.Text
	case kindError:
		return l.Text
	default:
		return l.wordsOfCall()
	}
}

func (l phoneLine) wordsOfCall() string {
	switch l.Event {
	case softphone.Incoming:
		return l.who() + " calls"
	case softphone.Progress:
		return fmt.Sprintf("%d %s", l.Code, l.Text)
	case softphone.Identified:
		return "it is " + l.who()
	case softphone.HeldByPeer:
		return "the other side holds the call"
	case softphone.ResumedByPeer:
		return "the other side is back"
	case softphone.DigitHeard:
		return "heard the key " + l.Text
	default:
		return l.ending()
	}
}

func (l phoneLine) ending() string {
	switch {
	case l.Else:
		return "the call was answered elsewhere"
	case l.Code != 0:
		return fmt.Sprintf("the call has ended: %d %s", l.Code, l.Text)
	case l.By == dialog.ByPeer:
		return "the call has ended: the other side hung up"
	default:
		return "the call has ended: " + l.Text
	}
}

func (l phoneLine) who() string {
	switch {
	case l.Name == "" && l.User == "":
		return "somebody unknown"
	case l.Name == "":
		return l.User
	case l.User == "":
		return l.Name
	default:
		return l.Name + " (" + l.User + ")"
	}
}

// identity is what a phone shows of the other side: what the server asserts
// goes before what the other side says of itself.
func identity(p softphone.Party) (user, name string) {
	if p.Asserted != "" || p.AssertedDisplay != "" {
		return p.Asserted, p.AssertedDisplay
	}
	return p.User, p.Display
}

// harmless takes out what would steer the terminal: names come from strangers.
func harmless(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, text)
}

// eventQueue takes a phone's events without ever making it wait.
type eventQueue struct {
	mu      sync.Mutex
	waiting []softphone.Event
	more    chan struct{} // full when there are some
}

func newEventQueue() *eventQueue { return &eventQueue{more: make(chan struct{}, 1)} }

func (q *eventQueue) put(ev softphone.Event) {
	q.mu.Lock()
	q.waiting = append(q.waiting, ev)
	q.mu.Unlock()
	select {
	case q.more <- struct{}{}:
	default:
	}
}

func (q *eventQueue) take() []softphone.Event {
	q.mu.Lock()
	defer q.mu.Unlock()
	all := q.waiting
	q.waiting = nil
	return all
}
