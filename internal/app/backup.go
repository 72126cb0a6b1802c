package app

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// errBackupRuns: one copy at a time takes enough of the disk.
var errBackupRuns = errors.New("another backup is being made")

// backup copies the database and the office's own prompts as they are now. The
// copy is written, and removed, by WriteTo; one that a crash left behind makes
// room for the next.
func (a *App) backup(ctx context.Context) (io.WriterTo, error) {
	if !a.copying.TryLock() {
		return nil, errBackupRuns
	}
	copied := &archive{folder: filepath.Join(a.cfg.Data, ".backup"), done: a.copying.Unlock}
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
	done   func()
}

// WriteTo implements [io.WriterTo]. It does not count.
func (c *archive) WriteTo(to io.Writer) (int64, error) {
	w := tar.NewWriter(to)
	return 0, errors.Join(w.AddFS(os.DirFS(c.folder)), w.Close(), c.close())
}

func (c *archive) close() error {
	defer c.done()
	return os.RemoveAll(c.folder)
}
