package restapi

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"

	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// Listen opens the socket in a data folder, on which [API.Local] is served. It
// is open to the folder's owner alone (mode 0600) at every moment: it is made
// in a folder of its own that nobody else may enter, and then moved in place,
// over the one that a killed server left. The caller holds the folder's lock.
func Listen(folder string) (net.Listener, error) {
	private, err := os.MkdirTemp(folder, ".s")
	if err != nil {
		return nil, fmt.Errorf("open the control socket: %w", err)
	}
	defer func() { _ = os.RemoveAll(private) }()
	made, final := filepath.Join(private, "s"), filepath.Join(folder, resource.SocketName)
	// sockaddr_un holds 108 bytes with the zero at the end.
	if longest := max(len(made), len(final)); longest > 107 {
		return nil, fmt.Errorf("open the control socket: the path of the data folder, %s, is %d bytes too long for a socket", folder, longest-107)
	}
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: made, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("open the control socket: %w", err)
	}
	listener.SetUnlinkOnClose(false)
	if err = os.Chmod(made, 0o600); err == nil {
		err = os.Rename(made, final)
	}
	if err != nil {
		_ = listener.Close()
		return nil, fmt.Errorf("open the control socket: %w", err)
	}
	return &socket{Listener: listener, file: final}, nil
}

// socket removes its file when it is closed.
type socket struct {
	net.Listener

	file string
	once sync.Once
}

// Close closes the socket and removes it from the folder.
func (s *socket) Close() error {
	s.once.Do(func() { _ = os.Remove(s.file) })
	return s.Listener.Close()
}
