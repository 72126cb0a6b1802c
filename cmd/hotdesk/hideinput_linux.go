package main

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// hideInput stops a terminal from showing what is typed, until the function
// that it returns is called. What is no terminal stays as it is.
func hideInput(in io.Reader) (show func()) {
	file, is := in.(*os.File)
	if !is {
		return func() {}
	}
	fd := int(file.Fd())
	state, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return func() {}
	}
	hidden := *state
	hidden.Lflag &^= unix.ECHO
	if unix.IoctlSetTermios(fd, unix.TCSETS, &hidden) != nil {
		return func() {}
	}
	return func() { _ = unix.IoctlSetTermios(fd, unix.TCSETS, state) }
}
