//go:build unix

package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// terminalSize tells whether something a command reads or writes is a terminal,
// and how large it is.
func terminalSize(stream any) (columns, rows int, ok bool) {
	file, is := stream.(*os.File)
	if !is {
		return 0, 0, false
	}
	size, err := unix.IoctlGetWinsize(int(file.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return 0, 0, false
	}
	if size.Col == 0 || size.Row == 0 { // some terminals do not know
		return 80, 24, true
	}
	return int(size.Col), int(size.Row), true
}
