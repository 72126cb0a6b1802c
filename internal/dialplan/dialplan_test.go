package dialplan_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/dialplan"
)

func plan() dialplan.Plan {
	return dialplan.Plan{
		Country: "CA", Codes: codes(),
		IsExtension: func(e string) bool { return slices.Contains([]string{"1001", "5401", "12345678"}, e) },
	}
}

func codes() dialplan.Codes {
	return dialplan.Codes{
		dialplan.Login: "*88", dialplan.Release: "*89", dialplan.OwnMailbox: "*97", dialplan.AnyMailbox: "*98",
		dialplan.Pickup: "**", dialplan.Park: "*68", dialplan.ToMailbox: "*99",
		dialplan.ForwardAll: "*72", dialplan.ForwardAllOff: "*73", dialplan.ForwardBusy: "*90", dialplan.ForwardBusyOff: "*91",
		dialplan.ForwardNoAnswer: "*92", dialplan.ForwardNoAnswerOff: "*93",
		dialplan.DoNotDisturb: "*78", dialplan.DisturbAgain: "*79", dialplan.RingHere: "*41", dialplan.RingEverywhere: "*40",
		dialplan.Withhold: "*67", dialplan.EmergencyTest: "*933",
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		digits string
		kind   dialplan.Kind
		number string
	}{
		{"*88", dialplan.Login, ""},
		{"%2A88", dialplan.Login, ""},
		{"%2a88", dialplan.Login, ""},
		{"*88#", dialplan.Login, ""},
		{"*881001", dialplan.Login, "1001"},
		{"%2A881001%23", dialplan.Login, "1001"},
		{"*8812345678901", dialplan.UnknownCode, ""},
		{"*88*1001", dialplan.UnknownCode, ""},
		{"*89", dialplan.Release, ""},
		{"*891001", dialplan.UnknownCode, ""},
		{"*97", dialplan.OwnMailbox, ""},
		{"*98", dialplan.AnyMailbox, ""},
		{"*981001", dialplan.AnyMailbox, "1001"},
		{"*99", dialplan.UnknownCode, ""},
		{"*991001", dialplan.ToMailbox, "1001"},
		{"*99*1001", dialplan.UnknownCode, ""},
		{"**1001", dialplan.Pickup, "1001"},
		{"%2A%2A1001", dialplan.Pickup, "1001"},
		{"**", dialplan.UnknownCode, ""},
		{"***1001", dialplan.UnknownCode, ""},
		{"*68", dialplan.Park, ""},
		{"*68701", dialplan.Park, "701"},
		{"*68#701", dialplan.UnknownCode, ""},
		{"*721002", dialplan.ForwardAll, "1002"},
		{"*72+14165550101", dialplan.ForwardAll, "+14165550101"},
		{"*72 (416) 555-0101", dialplan.ForwardAll, "4165550101"},
		{"*72", dialplan.UnknownCode, ""},
		{"*72*88", dialplan.UnknownCode, ""},
		{"*73", dialplan.ForwardAllOff, ""},
		{"*731002", dialplan.UnknownCode, ""},
		{"*901002", dialplan.ForwardBusy, "1002"},
		{"*91", dialplan.ForwardBusyOff, ""},
		{"*921002", dialplan.ForwardNoAnswer, "1002"},
		{"*93", dialplan.ForwardNoAnswerOff, ""},
		{"*933", dialplan.EmergencyTest, ""},
		{"*9331", dialplan.UnknownCode, ""},
		{"*78", dialplan.DoNotDisturb, ""},
		{"*79", dialplan.DisturbAgain, ""},
		{"*41", dialplan.RingHere, ""},
		{"*40", dialplan.RingEverywhere, ""},
		{"*67+14165550101", dialplan.Withhold, "+14165550101"},
		{"*67911", dialplan.Withhold, "911"},
		{"*67", dialplan.UnknownCode, ""},
		{"*67**1001", dialplan.UnknownCode, ""},
		{"1001", dialplan.Extension, "1001"},
		{"1001#", dialplan.Extension, "1001"},
		{"1001;phone-context=acme.test", dialplan.Extension, "1001"},
		{"10-01", dialplan.Extension, "1001"},
		{"1999", dialplan.Extension, "1999"},
		{"12345678", dialplan.Extension, "12345678"},
		{"12345679", dialplan.Outside, "12345679"},
		{"+1 (416) 555-0101", dialplan.Outside, "+14165550101"},
		{"%2B14165550101", dialplan.Outside, "+14165550101"},
		{"+14165550101#", dialplan.Outside, "+14165550101"},
		{"0014165550101", dialplan.Outside, "0014165550101"},
		{"911", dialplan.Emergency, "911"},
		{"112", dialplan.Emergency, "112"},
		{"9-1-1", dialplan.Emergency, "911"},
		{"911#", dialplan.Emergency, "911"},
		{"%39%31%31", dialplan.Emergency, "911"},
		{"9112", dialplan.Extension, "9112"},
		{"999", dialplan.Extension, "999"},
		{"", dialplan.Nothing, ""},
		{"-", dialplan.Nothing, ""},
		{";x=y", dialplan.Nothing, ""},
		{"+", dialplan.Invalid, ""},
		{"+12", dialplan.Invalid, ""},
		{"++14165550101", dialplan.Invalid, ""},
		{"14+165550101", dialplan.Invalid, ""},
		{"ana", dialplan.Invalid, ""},
		{"10 01\r\n", dialplan.Invalid, ""},
		{"%", dialplan.Invalid, ""},
		{"%2", dialplan.Invalid, ""},
		{"%zz", dialplan.Invalid, ""},
		{"%00", dialplan.Invalid, ""},
		{"٩١١", dialplan.Invalid, ""},
		{strings.Repeat("1", 32), dialplan.Outside, strings.Repeat("1", 32)},
		{strings.Repeat("1", 33), dialplan.Invalid, ""},
		{strings.Repeat("-", 1<<16), dialplan.Invalid, ""},
	} {
		want := dialplan.Action{Kind: c.kind, Number: c.number}
		if got := dialplan.Read(c.digits, plan()); got != want {
			t.Errorf("Read(%.40q) = %v, want %v", c.digits, got, want)
		}
	}
}

