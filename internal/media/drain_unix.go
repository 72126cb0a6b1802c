//go:build unix

package media

import (
	"net"

	"golang.org/x/sys/unix"
)

// maxFiles is how many files this process may have open.
func maxFiles() int {
	const enough = 1 << 20
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil || limit.Cur > enough {
		return enough
	}
	return int(limit.Cur)
}

// drain throws away what waits in a socket, and counts it.
func drain(c *net.UDPConn) (datagrams uint64) {
	raw, err := c.SyscallConn()
	if err != nil { // it is closed
		return 0
	}
	_ = raw.Read(func(fd uintptr) bool {
		var scrap [1]byte // the rest of each datagram is lost
		for {
			if _, err := unix.Read(int(fd), scrap[:]); err != nil { // EAGAIN; whoever reads next meets any other, too
				return true
			}
			datagrams++
		}
	})
	return datagrams
}
