package e2e_test

import (
	"testing"

	_ "modernc.org/sqlite" // the driver
)

// audited reads the details of the audit entries of one action, oldest first.
func audited(t *testing.T, s *server, action string) []string {
	t.Helper()
	return column(t, s, "select detail from audit_entries where action = $1 order by at, id", action)
}

// column reads one text column of the server's database.
func column(t *testing.T, s *server, query string, args ...any) []string {
	t.Helper()
	db := s.database(t)
	defer db.Close()
	var values []string
	for _, row := range table(t, db, query, args...) {
		values = append(values, row[0])
	}
	return values
}
