package dialplan

import (
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// Reach is how far, and at what price, a number outside lies.
type Reach int

// The kinds of number outside.
const (
	Unreachable   Reach = iota // no number of the public telephone network
	National                   // in the domain's own country, and what is free to call from it
	International              // in any other country, also in one that shares the country code
	Premium                    // for which the caller pays more than for the way: premium rate, shared cost, personal and satellite numbers
)

// Public reads a number outside as it was dialled in a country (ISO 3166-1
// alpha-2): with the prefixes people dial there, or in E.164 with its "+". It
// gives the number in E.164 and how far it reaches; "" and [Unreachable] for
// what cannot be a number, such as one without its area code.
func Public(dialled, country string) (e164 string, reach Reach) {
	number, ok := Clean(dialled)
	if !ok {
		return "", Unreachable
	}
	parsed, err := phonenumbers.Parse(number, country)
	if err != nil || phonenumbers.IsPossibleNumberWithReason(parsed) != phonenumbers.IS_POSSIBLE {
		return "", Unreachable
	}
	return phonenumbers.Format(parsed, phonenumbers.E164), reachOf(parsed, country)
}

// E164 is a number as a carrier sends it: what [Public] reads, and full
// numbers that lack their "+". It is "" for what is none, such as "anonymous".
func E164(sent, country string) string {
	number, ok := Clean(sent)
	if !ok || number == "" {
		return ""
	}
	if e164, _ := Public(number, country); e164 != "" {
		return e164
	}
	if strings.HasPrefix(number, "+") {
		return ""
	}
	e164, _ := Public("+"+number, country)
	return e164
}

func reachOf(number *phonenumbers.PhoneNumber, country string) Reach {
	region := phonenumbers.GetRegionCodeForNumber(number)
	home := int(number.GetCountryCode()) == phonenumbers.GetCountryCodeForRegion(country)
	switch phonenumbers.GetNumberType(number) {
	case phonenumbers.PREMIUM_RATE, phonenumbers.SHARED_COST, phonenumbers.PERSONAL_NUMBER, phonenumbers.PAGER:
		return Premium
	case phonenumbers.TOLL_FREE:
		if home { // those of a shared country code belong to no one country
			return National
		}
	default:
	}
	switch {
	case isSatellite(number.GetCountryCode()):
		return Premium
	case home && (region == country || region == ""): // "": a range newer than the library
		return National
	default:
		return International
	}
}

// isSatellite tells the country codes of networks that are no country's, of
// which a minute costs as much as an hour elsewhere: satellites and
// international networks (E.164 annex: 870, 881 to 883), and international
// premium rate (979).
func isSatellite(countryCode int32) bool {
	switch countryCode {
	case 870, 881, 882, 883, 979:
		return true
	default:
		return false
	}
}
