// Package audiofiles keeps greetings and messages as WAV files in a folder,
// one folder in it for each user. It knows nothing of whose sound it is.
package audiofiles

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/media/g711"
	"github.com/hotdesk-pbx/hotdesk/internal/media/wav"
	"github.com/hotdesk-pbx/hotdesk/internal/voicemail"
)

// Folder is the [voicemail.Audio]. No name leads out of it. It is safe for
// concurrent use.
type Folder struct{ root *os.Root }

// Open opens the folder, and makes it if need be, readable for the server only.
func Open(dir string) (*Folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder for voicemail: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open the folder for voicemail: %w", err)
	}
	return &Folder{root: root}, nil
}

// Close gives the folder back.
func (f *Folder) Close() error { return f.root.Close() }

// Create implements [voicemail.Audio].
func (f *Folder) Create(name string) (voicemail.Recorder, error) {
	if err := f.makeFolder(path.Dir(name)); err != nil {
		return nil, err
	}
	file, err := f.root.OpenFile(fileOf(name), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	w, err := wav.NewWriter(file)
	if err != nil { // the disk is full
		return nil, errors.Join(err, file.Close(), f.Remove(name))
	}
	return &recorder{folder: f, dir: path.Dir(name), file: file, wav: w}, nil
}

// makeFolder makes the folder of a user, for good.
func (f *Folder) makeFolder(dir string) error {
	switch err := f.root.Mkdir(dir, 0o700); {
	case errors.Is(err, fs.ErrExist):
		return nil
	case err != nil:
		return err
	}
	return f.sync(".")
}

// sync puts the list of a folder's files on disk.
func (f *Folder) sync(dir string) error {
	opened, err := f.root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(opened.Sync(), opened.Close())
}

// Open implements [voicemail.Audio].
func (f *Folder) Open(name string) (io.ReadCloser, error) { return f.root.Open(fileOf(name)) }

// Remove implements [voicemail.Audio].
func (f *Folder) Remove(name string) error { return unlessGone(f.root.Remove(fileOf(name))) }

// RemoveAll implements [voicemail.Audio].
func (f *Folder) RemoveAll(userID string) error {
	if userID == "" || path.Base(userID) != userID {
		return fmt.Errorf("no folder of a user: %q", userID)
	}
	return unlessGone(f.root.RemoveAll(userID))
}

func unlessGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Repair implements [voicemail.Audio].
func (f *Folder) Repair(name string) (time.Duration, error) {
	file, err := f.root.OpenFile(fileOf(name), os.O_RDWR, 0)
	if err != nil {
		return 0, err
	}
	samples, err := wav.Repair(file)
	err = errors.Join(err, file.Sync(), file.Close(), f.sync(path.Dir(name)))
	return time.Duration(samples) * time.Second / g711.Rate, err
}

func fileOf(name string) string { return name + ".wav" }

// recorder is the [voicemail.Recorder].
type recorder struct {
	folder *Folder
	dir    string
	file   *os.File // nil: closed
	wav    *wav.Writer
}

// Write implements [voicemail.Recorder].
func (r *recorder) Write(pcm []int16) error { return r.wav.Write(pcm) }

// Samples implements [voicemail.Recorder].
func (r *recorder) Samples() int { return int(r.wav.Samples()) }

// Close implements [voicemail.Recorder].
func (r *recorder) Close(samples int) error {
	if r.file == nil {
		return nil
	}
	file := r.file
	r.file = nil
	if err := r.finish(file, int64(samples)); err != nil {
		return errors.Join(err, file.Close())
	}
	return errors.Join(file.Close(), r.folder.sync(r.dir))
}

// finish puts the sound on disk.
func (r *recorder) finish(file *os.File, samples int64) error {
	if err := r.wav.Cut(samples); err != nil {
		return err
	}
	if err := r.wav.Close(); err != nil {
		return err
	}
	if err := file.Truncate(wav.Size(r.wav.Samples())); err != nil {
		return err
	}
	return file.Sync()
}
