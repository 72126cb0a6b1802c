package app

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// errBackupRuns: one copy at a time takes enough of the disk.
var errBackupRuns = errors.New("another backup is being made")

// backup copies the database and the office's own prompts as they are now. The
// copy is written, and removed, by WriteTo, which adds what callers have left;
// one that a crash left behind makes room for the next.
func (a *App) backup(ctx context.Context) (io.WriterTo, error) {
	if !a.copying.TryLock() {
		return nil, errBackupRuns
	}
	copied := &archive{
		folder: filepath.Join(a.cfg.Data, ".backup"), sound: filepath.Join(a.cfg.Data, voicemailFolder), done: a.copying.Unlock,
	}
	if err := a.copyData(ctx, copied.folder); err != nil {
		return nil, errors.Join(err, copied.close())
	}
	return copied, nil
}

func (a *App) copyData(ctx context.Context, to string) error {
	if err := os.RemoveAll(to); err != nil {
		return fmt.Errorf("remove an old copy: %w", err)
	}
	if err := os.Mkdir(to, 0o700); err != nil {
		return fmt.Errorf("make room for the copy: %w", err)
	}
	if err := a.db.Copy(ctx, filepath.Join(to, "hotdesk.db")); err != nil {
		return err
	}
	if own := filepath.Join(a.cfg.Data, promptsFolder); isFolder(own) {
		if err := os.CopyFS(filepath.Join(to, promptsFolder), os.DirFS(own)); err != nil {
			return fmt.Errorf("copy the prompts: %w", err)
		}
	}
	return nil
}

// archive is a folder that is read once, as a tar file.
type archive struct {
	folder string
	sound  string // the folder of messages: too large to copy first
	done   func()
}

// WriteTo implements [io.WriterTo]. It does not count.
func (c *archive) WriteTo(to io.Writer) (int64, error) {
	w := tar.NewWriter(to)
	return 0, errors.Join(w.AddFS(os.DirFS(c.folder)), addLive(w, c.sound), w.Close(), c.close())
}

// addLive adds a folder whose files are written and removed meanwhile. One that
// goes before its turn is left out; one that grows or shrinks is as long as it
// was when it was opened. The database was copied before: a message that is
// missing there only wastes its place.
func addLive(w *tar.Writer, folder string) error {
	from := os.DirFS(folder)
	return fs.WalkDir(from, ".", func(name string, _ fs.DirEntry, err error) error {
		if err == nil {
			err = addFile(w, from, name, path.Join(filepath.Base(folder), name))
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
}

// addFile adds a file, or the mere entry of a folder.
func addFile(w *tar.Writer, from fs.FS, name, as string) error {
	file, err := from.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // it is only read
	info, err := file.Stat()
	if err != nil {
		return err
	}
	header, err := tar.FileInfoHeader(info, "")
	if err != nil {
		return err
	}
	if header.Name = as; info.IsDir() {
		header.Name += "/"
	}
	if err := w.WriteHeader(header); err != nil || info.IsDir() {
		return err
	}
	_, err = io.CopyN(w, io.MultiReader(file, zeros{}), info.Size())
	return err
}

// zeros stand for what is missing of a file that was cut meanwhile.
type zeros struct{}

// Read implements [io.Reader].
func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func (c *archive) close() error {
	defer c.done()
	return os.RemoveAll(c.folder)
}
