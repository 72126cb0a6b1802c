//go:build unix

package sip

import "syscall"

// openFiles is how many files the process may have open. The runtime has
// raised it to what the system allows.
func openFiles() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return plentyOfFiles
	}
	return int(min(uint64(limit.Cur), plentyOfFiles)) //nolint:unconvert // an int64 on FreeBSD
}
