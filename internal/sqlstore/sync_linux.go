package sqlstore

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// syncData makes a file's content lasting. Its times, which fsync would write
// too, cost a file system's journal more than all the rest.
func syncData(f *os.File) error {
	for {
		if err := unix.Fdatasync(int(f.Fd())); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
