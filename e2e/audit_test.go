package e2e_test

import (
	"database/sql"
	"path/filepath"
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
	db, err := sql.Open("sqlite", "file:"+filepath.Join(s.data, "hotdesk.db")+"?mode=ro&_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // only read
	rows, err := db.QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close() //nolint:errcheck // only read
	var values []string
	for rows.Next() {
		var value sql.NullString
		if err := rows.Scan(&value); err != nil {
			t.Fatal(err)
		}
		values = append(values, value.String)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return values
}
