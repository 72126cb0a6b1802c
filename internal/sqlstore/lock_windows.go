//go:build windows

package sqlstore

import (
	"os"

	"golang.org/x/sys/windows"
)

// tryLock takes the lock that the kernel lets go when the process dies.
func tryLock(f *os.File) error {
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	return windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, &windows.Overlapped{Offset: 1 << 30})
}
