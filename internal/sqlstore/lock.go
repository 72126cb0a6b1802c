package sqlstore

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// lockFile holds a folder for this process until the file returned is closed.
// The file stays when the lock is gone; removing it would let two servers lock
// two files of one name.
func lockFile(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the operator names the folder
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrReadOnly, err)
	}
	if err := tryLock(f); err != nil {
		holder, _ := os.ReadFile(name) //nolint:gosec // our own file; who holds it is only a help
		return nil, errors.Join(
			fmt.Errorf("%w (process %s holds %s): %w", ErrInUse, strings.TrimSpace(string(holder)), name, err), f.Close(),
		)
	}
	if err := f.Truncate(0); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if _, err := fmt.Fprintln(f, os.Getpid()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