func TestLongestCodeWins(t *testing.T) {
	t.Parallel()
	p := dialplan.Plan{Codes: dialplan.Codes{dialplan.Login: "*8", dialplan.Release: "*89", dialplan.AnyMailbox: "*800"}}
	for digits, want := range map[string]dialplan.Action{
		"*8":        {Kind: dialplan.Login},
		"*89":       {Kind: dialplan.Release},
		"*891":      {Kind: dialplan.Login, Number: "91"},
		"*8001001":  {Kind: dialplan.AnyMailbox, Number: "1001"},
		"*80":       {Kind: dialplan.Login, Number: "0"},
		"*97":       {Kind: dialplan.UnknownCode},
		"*":         {Kind: dialplan.UnknownCode},
		"#":         {Kind: dialplan.Invalid},
		"1001":      {Kind: dialplan.Extension, Number: "1001"},
		"004912345": {Kind: dialplan.Outside, Number: "004912345"},
	} {
		if got := dialplan.Read(digits, p); got != want {
			t.Errorf("Read(%q) = %v, want %v", digits, got, want)
		}
	}
}

func TestEmergencyNumbers(t *testing.T) {
	t.Parallel()
	// What people dial for help, country by country: the first of these lists comes
	// from the library, the second is ours.
	for country, numbers := range map[string]string{
		"CA": "911", "US": "911", "MX": "911", "GB": "999 112", "IE": "999", "DE": "110", "AT": "122 133 144", "CH": "117 118 144", "FR": "15 17 18",
		"BE": "100 101", "IT": "113 115 118", "PL": "997 998 999", "AU": "000 106", "NZ": "111", "JP": "110 119", "CN": "110 119 120", "KR": "112 119",
		"HK": "999", "SG": "995 999", "MY": "999", "IN": "100 101 108", "ZA": "10111 10177", "BR": "190 192 193", "AD": "118", "ZW": "999", "NA": "10111",
		"RU": "01 101 102 103", "TR": "110 155", "IL": "100 101 102", "AE": "997 998 999", "": "112", "??": "911",
	} {
		for number := range strings.FieldsSeq(numbers + " 112 911") {
			if !dialplan.IsEmergency(number, country) {
				t.Errorf("%s is no emergency number in %q", number, country)
			}
		}
	}
	for country, numbers := range map[string]string{
		"CH": "145 1414", "JP": "118", "ES": "061 091", "FR": "114 196", "RS": "192 193 194", "SA": "998", "UZ": "101 102 103", "GN": "442020", "AE": "996", "ZA": "107",
	} {
		for number := range strings.FieldsSeq(numbers) {
			if !dialplan.IsEmergency(number, country) {
				t.Errorf("%s is no emergency number in %s", number, country)
			}
		}
	}
	for country, number := range map[string]string{
		"CA": "999", "DE": "1001", "GB": "", "US": "933", "FR": "1", "ZA": "1011", "ca": "999", "": "999", "\nCH": "145", "CH": "145 1414", "NZ": "105",
		"BR": "1900", "IN": "+100", "JP": "1-1-9", "AU": "0000", "ES": "\n", "RS": "192\n",
	} {
		if dialplan.IsEmergency(number, country) {
			t.Errorf("%q is an emergency number in %q", number, country)
		}
	}
}

func TestKnownCountry(t *testing.T) {
	t.Parallel()
	known := 0
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			if dialplan.KnownCountry(string(a) + string(b)) {
				known++
			}
		}
	}
	// ISO 3166-1 has 249, of which seven have no telephone numbers of their own;
	// Kosovo, Ascension and Tristan da Cunha, which it only reserves, have some.
	if known != 245 {
		t.Errorf("%d countries are known, want 245", known)
	}
	for _, none := range []string{"", "ca", "ZZ", "\nC", "CAN", "A ", "11", "001"} {
		if dialplan.KnownCountry(none) {
			t.Errorf("%q is a country", none)
		}
	}
	for _, country := range []string{"CA", "DE", "GB", "XK", "HK", "PR", "AX"} {
		if !dialplan.KnownCountry(country) {
			t.Errorf("%s is no country", country)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{"*88", "%2A881001%23", "+1 (416) 555-0101", "9-1-1", "%", "1001;a=b", "%25%32%41", "#", "++1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, digits string) {
		a := dialplan.Read(digits, plan())
		if strings.Trim(strings.TrimPrefix(a.Number, "+"), "0123456789") != "" {
			t.Errorf("Read(%q) = %v: not digits", digits, a)
		}
		if a.Kind == dialplan.Invalid || a.Kind == dialplan.UnknownCode || a.Kind == dialplan.Nothing {
			if a.Number != "" {
				t.Errorf("Read(%q) = %v: a number of nothing", digits, a)
			}
			return
		}
		if a.Kind <= dialplan.Outside && dialplan.Read(a.Number, plan()) != a {
			t.Errorf("Read(%q) = %v, which reads as %v", digits, a, dialplan.Read(a.Number, plan()))
		}
	})
}

func BenchmarkRead(b *testing.B) {
	p := plan()
	b.ReportAllocs()
	for b.Loop() {
		dialplan.Read("1001", p)
		dialplan.Read("*88", p)
		dialplan.Read("+14165550101", p)
	}
}
