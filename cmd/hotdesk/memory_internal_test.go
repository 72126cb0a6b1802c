package main

import (
	"errors"
	"testing"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

func TestSpareMemory(t *testing.T) {
	t.Parallel()
	const mb = 1 << 20
	for all, want := range map[uint64]uint64{512 * mb: 32 * mb, 8192 * mb: 128 * mb, 1 << 40: 512 * mb} {
		if got := spareMemory(memlimit.Limit(all)); got != want {
			t.Errorf("of %d MB %d MB are spare, want %d", all/mb, got/mb, want/mb)
		}
	}
	if got := spareMemory(func() (uint64, error) { return 0, errors.New("who knows") }); got != 32*mb {
		t.Errorf("of unknown memory %d MB are spare", got/mb)
	}
}

func TestGarbagePercent(t *testing.T) {
	t.Parallel()
	const mb = 1 << 20
	for live, want := range map[uint64]int{0: 1600, 10 * mb: 1600, 70 * mb: 350, 250 * mb: 100, 4096 * mb: 100} {
		if got := garbagePercent(live, 256*mb); got != want {
			t.Errorf("with %d MB alive %d %%, want %d", live/mb, got, want)
		}
	}
}
