package audiofiles_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hotdesk-pbx/hotdesk/internal/audiofiles"
	"github.com/hotdesk-pbx/hotdesk/internal/media/wav"
)

func open(t *testing.T, dir string) *audiofiles.Folder {
	t.Helper()
	folder, err := audiofiles.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := folder.Close(); err != nil {
			t.Error(err)
		}
	})
	return folder
}

func TestASoundIsAFileOfItsLength(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "voicemail")
	folder := open(t, dir)
	to, err := folder.Create("ana/one")
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{to.Write([]int16{1, 2, 3}), to.Write([]int16{4, 5}), to.Close(4), to.Close(2)} {
		if err != nil {
			t.Error(err)
		}
	}
	sound, err := folder.Open("ana/one")
	if err != nil {
		t.Fatal(err)
	}
	defer sound.Close()
	pcm, err := wav.Read(sound)
	if diff := cmp.Diff([]int16{1, 2, 3, 4}, pcm); diff != "" || err != nil {
		t.Error(diff, err)
	}
	file, err := os.Stat(filepath.Join(dir, "ana", "one.wav"))
	if err != nil || file.Size() != 44+8 || file.Mode() != 0o600 {
		t.Errorf("file %+v, %v", file, err)
	}
	if _, err := folder.Create("ana/one"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second sound of that name: %v", err)
	}
	for range 2 {
		if err := folder.Remove("ana/one"); err != nil {
			t.Error(err)
		}
	}
	if _, err := folder.Open("ana/one"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("open what was removed: %v", err)
	}
}

func TestRepair(t *testing.T) {
	t.Parallel()
	folder := open(t, t.TempDir())
	to, err := folder.Create("ana/one")
	if err != nil {
		t.Fatal(err)
	}
	if err := to.Write(make([]int16, 4000)); err != nil {
		t.Fatal(err)
	}
	length, err := folder.Repair("ana/one")
	if length != 500*time.Millisecond || err != nil {
		t.Errorf("repaired %v, %v", length, err)
	}
	if err := to.Close(4000); err != nil {
		t.Error(err)
	}
	if _, err := folder.Repair("ana/two"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("repair what is not there: %v", err)
	}
}

func TestNoNameLeadsOutOfTheFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	outside := filepath.Join(dir, "other", "secret.wav")
	if err := os.MkdirAll(filepath.Dir(outside), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(outside, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	folder := open(t, filepath.Join(dir, "voicemail"))
	for _, name := range []string{"../other/secret", "/../other/secret", outside} {
		if _, err := folder.Open(name); err == nil {
			t.Errorf("opened %s", name)
		}
		if _, err := folder.Create(name + "2"); err == nil {
			t.Errorf("created %s", name)
		}
		if err := folder.Remove(name); err == nil && !gone(t, outside) {
			continue // it is said to be gone already, and is not in the folder
		}
		if gone(t, outside) {
			t.Fatalf("removed %s", name)
		}
	}
	for _, user := range []string{"", ".", "..", "../other", "ana/one"} {
		if err := folder.RemoveAll(user); err == nil {
			t.Errorf("removed all of %q", user)
		}
	}
	if gone(t, outside) {
		t.Error("the file outside is gone")
	}
}

func gone(t *testing.T, file string) bool {
	t.Helper()
	_, err := os.Stat(file)
	return err != nil
}

func TestRemoveAllTakesOneUserOnly(t *testing.T) {
	t.Parallel()
	folder := open(t, t.TempDir())
	for _, name := range []string{"ana/one", "ana/two", "bob/one"} {
		to, err := folder.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := to.Close(0); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := folder.RemoveAll("ana"); err != nil {
			t.Error(err)
		}
	}
	if _, err := folder.Open("ana/one"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("open what was removed: %v", err)
	}
	left, err := folder.Open("bob/one")
	if err != nil {
		t.Fatal(err)
	}
	if err := left.Close(); err != nil {
		t.Error(err)
	}
}
