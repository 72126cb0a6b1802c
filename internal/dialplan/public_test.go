package dialplan_test

import (
	"strings"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/dialplan"
)

func TestPublic(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		dialled, country, e164 string
		reach                  dialplan.Reach
	}{
		{"4165550100", "CA", "+14165550100", dialplan.National},
		{"14165550100", "CA", "+14165550100", dialplan.National},
		{"+14165550100", "CA", "+14165550100", dialplan.National},
		{"(416) 555-0100", "CA", "+14165550100", dialplan.National},
		{"%2B14165550100", "CA", "+14165550100", dialplan.National},
		{"18005550199", "CA", "+18005550199", dialplan.National},
		{"12125550123", "CA", "+12125550123", dialplan.International}, // the United States
		{"18765550123", "CA", "+18765550123", dialplan.International}, // Jamaica shares the country code
		{"011442079460018", "CA", "+442079460018", dialplan.International},
		{"00442079460018", "DE", "+442079460018", dialplan.International},
		{"19005550123", "CA", "+19005550123", dialplan.Premium},
		{"030 901820", "DE", "+4930901820", dialplan.National},
		{"09001234567", "DE", "+499001234567", dialplan.Premium},
		{"01801234567", "DE", "+491801234567", dialplan.Premium}, // shared cost
		{"08001234567", "DE", "+498001234567", dialplan.National},
		{"+4915112345678", "DE", "+4915112345678", dialplan.National},
		{"07012345678", "GB", "+447012345678", dialplan.Premium}, // personal numbers
		{"+881612345678", "CA", "+881612345678", dialplan.Premium},
		{"+979123456789", "CA", "+979123456789", dialplan.Premium},

		{"5550100", "CA", "", dialplan.Unreachable}, // no area code
		{"", "CA", "", dialplan.Unreachable},
		{"+", "CA", "", dialplan.Unreachable},
		{"+999123456789", "CA", "", dialplan.Unreachable}, // no such country code
		{strings.Repeat("4", 32), "CA", "", dialplan.Unreachable},
		{strings.Repeat("4", 200), "CA", "", dialplan.Unreachable},
		{"4165550100", "ZZ", "", dialplan.Unreachable},
		{"anonymous", "CA", "", dialplan.Unreachable},
		{"%zz", "CA", "", dialplan.Unreachable},
		{"*67", "CA", "", dialplan.Unreachable},
	} {
		e164, reach := dialplan.Public(c.dialled, c.country)
		if e164 != c.e164 || reach != c.reach {
			t.Errorf("Public(%q, %s) = %q, %v, want %q, %v", c.dialled, c.country, e164, reach, c.e164, c.reach)
		}
	}
}

func TestE164(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ sent, country, want string }{
		{"+14165550100", "CA", "+14165550100"},
		{"14165550100", "CA", "+14165550100"},
		{"4165550100", "CA", "+14165550100"},
		{"442079460018", "CA", "+442079460018"}, // without its plus, as some carriers send it
		{"01144 20 7946 0018", "CA", "+442079460018"},
		{"anonymous", "CA", ""},
		{"", "CA", ""},
		{"1001", "CA", ""},
		{"+1001", "CA", ""},
		{strings.Repeat("9", 32), "CA", ""},
	} {
		if got := dialplan.E164(c.sent, c.country); got != c.want {
			t.Errorf("E164(%q, %s) = %q, want %q", c.sent, c.country, got, c.want)
		}
	}
}
