package portal

import (
	"slices"
	"strings"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// countries are those whose telephone numbers are known, by their names.
func countries() []choice {
	names := display.English.Regions()
	choices := []choice{{Label: "Choose one"}}
	for code := range phonenumbers.GetSupportedRegions() {
		region, err := language.ParseRegion(code)
		if err != nil {
			continue // such as the one for numbers of no country
		}
		choices = append(choices, choice{Value: code, Label: names.Name(region)})
	}
	slices.SortFunc(choices[1:], func(a, b choice) int { return strings.Compare(a.Label, b.Label) })
	return choices
}
