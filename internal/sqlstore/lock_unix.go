//go:build unix

package sqlstore

import (
	"os"

	"golang.org/x/sys/unix"
)

// tryLock takes the lock that the kernel lets go when the process dies.
func tryLock(f *os.File) error {
	return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
}
