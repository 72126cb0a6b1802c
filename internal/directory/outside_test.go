package directory_test

import (
	"errors"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/dialplan"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

func TestPermit(t *testing.T) {
	t.Parallel()
	const national, international, premium = dialplan.National, dialplan.International, dialplan.Premium
	for _, c := range []struct {
		class   directory.Class
		reach   dialplan.Reach
		premium bool
		want    error
	}{
		{directory.ClassInside, national, false, directory.ErrInsideOnly},
		{directory.ClassInside, international, true, directory.ErrInsideOnly},
		{directory.ClassInside, premium, true, directory.ErrInsideOnly},
		{directory.ClassNational, national, false, nil},
		{directory.ClassNational, international, false, directory.ErrNationalOnly},
		{directory.ClassNational, premium, false, directory.ErrNoPremium},
		{directory.ClassNational, premium, true, nil},
		{directory.ClassAll, national, false, nil},
		{directory.ClassAll, international, false, nil},
		{directory.ClassAll, premium, false, directory.ErrNoPremium},
		{directory.ClassAll, premium, true, nil},
		{"", national, true, directory.ErrInsideOnly},
		{"whatever", national, true, directory.ErrInsideOnly},
	} {
		got := directory.Outside{Premium: c.premium}.Permit(c.class, c.reach)
		if !errors.Is(got, c.want) {
			t.Errorf("class %q, reach %v, premium %v: %v, want %v", c.class, c.reach, c.premium, got, c.want)
		}
	}
}

func TestClassOf(t *testing.T) {
	t.Parallel()
	d := directory.Defaults("acme.test")
	for name, c := range map[string]struct {
		user directory.User
		want directory.Class
	}{
		"nobody":                  {directory.User{}, directory.ClassInside},
		"a person":                {directory.User{ID: "1", Extension: "1001"}, directory.ClassNational},
		"a person who may more":   {directory.User{ID: "1", Extension: "1001", Class: directory.ClassAll}, directory.ClassAll},
		"a desk nobody holds":     {directory.User{ID: "2", Extension: "5401"}, directory.ClassInside},
		"a desk in the reception": {directory.User{ID: "2", Extension: "5401", Class: directory.ClassNational}, directory.ClassNational},
	} {
		if got := d.ClassOf(c.user); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestNumbersShown(t *testing.T) {
	t.Parallel()
	d := directory.Defaults("acme.test")
	d.MainNumber = "+14165550100"
	set := directory.User{ID: "1", CallerID: "+14165550199"}
	lead := []directory.Number{{Number: "+14165550101"}, {Number: "+14165550102"}}
	for name, c := range map[string]struct {
		user               directory.User
		leading            []directory.Number
		outside, emergency string
	}{
		"what is set, and where calling back leads": {set, lead, "+14165550199", "+14165550101"},
		"a number that leads there":                 {directory.User{ID: "1"}, lead, "+14165550101", "+14165550101"},
		"no number leads there":                     {set, nil, "+14165550199", "+14165550199"},
		"withheld, which the network is told":       {directory.User{ID: "1", CallerID: directory.Withheld}, lead[1:], "+14165550102", "+14165550102"},
		"withheld, without a number":                {directory.User{ID: "1", CallerID: directory.Withheld}, nil, "+14165550100", "+14165550100"},
		"the main number":                           {directory.User{}, nil, "+14165550100", "+14165550100"},
	} {
		if got := d.CallerIDOf(c.user, c.leading); got != c.outside {
			t.Errorf("%s: shows %s, want %s", name, got, c.outside)
		}
		if got := d.EmergencyNumberOf(c.user, c.leading); got != c.emergency {
			t.Errorf("%s: in an emergency %s, want %s", name, got, c.emergency)
		}
	}
	d.MainNumber = ""
	if got := d.CallerIDOf(directory.User{}, nil); got != "" {
		t.Errorf("a number out of nothing: %s", got)
	}
}

func TestPlaceOf(t *testing.T) {
	t.Parallel()
	d := directory.Defaults("acme.test")
	desk, person := directory.User{Extension: "5401", Place: "Floor 5"}, directory.User{Extension: "1001", Place: "travels"}
	for name, c := range map[string]struct {
		phone directory.Phone
		owner directory.User
		want  string
	}{
		"a desk":                        {directory.Phone{}, desk, "Floor 5"},
		"a phone that was carried away": {directory.Phone{Place: "Hall"}, desk, "Hall"},
		"a person's phone":              {directory.Phone{Place: "Room 12"}, person, "Room 12"},
		"a person's phone somewhere":    {directory.Phone{}, person, ""},
		"an unassigned phone":           {directory.Phone{}, directory.User{}, ""},
	} {
		if got := d.PlaceOf(c.phone, c.owner); got != c.want {
			t.Errorf("%s stands at %q, want %q", name, got, c.want)
		}
	}
}
