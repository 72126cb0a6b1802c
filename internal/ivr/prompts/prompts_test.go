package prompts_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/ivr/prompts"
)

func newLibrary(tb testing.TB, folder fstest.MapFS) (*prompts.Library, *bytes.Buffer) {
	tb.Helper()
	var logged bytes.Buffer
	library, err := prompts.New(folder, slog.New(slog.NewTextHandler(&logged, nil)))
	if err != nil {
		tb.Fatal(err)
	}
	return library, &logged
}

// wavFile makes a 16-bit WAV file of n samples of one value.
func wavFile(value int16, n int) []byte {
	b := []byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00data")
	size := uint32(2 * n)
	b = append(b, byte(size), byte(size>>8), byte(size>>16), byte(size>>24))
	for range n {
		b = append(b, byte(value), byte(value>>8))
	}
	return b
}

func TestEveryNameIsInTheTableAndEverySentenceHasAName(t *testing.T) {
	t.Parallel()
	library, _ := newLibrary(t, nil)
	parsed, err := parser.ParseFile(token.NewFileSet(), "names.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	declared := map[prompts.Name]bool{}
	ast.Inspect(parsed, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			declared[prompts.Name(text)] = true
		}
		return true
	})
	names := library.Names()
	for name := range declared {
		if !slices.Contains(names, name) {
			t.Errorf("the name %q has no text", name)
		}
	}
	for _, name := range names {
		sentence := strings.Contains(library.Clip("en", "", name).Text, " ")
		if sentence && !declared[name] {
			t.Errorf("the text %q has no name, so nothing speaks it", name)
		}
	}
}

func TestEverySoundIsLoudEnoughUnclippedAndTrimmed(t *testing.T) {
	t.Parallel()
	const quiet = 200 // -44 dBFS
	library, _ := newLibrary(t, nil)
	for _, name := range library.Names() {
		pcm := library.Clip("en", "", name).PCM
		var square float64
		peak, first, last := 0, -1, 0
		for i, v := range pcm {
			level := max(int(v), -int(v))
			square += float64(level) * float64(level)
			peak = max(peak, level)
			if level > quiet && first < 0 {
				first = i
			}
			if level > quiet {
				last = i
			}
		}
		loudness := 20 * math.Log10(math.Sqrt(square/float64(len(pcm)))/32768)
		if loudness < -23.5 || loudness > -20 {
			t.Errorf("%s: %.1f dBFS, want -23.5 to -20", name, loudness)
		}
		if peak > 31000 {
			t.Errorf("%s: peak %d clips", name, peak)
		}
		const longest = prompts.Rate * 150 / 1000 // a soft s or n belongs to the word
		if first > longest || len(pcm)-last > longest {
			t.Errorf("%s: %d and %d silent samples at its ends", name, first, len(pcm)-last)
		}
	}
}

func TestFolderReplacesTheEmbeddedClip(t *testing.T) {
	t.Parallel()
	folder := fstest.MapFS{
		"acme.test/en/wrong.wav":      {Data: wavFile(1, 80)},
		"en/wrong.wav":                {Data: wavFile(2, 80)},
		"fr/wrong.wav":                {Data: wavFile(3, 80)},
		"acme.test/fr-CA/wrong.wav":   {Data: wavFile(4, 80)},
		"acme.test/fr-CA/enter_pin.x": {Data: wavFile(5, 80)},
		"acme.test/de/wrong.wav":      {Data: []byte("not a sound")},
		"de/wrong.wav":                {Data: wavFile(6, 80)},
		"it/wrong.wav":                {Data: wavFile(7, 0)},
		"es/wrong.wav/inside":         {Data: nil},
	}
	const embedded = 0 // stands for the embedded sound, which has more samples
	for _, tt := range []struct {
		language, domain string
		want             int16
		logs             string
	}{
		{"en", "acme.test", 1, ""},
		{"", "acme.test", 1, ""},
		{"en", "other.test", 2, ""},
		{"en", "", 2, ""},
		{"en-GB", "acme.test", 1, ""},
		{"fr", "acme.test", 3, ""},
		{"fr-CA", "acme.test", 4, ""},
		{"fr-CA", "other.test", 3, ""},
		{"de", "acme.test", 6, "acme.test/de/wrong.wav"},
		{"it", "acme.test", embedded, "no sound in it"},
		{"es", "acme.test", embedded, "es/wrong.wav"},
		{"nl", "acme.test", embedded, ""},
		{"../../etc", "acme.test", embedded, ""},
		{"en", "..", 2, ""},
	} {
		t.Run(tt.language+"/"+tt.domain, func(t *testing.T) {
			t.Parallel()
			library, logged := newLibrary(t, folder)
			clip := library.Clip(tt.language, tt.domain, prompts.Wrong)
			if (len(clip.PCM) == 80) != (tt.want != embedded) || tt.want != embedded && clip.PCM[0] != tt.want {
				t.Errorf("got %d samples, the first %d, want %d", len(clip.PCM), clip.PCM[0], tt.want)
			}
			if !strings.HasPrefix(clip.Text, "That account number") {
				t.Errorf("text %q", clip.Text)
			}
			if (tt.logs == "") != (logged.Len() == 0) || !strings.Contains(logged.String(), tt.logs) {
				t.Errorf("logged %q, want %q", logged, tt.logs)
			}
		})
	}
}

