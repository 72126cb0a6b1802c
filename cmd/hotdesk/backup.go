package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// backupCommand saves the data of a running server.
type backupCommand struct {
	remote `embed:""`

	File string `arg:"" help:"The archive to write, which only its owner can read; one that is there is replaced. - writes standard output."`
}

// Help is printed below the flags.
func (backupCommand) Help() string {
	return `The archive (tar) holds the database as it was at one moment, and the folders
prompts and voicemail. Unpacked into an empty folder it is a data folder. A database in
PostgreSQL is saved with pg_dump instead.

Example:
  hotdesk backup /var/backups/hotdesk.tar
  mkdir restored && tar -C restored -xf /var/backups/hotdesk.tar
  hotdesk serve --data restored`
}

// writeWhole writes a file that only its owner can read: whole, or not at all.
// What was there before stays until the new one is whole.
func writeWhole(name string, write func(to io.Writer) error) error {
	file, err := os.CreateTemp(filepath.Dir(name), ".hotdesk-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err = write(file); err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), name)
	}
	if err != nil {
		_ = os.Remove(file.Name())
	}
	return err
}

// Run writes the archive.
func (c backupCommand) Run(ctx context.Context, con console) error {
	server := c.open()
	defer server.Close()
	if c.File == "-" {
		return server.Backup(ctx, con.out)
	}
	if info, err := os.Stat(c.File); err == nil && info.IsDir() {
		return fmt.Errorf("%s is a folder: name the file to write", c.File)
	}
	if err := writeWhole(c.File, func(to io.Writer) error { return server.Backup(ctx, to) }); err != nil {
		return err
	}
	return c.tell(con, map[string]string{"file": c.File}, "the data is saved in %s", c.File)
}
