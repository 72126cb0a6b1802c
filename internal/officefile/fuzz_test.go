package officefile_test

import (
	"os"
	"strings"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/officefile"
)

func FuzzRead(f *testing.F) {
	text, err := os.ReadFile("testdata/office.toml")
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{string(text), "a.b.c = [1, {d = 2}]", "[[a]]\n[a.b]\n[[a.b.c]]", "\"\\u00e9\" = '''\nx'''", "[domain]\nname = 1e9", "a = 1979-05-27"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, problems := officefile.Read(strings.NewReader(text))
		lines := 1 + strings.Count(text, "\n")
		for _, p := range problems {
			if p.Line < 1 || p.Line > lines || p.Wrong == "" || p.Fix == "" {
				t.Errorf("problem %+v of %d lines", p, lines)
			}
		}
	})
}
