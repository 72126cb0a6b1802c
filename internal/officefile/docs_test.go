package officefile_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/officefile"
)

// Every key that the program knows stands in the manual.
func TestManualNamesEveryKey(t *testing.T) {
	t.Parallel()
	manual, err := os.ReadFile("../../docs/office-file.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, header := range []string{
		"[domain]", "[domain.hot_desking]", "[domain.codes]", "[domain.mailboxes]", "[domain.outside]", "[domain.emergency]", "[domain.mail]", "[domain.sign_on]",
		"[[user]]", "[[user.device]]", "[[device]]", "[[phone]]", "[[number]]", "[[trunk]]",
	} {
		text := strings.Replace(header, "[[user.device]]", "[[user]]\n[[user.device]]", 1) + "\nno_such_key_as_this = 1"
		_, problems := officefile.Read(strings.NewReader(text))
		known := ""
		for _, p := range problems {
			if _, list, found := strings.Cut(p.Fix, "remove it; known are "); found {
				known = list
			}
		}
		if known == "" || !strings.Contains(string(manual), "`"+header+"`") {
			t.Errorf("%s: %v", header, problems)
		}
		for key := range strings.SplitSeq(known, ", ") {
			named := []string{"`" + key + "`", "`[domain." + key + "]`", "`[[" + key + "]]`"} // as a key or as a table
			if !slices.ContainsFunc(named, func(name string) bool { return strings.Contains(string(manual), name) }) {
				t.Errorf("the manual lacks %s of %s", key, header)
			}
		}
	}
}
