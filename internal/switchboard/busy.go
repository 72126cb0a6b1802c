package switchboard

import "sync"

// Busy knows which devices are in calls. It stands apart from the
// [Switchboard], which fills it, because the rules of hot desking ask it.
type Busy struct {
	mu      sync.Mutex
	devices map[string]int // calls between people, by device ID
}

// NewBusy makes one without calls.
func NewBusy() *Busy { return &Busy{devices: map[string]int{}} }

// InCall reports whether a device is in a call with somebody; a conversation
// with the system is none.
func (b *Busy) InCall(deviceID string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.devices[deviceID] > 0
}

// occupy counts a device as in a call, until the function it returns is called.
func (b *Busy) occupy(deviceID string) (release func()) {
	b.add(deviceID, 1)
	return sync.OnceFunc(func() { b.add(deviceID, -1) })
}

func (b *Busy) add(deviceID string, n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.devices[deviceID] += n; b.devices[deviceID] == 0 {
		delete(b.devices, deviceID)
	}
}
