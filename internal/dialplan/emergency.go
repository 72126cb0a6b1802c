package dialplan

import (
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// moreEmergencyNumbers are those that the number library lacks: services that
// people are taught to dial (fire, ambulance, coast guard, mountain rescue,
// gas leaks) in lists that Android and national regulators publish, and the
// numbers of countries of which the library knows none. A line too many costs
// one extension, one too few perhaps a life.
const moreEmergencyNumbers = `
AE 996
AO 116
AR 106
AT 128 140
AZ 104
BF 16
BL 15 17
BN 998
BR 185
CH 145 1414
CI 185
CL 130
CM 118 119
CN 122
CO 125
DZ 1021 1055 1548
EH 150 190
ES 061 062 080 091 092
ET 907
FJ 910
FR 114 115 119 191 196 197
GD 434
GI 999
GN 117 118 122 1717 442020
GQ 113 114 115
GR 108
GT 122
HN 195 198
HT 115 116
ID 115
IO 999
JP 118
KR 111 113 117 118 122 125
KZ 104
LA 1190 1191 1195
LB 125
LS 121 122 123
LY 1515
MA 150 190
MM 191 192
MO 110
MR 117 118
MY 994
NF 000
PA 103 104
PE 106
PY 132 141
RS 192 193 194
RU 104
RW 113 912
SA 996 998
SB 988
SC 151
SN 15 1515
SV 132
SZ 933 977
TG 8200
TJ 104
TL 110
TM 001 002 003
TN 193
TR 156 158 177
TT 811
UA 104
UY 104 105 106 109
UZ 101 102 103 104
VU 111 113
YT 17 18
ZA 107
`

// longestEmergency is the number of digits that no emergency number exceeds, so
// that the library is not asked about every number outside.
const longestEmergency = 6

// IsEmergency reports whether a number, digits only, calls for help in a
// country (ISO 3166-1 alpha-2, upper case). 112 and 911 do everywhere, also in
// a country nobody knows.
func IsEmergency(number, country string) bool {
	switch {
	case number == "112" || number == "911":
		return true
	case len(number) > longestEmergency || !isDigits(number) || !isCountryCode(country):
		return false
	}
	return isMoreEmergency(number, country) || phonenumbers.IsEmergencyNumber(number, country)
}

// KnownCountry reports whether a text is the ISO 3166-1 alpha-2 code, in upper
// case, of a country that has telephone numbers. XK, which Kosovo uses, is one.
func KnownCountry(country string) bool {
	return isCountryCode(country) && phonenumbers.GetCountryCodeForRegion(country) != 0
}

func isCountryCode(text string) bool {
	return len(text) == 2 && text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'A' && text[1] <= 'Z'
}

func isMoreEmergency(number, country string) bool {
	_, line, found := strings.Cut(moreEmergencyNumbers, "\n"+country+" ")
	if !found {
		return false
	}
	line, _, _ = strings.Cut(line, "\n")
	for n := range strings.SplitSeq(line, " ") {
		if n == number {
			return true
		}
	}
	return false
}
