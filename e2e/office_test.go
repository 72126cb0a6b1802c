package e2e_test

import (
	"fmt"
	"strings"
)

// office is the office file of most tests: two people with phones of their
// own, one without, two desks, an unassigned phone, and no mailboxes. The
// policy lines go into [domain.hot_desking].
func office(policy ...string) string {
	return officeWith("enabled = false", policy...)
}

// managed is that office with a manager who may come into the portal.
func managed() string {
	return office() + "[[user]]\nextension = \"1000\"\nname = \"Mia Manager\"\nscope = \"office_manager\"\npassword = \"" + portalPassword + "\"\n"
}

// officeWith is the office with lines for [domain.mailboxes].
func officeWith(mailboxes string, policy ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `[domain]
name = "acme.test"
timezone = "America/Toronto"
country = "CA"
[domain.mailboxes]
%s
[domain.hot_desking]
%s
[[device]]
name = "spare"
password = "secret-of-spare-12345"
`, mailboxes, strings.Join(policy, "\n"))
	person := func(extension, name, pin string, more ...string) {
		fmt.Fprintf(&b, "[[user]]\nextension = %q\nname = %q\npin = %q\n%s\n", extension, name, pin, strings.Join(more, "\n"))
	}
	device := func(name string) {
		fmt.Fprintf(&b, "  [[user.device]]\n  name = %q\n  password = %q\n", name, "secret-of-"+name+"-12345")
	}
	person("1001", "Ana Ruiz", "4711")
	device("ana-mobile")
	person("1002", "Ben Okafor", "2580")
	device("1002")
	person("1003", "Caro Lind", "9047")
	person("1004", "Dan Weiss", "8362", "hot_desking = false")
	desk := func(extension, name string) {
		fmt.Fprintf(&b, "[[user]]\nextension = %q\nname = %q\nplace = \"Floor 5, 100 King St W, Toronto\"\n", extension, name)
		device(extension)
	}
	desk("5401", "Window 1")
	desk("5402", "Window 2")
	return b.String()
}
