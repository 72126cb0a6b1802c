package portal_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

func TestUsersAreFound(t *testing.T) {
	t.Parallel()
	o := office(t)
	domain, _ := o.App.Directory().DomainByName("acme.test")
	if _, err := o.App.Directory().Edit(t.Context(), directory.CLI(), domain.ID, func(o *directory.Office) error {
		for i := range 120 {
			o.Users = append(o.Users, directory.User{Extension: fmt.Sprint(2000 + i), Name: fmt.Sprintf("Person %d", i), Email: fmt.Sprintf("p%d@acme.test", i)})
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	b := signedIn(t, o, "office_manager")
	row := regexp.MustCompile(`data-label="Extension"><a href="[^"]*">(\d+)<`)
	for _, c := range []struct {
		query       string
		rows        int
		first, says string
	}{
		{"", 50, "1000", "131 users"},
		{"?page=3", 31, "2091", "page 3 of 3"},
		{"?page=4", 0, "", "No user is like that"},
		{"?page=-1", 50, "1000", "page 1 of 3"},
		{"?q=2007", 1, "2007", "1 user"},
		{"?q=PERSON+11", 11, "2011", "11 users"},
		{"?q=p119@", 1, "2119", "1 user"},
		{"?kind=desk", 2, "5401", "2 users"},
		{"?site=North", 3, "1003", "3 users"},
		{"?scope=reseller", 1, "1001", "1 user"},
		{"?kind=person&site=South", 0, "", "No user is like that"},
		{"?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E", 0, "", "&lt;script&gt;"},
	} {
		p := b.ask(http.MethodGet, "/domains/acme.test/users"+c.query, nil)
		rows := row.FindAllStringSubmatch(p.body, -1)
		if len(rows) != c.rows || c.rows > 0 && rows[0][1] != c.first || !strings.Contains(p.body, c.says) || strings.Contains(p.body, "<script>alert") {
			t.Errorf("%q: %d rows, %s", c.query, len(rows), p.body)
		}
	}
	super := signedIn(t, o, "super_user")
	if p := super.ask(http.MethodGet, "/domains/beta.test/users", nil); !strings.Contains(p.body, "There are no users yet") || !strings.Contains(p.body, "/domains/beta.test/users/add") {
		t.Errorf("nobody is there: %s", p.body)
	}
}
