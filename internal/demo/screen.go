package demo

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Screen is a terminal.
type Screen struct {
	Size    func() (columns, rows int)
	Colours bool
}

// The looks of words on a terminal: parameters of SGR (ECMA-48 8.3.117).
const (
	bold   = "1"
	dim    = "2"
	green  = "32"
	yellow = "33"
	cyan   = "36"
)

// The shape of the page.
const (
	widest     = 100 // longer lines are hard to read
	narrowest  = 60  // the columns of the picture need this much
	plainWidth = 80
	margin     = "  "
	phoneWidth = 14
	whoWidth   = 28
)

// screen writes the story downwards and keeps the picture of the office below
// it, redrawn in place. On what is no terminal, or too small a one, it writes
// plain lines, and of the picture what has changed.
type screen struct {
	terminal *Screen

	mu    sync.Mutex
	out   io.Writer
	drawn int // lines of the picture on the terminal, to be overwritten
	rows  []row
	still bool // the picture changes no more
}

func newScreen(out io.Writer, terminal *Screen) *screen { return &screen{out: out, terminal: terminal} }

// title begins a part of the story.
func (s *screen) title(text string) { s.write("", s.paint(bold, text)) }

// say tells something; who may be empty.
func (s *screen) say(who, text string) {
	if who != "" {
		who += ": "
	}
	first, lines := who, wrap(harmless(who+text), s.width()-len(margin), "    ")
	lines[0] = s.paint(cyan, first) + strings.TrimPrefix(lines[0], first)
	for i := range lines {
		lines[i] = margin + lines[i]
	}
	s.write(lines...)
}

// done tells that something was checked.
func (s *screen) done(text string) {
	sign := s.paint(green, "✓")
	lines := wrap(harmless(text), s.width()-len(margin)-2, "")
	for i := range lines {
		lines[i] = margin + sign + " " + lines[i]
		sign = " "
	}
	s.write(lines...)
}

// note writes lines as they are.
func (s *screen) note(lines ...string) { s.write(lines...) }

// draw shows the picture as it is now.
func (s *screen) draw(rows []row) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.still || slices.Equal(rows, s.rows) {
		return
	}
	before := s.rows
	s.rows = rows
	if s.pinned() {
		s.flush(nil)
		return
	}
	var changed []string
	for i, r := range rows {
		if i >= len(before) || before[i] != r {
			changed = append(changed, margin+"| "+strings.TrimRight(s.line(r), " "))
		}
	}
	s.flush(changed)
}

// freeze leaves the picture as it is: the office closes.
func (s *screen) freeze() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.still = true
}

func (s *screen) write(lines ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flush(lines)
}

// flush writes lines where the picture was, and the picture below them, in one
// go so that it does not flicker. s.mu is held.
func (s *screen) flush(lines []string) {
	var b strings.Builder
	if s.drawn > 0 {
		_, _ = fmt.Fprintf(&b, "\x1b[%dA\r\x1b[J", s.drawn)
	}
	s.drawn = 0
	var picture []string
	if s.pinned() && len(s.rows) > 0 {
		picture = s.board()
		s.drawn = len(picture)
	}
	for _, line := range slices.Concat(lines, picture) {
		b.WriteString(line + "\n")
	}
	_, _ = io.WriteString(s.out, b.String())
}

// pinned tells whether the picture stays in its place: it needs room.
func (s *screen) pinned() bool {
	if s.terminal == nil {
		return false
	}
	columns, rows := s.terminal.Size()
	return columns >= narrowest && rows >= len(s.rows)+8
}

func (s *screen) width() int {
	if s.terminal == nil {
		return plainWidth
	}
	columns, _ := s.terminal.Size()
	return min(max(columns, narrowest)-1, widest) // the last column would make some terminals wrap
}

// board is the picture with its frame.
func (s *screen) board() []string {
	rule := s.paint(dim, strings.Repeat("─", s.width()))
	heading := margin + pad("PHONE", phoneWidth) + pad("WHO SITS THERE", whoWidth) + "NOW"
	lines := []string{"", rule, s.paint(dim, heading)}
	for _, r := range s.rows {
		lines = append(lines, margin+s.line(r))
	}
	return append(lines, rule)
}

// line is one phone, cut to the width.
func (s *screen) line(r row) string {
	holder, look := r.holder, bold
	switch {
	case holder == "":
		holder, look = "nobody", dim
	case r.until != "":
		holder += " until " + r.until
	}
	nowLook := ""
	switch r.mood {
	case away:
		nowLook = dim
	case ringing:
		nowLook = yellow
	case talking:
		nowLook = green
	case quiet:
	}
	room := s.width() - len(margin)*2 - phoneWidth - whoWidth
	return pad(r.phone, phoneWidth) + s.paint(look, pad(holder, whoWidth)) + s.paint(nowLook, strings.TrimRight(pad(r.now, room), " "))
}

// paint colours words where the terminal shows colours.
func (s *screen) paint(look, text string) string {
	if s.terminal == nil || !s.terminal.Colours || look == "" || text == "" {
		return text
	}
	return "\x1b[" + look + "m" + text + "\x1b[0m"
}

// pad makes a text exactly as wide as a column, with a space behind it.
func pad(text string, width int) string {
	text = harmless(text)
	if n := utf8.RuneCountInString(text); n < width {
		return text + strings.Repeat(" ", width-n)
	}
	return string([]rune(text)[:width-2]) + "… "
}

// wrap breaks a text into lines between words; those after the first are indented.
func wrap(text string, width int, indent string) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			lines = append(lines, line)
			line = indent + word
			continue
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
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
