package main

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// spareMemory is how much garbage there may be before it is collected.
const spareMemory = 256 << 20

// tradeMemory saves processor time by collecting garbage less often. A
// collection goes through all that lives, and the less that is, the more often
// Go would collect. Garbage may come to spareMemory, but not to more than four
// times what lives, and to as much as lives, as Go has it, where that is more.
// GOGC in the environment overrules it.
func tradeMemory(ctx context.Context) {
	if _, said := os.LookupEnv("GOGC"); said {
		return
	}
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	set := 0
	for {
		if percent := garbagePercent(liveMemory()); percent != set {
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

// garbagePercent is the garbage allowed in percent of what lives, in steps:
// setting it stops the program for a moment.
func garbagePercent(live uint64) int {
	const least, most, step = 100, 400, 50
	percent := spareMemory * 100 / max(live, 1) / step * step
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