func TestReplacementIsReadAgainWhenItChangesAndLoggedOnce(t *testing.T) {
	t.Parallel()
	file := &fstest.MapFile{Data: []byte("broken"), ModTime: time.Unix(1, 0)}
	library, logged := newLibrary(t, fstest.MapFS{"en/oh.wav": file})
	embedded := len(library.Clip("en", "", "oh").PCM)
	library.Clip("en", "", "oh")
	if n := strings.Count(logged.String(), "broken"); n != 1 {
		t.Errorf("logged %d times, want once: %s", n, logged)
	}
	file.Data, file.ModTime = wavFile(9, 10), time.Unix(2, 0)
	if got := len(library.Clip("en", "", "oh").PCM); got != 10 || got == embedded {
		t.Errorf("a mended file gives %d samples, want 10", got)
	}
}

func TestUnknownNameIsLoggedAndSilent(t *testing.T) {
	t.Parallel()
	library, logged := newLibrary(t, nil)
	if clip := library.Clip("en", "", "nonsense"); clip.Text != "" || len(clip.PCM) != 0 {
		t.Errorf("got %q", clip.Text)
	}
	if !strings.Contains(logged.String(), "nonsense") {
		t.Errorf("logged %q", logged)
	}
}

func TestSpeech(t *testing.T) {
	t.Parallel()
	library, _ := newLibrary(t, nil)
	clock := func(s string) time.Time {
		at, err := time.Parse("15:04", s)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for _, tt := range []struct {
		phrase prompts.Phrase
		want   string
	}{
		{prompts.Digits("1001"), "one zero zero one"},
		{prompts.Digits("*88#"), "star eight eight pound"},
		{prompts.Digits("+1 (416)"), "one four one six"},
		{prompts.Digits(""), ""},
		{prompts.Clock(clock("00:00")), "midnight"},
		{prompts.Clock(clock("00:01")), "twelve oh one a.m."},
		{prompts.Clock(clock("02:00")), "two a.m."},
		{prompts.Clock(clock("02:30")), "two thirty a.m."},
		{prompts.Clock(clock("09:12")), "nine twelve a.m."},
		{prompts.Clock(clock("11:59")), "eleven fifty nine a.m."},
		{prompts.Clock(clock("12:00")), "noon"},
		{prompts.Clock(clock("12:20")), "twelve twenty p.m."},
		{prompts.Clock(clock("23:05")), "eleven oh five p.m."},
		{prompts.ClockFace(clock("09:12")), "nine twelve"},
		{prompts.ClockFace(clock("21:00")), "nine"},
		{prompts.ClockFace(clock("00:00")), "midnight"},
		{prompts.Number(-3), "zero"},
		{prompts.Number(100), "ninety nine"},
		{prompts.Number(40), "forty"},
		{prompts.Span(-time.Second), "one minute"},
		{prompts.Span(time.Second), "one minute"},
		{prompts.Span(61 * time.Second), "two minutes"},
		{prompts.Span(59 * time.Minute), "fifty nine minutes"},
		{prompts.Span(59*time.Minute + time.Second), "one hour"},
		{prompts.Span(3*time.Hour + 10*time.Minute), "three hours"},
		{prompts.Span(47 * time.Hour), "forty seven hours"},
		{prompts.Span(48*time.Hour - time.Minute), "two days"},
		{prompts.Span(1000 * time.Hour), "forty two days"},
		{prompts.Weekday(time.Thursday), "Thursday"},
		{
			prompts.Phrase{prompts.Extension, "number_7", prompts.Stop, prompts.RingsHereUntil, "number_2", "am", prompts.Stop},
			"Extension seven. Calls to you now ring here, until two a.m.",
		},
		{prompts.Phrase{"number_1", prompts.Comma, "number_2", prompts.Comma, prompts.Comma}, "one, two,"},
		{prompts.Phrase{prompts.Stop, "number_1"}, "one"},
	} {
		u := library.Say("en", "acme.test", tt.phrase)
		if u.Text != tt.want {
			t.Errorf("%v speaks %q, want %q", tt.phrase, u.Text, tt.want)
		}
		if (len(u.PCM) == 0) != (tt.want == "") {
			t.Errorf("%q has %d samples", tt.want, len(u.PCM))
		}
	}
}

func TestEveryMinuteAndNumberHasSounds(t *testing.T) {
	t.Parallel()
	library, logged := newLibrary(t, nil)
	for at := (time.Time{}); at.Day() == 1; at = at.Add(time.Minute) {
		library.Say("en", "", prompts.Clock(at))
	}
	for n := range 100 {
		library.Say("en", "", prompts.Number(n))
		library.Say("en", "", prompts.Span(time.Duration(n)*time.Hour))
	}
	for day := range time.Weekday(7) {
		library.Say("en", "", prompts.Weekday(day))
	}
	if logged.Len() > 0 {
		t.Errorf("logged %s", logged)
	}
}

func BenchmarkSay(b *testing.B) {
	library, _ := newLibrary(b, nil)
	phrase := append(prompts.Phrase{prompts.Extension}, prompts.Digits("1001")...)
	for b.Loop() {
		library.Say("en", "acme.test", phrase)
	}
}

func TestPlaceIsSilentUntilItIsRecorded(t *testing.T) {
	t.Parallel()
	library, logged := newLibrary(t, fstest.MapFS{"acme.test/en/place_of_5401.wav": {Data: wavFile(7, 100)}})
	if got := library.Say("en", "acme.test", prompts.Place("5401")); len(got.PCM) != 100 {
		t.Errorf("the recording has %d samples", len(got.PCM))
	}
	for _, domain := range []string{"beta.test", ""} {
		if got := library.Say("en", domain, prompts.Place("5401")); len(got.PCM) != 0 || got.Text != "" {
			t.Errorf("%q says %+v", domain, got)
		}
	}
	if logged.Len() > 0 {
		t.Errorf("logged %s", logged)
	}
}
