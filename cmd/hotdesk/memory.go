package main

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// tradeMemory saves processor time by collecting garbage less often. A
// collection goes through all that lives, and the less that is, the more often
// Go would collect. Garbage may come to a share of the memory there is for us,
// but not to more than sixteen times what lives, and to as much as lives, as Go
// has it, where that is more. GOGC in the environment overrules it.
func tradeMemory(ctx context.Context) {
	if _, said := os.LookupEnv("GOGC"); said {
		return
	}
	spare := spareMemory(memlimit.ApplyFallback(memlimit.FromCgroup, memlimit.FromSystem))
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	set := 0
	for {
		if percent := garbagePercent(liveMemory(), spare); percent != set {
			debug.SetGCPercent(percent)
			set = percent
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// spareMemory is how much garbage there may be before it is collected, in bytes:
// a sixty-fourth of the memory there is, which a container's limit may be.
func spareMemory(memory memlimit.Provider) uint64 {
	const least, most, share = 32 << 20, 512 << 20, 64
	all, err := memory()
	if err != nil {
		return least // we cannot know
	}
	return min(max(all/share, least), most)
}

// garbagePercent is the garbage allowed in percent of what lives, in steps:
// setting it stops the program for a moment.
func garbagePercent(live, spare uint64) int {
	const least, most, step = 100, 1600, 50
	percent := spare * 100 / max(live, 1) / step * step
	return int(min(max(percent, least), most))
}

// liveMemory is what the last collection found to be in use, in bytes.
func liveMemory() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return sample[0].Value.Uint64()
}
