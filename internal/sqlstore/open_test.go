package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/sqlstore"
)

func TestFolderIsPrivate(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new", "data")
	db := open(t, "sqlite", dir)
	db.office(t)
	for file, want := range map[string]fs.FileMode{
		"": fs.ModeDir | 0o700, "hotdesk.db": 0o600, "hotdesk.db-wal": 0o600, "hotdesk.db-shm": 0o600, "hotdesk.lock": 0o600,
	} {
		info, err := os.Stat(filepath.Join(dir, file))
		if err != nil || info.Mode() != want {
			t.Errorf("%q: %v, %v, want %v", file, info.Mode(), err, want)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "hotdesk.db")
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	open(t, "sqlite", dir)
	if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 {
		t.Errorf("opened again: %v, %v", info.Mode(), err)
	}
}

func TestFolderNames(t *testing.T) {
	for _, name := range []string{"a b", "what?x=1&mode=ro", "50%41", "a#b", "ü☎", "+;"} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), name)
			open(t, "sqlite", dir)
			if _, err := os.Stat(filepath.Join(dir, "hotdesk.db")); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("relative", func(t *testing.T) {
		t.Chdir(t.TempDir())
		open(t, "sqlite", "data")
		if _, err := os.Stat("data/hotdesk.db"); err != nil {
			t.Error(err)
		}
	})
}

func TestOneServerPerFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := open(t, "sqlite", dir)
	for range 2 {
		_, err := sqlstore.Open(t.Context(), "sqlite", dir)
		if !errors.Is(err, sqlstore.ErrInUse) || !strings.Contains(err.Error(), fmt.Sprintf("process %d", os.Getpid())) {
			t.Errorf("a second time in this process: %v, want ErrInUse and the process", err)
		}
	}
	cmd, said := role{Play: "open", Database: "sqlite", Dir: dir}.start(t)
	said.Scan()
	if err := cmd.Wait(); err == nil || !strings.Contains(said.Text(), sqlstore.ErrInUse.Error()) {
		t.Errorf("from another process: %v, %q", err, said.Text())
	}
	db.office(t) // the refused ones have broken nothing
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, "sqlite", dir)
}

func TestNewerTables(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			_, err := db.raw(t).ExecContext(t.Context(), "insert into goose_db_version (version_id, is_applied) values (99, true)")
			if err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			_, err = sqlstore.Open(t.Context(), db.url, db.dir)
			if !errors.Is(err, sqlstore.ErrNewer) || !strings.Contains(err.Error(), "99") {
				t.Errorf("%v, want ErrNewer and the version", err)
			}
		})
	}
}

func TestDamagedFile(t *testing.T) {
	t.Parallel()
	whole := t.TempDir()
	db := open(t, "sqlite", whole)
	db.office(t, "5401")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(filepath.Join(whole, "hotdesk.db"))
	if err != nil {
		t.Fatal(err)
	}
	garbled := append(good[:100:100], []byte(strings.Repeat("garbage ", len(good)/8-12))...)
	for name, content := range map[string][]byte{
		"text":      []byte(strings.Repeat("this is a letter\n", 1000)),
		"cut short": good[:len(good)/2],
		"garbled":   garbled,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			file := filepath.Join(dir, "hotdesk.db")
			if err := os.WriteFile(file, content, 0o600); err != nil {
				t.Fatal(err)
			}
			db, err := sqlstore.Open(t.Context(), "sqlite", dir)
			if err == nil { // the damage lies deeper: it is found where it is read
				_, err = db.Directory().Offices(t.Context())
				_ = db.Close()
			}
			if !errors.Is(err, sqlstore.ErrCorrupt) {
				t.Errorf("%v, want ErrCorrupt", err)
			}
			if now, err := os.ReadFile(file); err != nil || string(now) != string(content) {
				t.Error("the file was changed")
			}
			if _, err := sqlstore.Open(t.Context(), "sqlite", dir); errors.Is(err, sqlstore.ErrInUse) {
				t.Error("the lock was not let go")
			}
		})
	}
}

func TestWrongAddresses(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ url, dir, want string }{
		{"", file, "unknown kind of database"},
		{"mysql://root@localhost/x", "", "use sqlite or postgres://"},
		{"sqlite", file, "cannot be written"},
		{"sqlite", filepath.Join(file, "below"), "cannot be written"},
		{"postgres://ana:secret@127.0.0.1:1/x?sslmode=disable", "", "refused"},
		{"postgres://ana:secret@[::1/x", "", "parse"},
		{"postgres://ana:secret@host:port/x", "", "parse"},
	} {
		db, err := sqlstore.Open(t.Context(), c.url, c.dir)
		if err == nil {
			_ = db.Close()
			t.Errorf("%q opens", c.url)
			continue
		}
		if !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v, want %q and no password", c.url, err, c.want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := sqlstore.Open(ctx, "sqlite", t.TempDir()); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that has ended: %v", err)
	}
}

// onDisk plays a role in a process that sees a disk of its own at the folder.
func onDisk(t *testing.T, mount string, r role) string {
	t.Helper()
	if err := exec.CommandContext(t.Context(), "unshare", "-rm", "mount", "-t", "tmpfs", "none", r.Dir).Run(); err != nil {
		t.Skip("this machine does not allow a disk of one's own: ", err)
	}
	cmd := r.command(t)
	cmd.Args = []string{"unshare", "-rm", "sh", "-c", mount + ` && exec "$1"`, "sh", cmd.Path, r.Dir}
	cmd.Path = "/usr/bin/unshare"
	cmd.Dir = r.Dir
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Errorf("all went well: %s", out)
	}
	return string(out)
}

func TestReadOnlyFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := open(t, "sqlite", dir)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	said := onDisk(t, `mount --bind "$2" "$2" && mount -o remount,bind,ro "$2"`, role{Play: "open", Database: "sqlite", Dir: dir})
	if !strings.Contains(said, sqlstore.ErrReadOnly.Error()) {
		t.Errorf("a read-only folder: %s", said)
	}
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	said := onDisk(t, `mount -t tmpfs -o size=1m none "$2"`, role{Play: "fill", Database: "sqlite", Dir: t.TempDir()})
	if !strings.Contains(said, sqlstore.ErrFull.Error()) || !strings.Contains(said, "all there") {
		t.Errorf("a full disk: %s", said)
	}
	t.Log(said)
}

// fillDisk writes until the disk is full, and looks whether everything that was
// acknowledged is there.
func fillDisk(ctx context.Context, db *sqlstore.DB) error {
	for n := 0; ; n++ {
		r := callrecord.Record{ID: fmt.Sprint(n), StartedAt: noon, Caller: callrecord.Party{Name: strings.Repeat("x", 5000)}}
		full := db.Records().Put(ctx, r)
		if full == nil {
			continue
		}
		stored, err := db.Records().Records(ctx, callrecord.Query{})
		if err == nil && len(stored) == n {
			fmt.Fprintln(os.Stdout, "all there:", n)
		}
		return errors.Join(full, err)
	}
}
