//go:build !linux

package sqlstore

import "os"

// syncData makes a file's content lasting.
func syncData(f *os.File) error { return f.Sync() }
