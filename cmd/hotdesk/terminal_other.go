//go:build !unix

package main

// terminalSize knows no terminals on this system: everything is plain lines.
func terminalSize(any) (columns, rows int, ok bool) { return 0, 0, false }
