package officefile_test

import (
	"strings"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/officefile"
)

// A stored password goes to no other server, and to no other user's account.
func TestPasswordsStayWhereTheyBelong(t *testing.T) {
	t.Parallel()
	dir := open(t)
	text := strings.NewReplacer(`password = "mail-password"`, "", `password = "trunk-password"`, "").Replace(sample(t))
	apply(t, dir, sample(t))
	if result := apply(t, dir, text); len(result.Changed) > 0 {
		t.Errorf("passwords that the file does not give are changed: %v", result.Changed)
	}
	moved := strings.NewReplacer("smtp.acme.test", "smtp.elsewhere.test", "acme-42", "acme-43").Replace(text)
	_, err := officefile.Apply(t.Context(), dir, directory.CLI(), read(t, moved))
	if err == nil || strings.Count(err.Error(), "the password is missing") != 2 {
		t.Errorf("a new mail server and a new user at the carrier: %v", err)
	}
	if o := office(t, dir); o.Domain.Mail.Password != "mail-password" || o.Trunks[0].Password != "trunk-password" {
		t.Errorf("the passwords are %q and %q", o.Domain.Mail.Password, o.Trunks[0].Password)
	}
}
