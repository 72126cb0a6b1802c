package sqlstore_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/location"
	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
	"github.com/hotdesk-pbx/hotdesk/internal/sqlstore"
)

// childVariable makes the test binary play a part in a process of its own: a
// [role] as JSON.
const childVariable = "HOTDESK_SQLSTORE_CHILD"

// role is what a child process does.
type role struct {
	Play     string // "write" until killed, "fill" the disk, or only "open"; say what went wrong
	Database string
	Dir      string
	Device   string // that bindings are for
}

// child is the main function of a child process.
func child(play string) int {
	var r role
	if err := json.Unmarshal([]byte(play), &r); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	ctx := context.Background()
	db, err := sqlstore.Open(ctx, r.Database, r.Dir)
	if err != nil {
		fmt.Fprintln(os.Stdout, err)
		return 1
	}
	switch r.Play {
	case "write":
		var group sync.WaitGroup
		for range 16 {
			group.Go(func() { writeForEver(ctx, db, r.Device) })
		}
		group.Wait()
	case "fill":
		err = fillDisk(ctx, db)
	}
	if err := errors.Join(err, db.Close()); err != nil {
		fmt.Fprintln(os.Stdout, err)
		return 1
	}
	return 0
}

// writeForEver writes one of everything again and again, and says so on
// standard output as soon as the store has acknowledged it.
func writeForEver(ctx context.Context, db *sqlstore.DB, device string) {
	var last *hotdesk.Session
	for {
		id := newID()
		b := location.Binding{ID: id, DeviceID: device}
		acknowledge("bindings", id, db.Bindings().Save(ctx, location.Change{Put: []location.Binding{b}}))
		acknowledge("call_records", id, db.Records().Put(ctx, callrecord.Record{ID: id, StartedAt: noon, Result: callrecord.Answered}))
		s := session("desk-"+id, "ana", 0)
		s.ID = id
		change := hotdesk.Change{
			Start: s,
			Audit: []audit.Entry{{ID: "in-" + id, Action: "session.login", At: noon}},
			Facts: []outbox.Fact{{ID: "in-" + id, Kind: "session.login", At: noon, Payload: []byte("{}")}},
		}
		if last != nil {
			end := ending(last, noon)
			end.Audit.ID, end.Fact.ID = "out-"+last.ID, "out-"+last.ID
			change.End = []hotdesk.Ending{end}
		}
		_, err := db.Sessions().Commit(ctx, change)
		acknowledge("sessions", id, err)
		last = s
	}
}

func acknowledge(table, id string, err error) {
	if err != nil {
		fmt.Fprintln(os.Stdout, "error", err)
		return
	}
	fmt.Fprintln(os.Stdout, table, id) // one write call: a kill does not cut it in two
}

// command is the child process of a role.
func (r role) command(t *testing.T) *exec.Cmd {
	t.Helper()
	play, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Env = append(os.Environ(), childVariable+"="+string(play))
	return cmd
}

// start begins the child process and reads its lines.
func (r role) start(t *testing.T) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := r.command(t)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewScanner(out)
}

// What the store has acknowledged survives kill -9, once; what it has not is
// there whole or not at all.
func TestKilledWriter(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			device := db.office(t, "5401").Devices[0].ID
			acknowledged := map[string]map[string]bool{"bindings": {}, "call_records": {}, "sessions": {}}
			for range 5 {
				if err := db.Close(); err != nil {
					t.Fatal(err)
				}
				killWriter(t, role{Play: "write", Database: db.url, Dir: db.dir, Device: device}, acknowledged)
				db = open(t, db.url, db.dir)
				assertAcknowledged(t, db, acknowledged)
			}
		})
	}
}

// killWriter lets a child write, kills it at a random moment and notes what it
// had acknowledged.
func killWriter(t *testing.T, r role, acknowledged map[string]map[string]bool) {
	t.Helper()
	cmd, lines := r.start(t)
	for left := 200 + rand.IntN(1000); lines.Scan(); left-- {
		var table, id string
		if _, err := fmt.Sscan(lines.Text(), &table, &id); err != nil || acknowledged[table] == nil {
			t.Fatal("the child said:", lines.Text())
		}
		acknowledged[table][id] = true
		if left == 0 {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the child ended by itself")
	}
}

func assertAcknowledged(t *testing.T, db *database, acknowledged map[string]map[string]bool) {
	t.Helper()
	for table, ids := range acknowledged {
		stored := map[string]bool{}
		for _, id := range column(t, db, "select id from "+table) {
			if stored[id] {
				t.Errorf("%s %s is there twice", table, id)
			}
			stored[id] = true
		}
		for id := range ids {
			if !stored[id] {
				t.Errorf("%s %s was acknowledged and is lost", table, id)
			}
		}
		t.Logf("%s: %d acknowledged, %d stored", table, len(ids), len(stored))
	}
	for _, table := range []string{"audit_entries", "outbox"} {
		if n := db.number(t, "select count(*) from sessions where not exists (select 1 from "+table+" x where x.id = 'in-' || sessions.id)"); n != 0 {
			t.Errorf("%d logins are not in %s", n, table)
		}
		if n := db.number(t, "select count(*) from sessions where (ended_at is not null) <> exists (select 1 from "+table+" x where x.id = 'out-' || sessions.id)"); n != 0 {
			t.Errorf("%d ends are stored otherwise in %s", n, table)
		}
	}
}
