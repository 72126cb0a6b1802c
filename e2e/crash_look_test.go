package e2e_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver

	"github.com/hotdesk-pbx/hotdesk/internal/client"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// snapshot is all that a server has kept.
type snapshot struct {
	sessions []resource.Session
	open     map[string]string // desk: who is logged in there
	times    map[string]int    // session ID: how often it is there
	bindings map[string][]binding
	records  map[string][]record // by the device that called
	ended    map[string]int      // how often the end of a call is told, by its ID
	told     map[string]int      // acts in the audit log and in the outbox, see [act]
}

type binding struct {
	contact    string
	registered time.Time
}

type record struct {
	dialled, result          string
	started, answered, ended time.Time
}

// look reads everything, the sessions as an operator sees them. It leaves the
// database, so that nobody but the server has it open when that is killed.
func look(t *testing.T, s *server, c *client.Client) snapshot {
	t.Helper()
	found := snapshot{
		open: map[string]string{}, times: map[string]int{}, bindings: map[string][]binding{},
		records: map[string][]record{}, ended: map[string]int{}, told: map[string]int{},
	}
	var err error
	if found.sessions, err = c.Sessions(t.Context(), "acme.test", client.SessionFilter{}); err != nil {
		t.Fatal(err)
	}
	for _, session := range found.sessions {
		found.times[session.ID]++
		if session.EndedAt != nil {
			continue
		}
		if other := found.open[session.Device]; other != "" {
			t.Errorf("%s and %s are both at %s", other, session.User, session.Device)
		}
		found.open[session.Device] = session.User
	}
	db := s.database(t)
	defer db.Close()
	for _, row := range table(t, db, "select d.name, b.contact, b.registered_at from bindings b join devices d on d.id = b.device_id") {
		found.bindings[row[0]] = append(found.bindings[row[0]], binding{row[1], instantOf(t, row[2])})
	}
	for _, row := range table(t, db, `select d.name, r.dialled, r.result, r.started_at, r.answered_at, r.ended_at
		from call_records r join devices d on d.id = r.caller_device_id`) {
		found.records[row[0]] = append(found.records[row[0]], record{
			row[1], row[2], instantOf(t, row[3]), instantOf(t, row[4]), instantOf(t, row[5]),
		})
	}
	found.readActs(t, db)
	return found
}

// readActs reads what is told of sessions.
func (found snapshot) readActs(t *testing.T, db *sql.DB) {
	t.Helper()
	names := map[string]string{}
	for _, row := range table(t, db, "select id, name from devices union all select id, extension from users") {
		names[row[0]] = row[1]
	}
	for _, row := range table(t, db, "select action, device_id, user_id, at from audit_entries where action like 'session.%'") {
		found.told[act("audit", row[0], names[row[1]], names[row[2]], instantOf(t, row[3]))]++
	}
	for _, row := range table(t, db, "select kind, payload, at from outbox where kind like 'session.%'") {
		var who struct {
			Device string `json:"device_id"`
			User   string `json:"user_id"`
		}
		if err := json.Unmarshal([]byte(row[1]), &who); err != nil {
			t.Errorf("in the outbox: %v in %s", err, row[1])
		}
		found.told[act("outbox", row[0], names[who.Device], names[who.User], instantOf(t, row[2]))]++
	}
	for _, row := range table(t, db, "select payload from outbox where kind = 'call.ended'") {
		var call struct {
			ID string `json:"call_id"`
		}
		if err := json.Unmarshal([]byte(row[0]), &call); err != nil || call.ID == "" {
			t.Errorf("in the outbox: %v in %s", err, row[0])
		}
		found.ended[call.ID]++
	}
}

// act names something that was written down, and where.
func act(where, what, device, user string, at time.Time) string {
	return fmt.Sprint(where, " ", what, " ", user, " at ", device, " ", at.UnixMilli())
}

// checkWhole checks what must hold whoever did what: no call is open, no
// binding is doubled, and each start and end of a session is told once.
func (found snapshot) checkWhole(t *testing.T) {
	t.Helper()
	for device, records := range found.records {
		for _, r := range records {
			if r.ended.IsZero() || !slices.Contains([]string{"answered", "service", "interrupted", "cancelled", "not_reached"}, r.result) {
				t.Errorf("a call from %s is left as %+v", device, r)
			}
		}
	}
	for device, bindings := range found.bindings {
		if len(bindings) != 1 {
			t.Errorf("%s has the bindings %v", device, bindings)
		}
	}
	acts := map[string]int{}
	for _, s := range found.sessions {
		for _, where := range []string{"audit", "outbox"} {
			acts[act(where, "session.login", s.Device, s.User, s.StartedAt)]++
			if s.EndedAt != nil {
				acts[act(where, "session.ended", s.Device, s.User, *s.EndedAt)]++
			}
		}
	}
	for id, count := range found.ended {
		if count != 1 {
			t.Errorf("the end of the call %s is told %d times", id, count)
		}
	}
	for what, count := range acts {
		if found.told[what] != count {
			t.Errorf("%s: told %d times, happened %d times", what, found.told[what], count)
		}
	}
	for what := range found.told {
		if acts[what] == 0 {
			t.Errorf("%s: told, but never happened", what)
		}
	}
}

func (found snapshot) sessionsAt(desk string) []resource.Session {
	return slices.DeleteFunc(slices.Clone(found.sessions), func(s resource.Session) bool { return s.Device != desk })
}

// database opens the server's database to read it.
func (s *server) database(t *testing.T) *sql.DB {
	t.Helper()
	driver, source := "sqlite", "file:"+filepath.Join(s.data, "hotdesk.db")+"?mode=ro&_pragma=busy_timeout(5000)"
	if i := slices.Index(s.args, "--database"); i >= 0 {
		driver, source = "pgx", s.args[i+1]
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// table reads all rows of a query as text; null is "".
func table(t *testing.T, db *sql.DB, query string, args ...any) [][]string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var all [][]string
	for rows.Next() {
		values, into := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		row := make([]string, len(columns))
		for i, v := range values {
			row[i] = v.String
		}
		all = append(all, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// instantOf reads a time as the tables have it, milliseconds since 1970.
func instantOf(t *testing.T, millis string) time.Time {
	t.Helper()
	if millis == "" {
		return time.Time{}
	}
	n, err := strconv.ParseInt(millis, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return time.UnixMilli(n)
}
