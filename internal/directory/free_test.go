package directory_test

import (
	"slices"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

func TestFreeExtensions(t *testing.T) {
	t.Parallel()
	domain := directory.Defaults("acme.test")
	domain.Country = "CA"
	users := func(extensions ...string) []directory.User {
		all := make([]directory.User, len(extensions))
		for i, e := range extensions {
			all[i].Extension = e
		}
		return all
	}
	for _, c := range []struct {
		about  string
		users  []directory.User
		desk   bool
		wanted string
		want   []string
	}{
		{"nobody is there", nil, false, "", []string{"1001", "1002", "1003"}},
		{"behind the last person", users("1001", "1007", "5401"), false, "", []string{"1008", "1009", "1010"}},
		{"near one that is taken", users("1001", "1002", "1004"), false, "1001", []string{"1003", "1005", "1006"}},
		{"near one that is no extension", users("1001"), false, "10x", []string{"1002", "1003", "1004"}},
		{"out of the desk range", users("1001"), false, "5499", []string{"5500", "5501", "5502"}},
		{"over the desk range", users("5399"), false, "5398", []string{"5398", "5500", "5501"}},
		{"no emergency number", nil, false, "910", []string{"910", "912", "913"}},
		{"with zeros in front", nil, false, "009", []string{"009", "010", "011"}},
		{"the last there is", nil, false, "9999", []string{"9999"}},
		{"a desk", users("1001", "5400", "5402"), true, "1001", []string{"5401", "5403", "5404"}},
	} {
		got := directory.FreeForPerson(domain, c.users, c.wanted, 3)
		if c.desk {
			got = directory.FreeForDesk(domain, c.users, 3)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.about, got, c.want)
		}
	}
	var full []string
	for e := 5400; e <= 5499; e++ {
		full = append(full, string(rune('0'+e/1000))+string(rune('0'+e/100%10))+string(rune('0'+e/10%10))+string(rune('0'+e%10)))
	}
	if got := directory.FreeForDesk(domain, users(full...), 3); got != nil {
		t.Errorf("a full range has %v free", got)
	}
	domain.HotDesking.DeskRange = directory.ExtensionRange{}
	if got := directory.FreeForDesk(domain, nil, 3); got != nil {
		t.Errorf("no range has %v free", got)
	}
}
