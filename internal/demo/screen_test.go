package demo_test

import (
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/hotdesk-pbx/hotdesk/internal/demo"
)

// terminal shows what a terminal would: the few sequences that are used.
type terminal struct {
	mu      sync.Mutex
	lines   []string // all, also those that have scrolled away
	row     int
	unknown string // the first sequence it does not know
}

func (m *terminal) show(text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for text != "" {
		if rest, ok := strings.CutPrefix(text, "\x1b["); ok {
			text = m.control(rest)
			continue
		}
		for len(m.lines) <= m.row {
			m.lines = append(m.lines, "")
		}
		r, size := utf8.DecodeRuneInString(text)
		text = text[size:]
		switch r {
		case '\n':
			m.row++
		case '\r':
		default:
			m.lines[m.row] += string(r)
		}
	}
}

// control obeys a sequence and gives what is behind it.
func (m *terminal) control(text string) string {
	end := strings.IndexFunc(text, func(r rune) bool { return r >= '@' })
	switch text[end] {
	case 'A':
		up := 0
		for _, digit := range text[:end] {
			up = 10*up + int(digit-'0')
		}
		m.row -= up
	case 'J':
		m.lines = m.lines[:m.row]
	case 'm':
	default:
		m.unknown += text[:end+1]
	}
	return text[end+1:]
}

func (m *terminal) all() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string{}, m.lines...)
}

func TestPictureStaysInItsPlace(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		columns, rows int
		colours       bool
		pictures      int // headings to be seen
	}{
		"usual":     {80, 24, true, 1},
		"wide":      {200, 50, false, 1},
		"too low":   {80, 8, false, 0},
		"too small": {40, 24, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var shown terminal
			cfg := free(t.TempDir())
			cfg.Screen = &demo.Screen{Size: func() (int, int) { return test.columns, test.rows }, Colours: test.colours}
			w := watch(t, cfg, shown.show)
			w.sees(t, "types") // after the desk has rung nobody and dialled
			w.leave()
			if err := w.ends(t); err != nil {
				t.Error(err)
			}
			lines := shown.all()
			text := strings.Join(lines, "\n")
			if got := strings.Count(text, "WHO SITS THERE"); got != test.pictures {
				t.Errorf("%d pictures, want %d:\n%s", got, test.pictures, text)
			}
			if test.pictures == 1 && !strings.Contains(lines[len(lines)-2], "Cleo's phone") {
				t.Errorf("the picture is not at the end:\n%s", text)
			}
			for _, line := range lines {
				if n := utf8.RuneCountInString(line); n >= test.columns && test.columns >= 60 {
					t.Errorf("%d columns: %s", n, line)
				}
			}
			if coloured := strings.Contains(w.output(), "\x1b[1m"); coloured != test.colours {
				t.Errorf("coloured: %v", coloured)
			}
			if shown.unknown != "" {
				t.Errorf("unknown sequences: %q", shown.unknown)
			}
		})
	}
}
