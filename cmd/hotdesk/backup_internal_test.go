package main

import (
	"archive/tar"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestBackup(t *testing.T) {
	t.Parallel()
	data, saved := serve(t), filepath.Join(t.TempDir(), "saved.tar")
	if err := os.MkdirAll(filepath.Join(data, "prompts", "en"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, "prompts", "en", "welcome.wav"), []byte("ours"), 0o600); err != nil {
		t.Fatal(err)
	}
	message := filepath.Join("voicemail", "user-1", "message-1.wav")
	if err := os.Mkdir(filepath.Join(data, "voicemail", "user-1"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, message), []byte("said"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"domain add acme.test --country CA --timezone UTC", "backup " + saved, "user add 1001 --name Ana", "backup " + saved, "user delete 1001",
	} {
		if status, _, errs := hotdesk(t, "", append(strings.Fields(line), "--data", data)...); status != 0 {
			t.Fatalf("%s: %s", line, errs)
		}
	}
	if info, err := os.Stat(saved); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the archive is %v, %v", info, err)
	}
	restored := t.TempDir()
	unpack(t, saved, restored)
	if text, err := os.ReadFile(filepath.Join(restored, "prompts", "en", "welcome.wav")); err != nil || string(text) != "ours" {
		t.Errorf("the office's own prompt is %q, %v", text, err)
	}
	if text, err := os.ReadFile(filepath.Join(restored, message)); err != nil || string(text) != "said" {
		t.Errorf("the message is %q, %v", text, err)
	}
	serveIn(t, restored)
	if status, out, errs := hotdesk(t, "", "user", "list", "--data", restored); status != 0 || !strings.Contains(out, "Ana") {
		t.Errorf("the restored server has the users %s%s", out, errs)
	}
	if left, _ := filepath.Glob(filepath.Join(data, ".backup*")); left != nil {
		t.Errorf("left behind: %v", left)
	}
	if status, out, _ := hotdesk(t, "", "backup", "-", "--data", data); status != 0 || !strings.HasPrefix(out, "hotdesk.db\x00") {
		t.Errorf("to standard output: %d, %.20q", status, out)
	}
	if status, _, errs := hotdesk(t, "", "backup", filepath.Join(data, "no", "folder"), "--data", data); status != 1 || !strings.Contains(errs, "no such file") {
		t.Errorf("into a folder that is not there: %d, %s", status, errs)
	}
}

func unpack(t *testing.T, archive, folder string) {
	t.Helper()
	file, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	for from := tar.NewReader(file); ; {
		entry, err := from.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(folder, filepath.FromSlash(entry.Name))
		if entry.FileInfo().IsDir() {
			err = os.MkdirAll(name, 0o700)
		} else {
			var text []byte
			if text, err = io.ReadAll(from); err == nil {
				err = os.WriteFile(name, text, 0o600)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
