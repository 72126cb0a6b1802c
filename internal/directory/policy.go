package directory

import (
	"fmt"
	"strings"
)

// Defaults is a domain of that name as it starts out. Its time zone and its
// country have no default: release times and emergency numbers hang on them.
func Defaults(name string) Domain {
	return Domain{
		Name:     strings.ToLower(strings.TrimSpace(name)),
		Language: "en",
		HotDesking: HotDesking{
			Enabled:        true,
			DeskRange:      ExtensionRange{First: "5400", Last: "5499"},
			LoginCode:      "*88",
			ReleaseCode:    "*89",
			MailboxCode:    "*97",
			AnyMailboxCode: "*98",
			ReleaseAt:      ClockTime{Set: true, Hour: 2},
			WhenTaken:      TakenRefuse,
			TakeOverIdle:   30,
			WhenElsewhere:  ElsewhereMove,
			WarnMinutes:    5,
		},
		Codes: Codes{
			Pickup: "**", Park: "*68", ToMailbox: "*99",
			ForwardAll: "*72", ForwardAllOff: "*73", ForwardBusy: "*90", ForwardBusyOff: "*91",
			ForwardNoAnswer: "*92", ForwardNoAnswerOff: "*93", DoNotDisturb: "*78", DisturbAgain: "*79",
			RingHere: "*41", RingEverywhere: "*40", Withhold: "*67", EmergencyTest: "*933",
		},
		Mailboxes: Mailboxes{Enabled: true, MaxMessages: 100, MaxSeconds: 300},
		Outside:   Outside{Class: ClassNational, DeskClass: ClassInside, UserCalls: 4},
	}
}

// IsDeskAccount reports whether the user hosts shared phones instead of being
// a person: whether the extension lies in the policy's desk range.
func (u User) IsDeskAccount(policy HotDesking) bool {
	return policy.DeskRange.Contains(u.Extension)
}

// Contains reports whether an extension lies in the range.
func (r ExtensionRange) Contains(extension string) bool {
	return r.First != "" && len(extension) == len(r.First) && len(extension) == len(r.Last) &&
		isDigits(extension) && r.First <= extension && extension <= r.Last
}

// String is the range as [ParseExtensionRange] reads it; "" for the zero value.
func (r ExtensionRange) String() string {
	if r == (ExtensionRange{}) {
		return ""
	}
	return r.First + "-" + r.Last
}

// ParseExtensionRange reads "5400-5499". An empty text is the zero value.
func ParseExtensionRange(text string) (ExtensionRange, error) {
	if text == "" {
		return ExtensionRange{}, nil
	}
	first, last, found := strings.Cut(text, "-")
	r := ExtensionRange{First: strings.TrimSpace(first), Last: strings.TrimSpace(last)}
	if !found || !r.valid() {
		return ExtensionRange{}, fmt.Errorf("%q is no range of extensions such as \"5400-5499\"", text)
	}
	return r, nil
}

func (r ExtensionRange) valid() bool {
	return isExtension(r.First) && isExtension(r.Last) && len(r.First) == len(r.Last) && r.First <= r.Last
}

// String is the time as [ParseClockTime] reads it: "02:00", or "off".
func (c ClockTime) String() string {
	if !c.Set {
		return "off"
	}
	return fmt.Sprintf("%02d:%02d", c.Hour, c.Minute)
}

// ParseClockTime reads "02:00" (24 hours), or "off" for never.
func ParseClockTime(text string) (ClockTime, error) {
	if text == "off" {
		return ClockTime{}, nil
	}
	if len(text) == 5 && text[2] == ':' && isDigits(text[:2]) && isDigits(text[3:]) {
		c := ClockTime{Set: true, Hour: twoDigits(text[:2]), Minute: twoDigits(text[3:])}
		if c.valid() {
			return c, nil
		}
	}
	return ClockTime{}, fmt.Errorf("%q is no time of day such as \"02:00\", nor \"off\"", text)
}

func (c ClockTime) valid() bool {
	return c == ClockTime{} || c.Set && c.Hour >= 0 && c.Hour < 24 && c.Minute >= 0 && c.Minute < 60
}

func twoDigits(text string) int { return int(text[0]-'0')*10 + int(text[1]-'0') }

// NormalMAC is a MAC address as twelve lower-case hex digits, whichever way
// it was written: "80:5E:C0:11:22:33", "805e.c011.2233", "80-5e-…". It is the
// text itself, lower case, when that is no MAC address.
func NormalMAC(text string) string {
	plain := strings.ToLower(strings.TrimSpace(text))
	bare := strings.NewReplacer(":", "", "-", "", ".", "").Replace(plain)
	if isMAC(bare) {
		return bare
	}
	return plain
}

// FormatMAC writes a [NormalMAC] with colons, as labels have it. Any other text
// stays as it is.
func FormatMAC(mac string) string {
	if !isMAC(mac) {
		return mac
	}
	pairs := make([]string, 0, 6)
	for i := 0; i < 12; i += 2 {
		pairs = append(pairs, mac[i:i+2])
	}
	return strings.Join(pairs, ":")
}

func isMAC(text string) bool {
	return len(text) == 12 && strings.Trim(text, "0123456789abcdef") == "" && text != "000000000000"
}

// isExtension reports whether a text is 2 to 10 digits.
func isExtension(text string) bool { return len(text) >= 2 && len(text) <= 10 && isDigits(text) }

func isDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}
