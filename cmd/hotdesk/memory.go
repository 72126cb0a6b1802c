package main

import (
	"io/fs"
	"math"
	"os"
	"path"
	"runtime/debug"
	"strconv"
	"strings"
)

// garbagePercent is how much garbage there may be for what lives: calls leave
// much behind and keep little, and each collection goes through all that is kept.
const garbagePercent = 300

// tradeMemory lets the server use memory to save processor time, until it comes
// near to three quarters of what the machine or its container has. GOGC and
// GOMEMLIMIT in the environment say otherwise.
func tradeMemory() {
	if _, said := os.LookupEnv("GOGC"); !said {
		debug.SetGCPercent(garbagePercent)
	}
	if _, said := os.LookupEnv("GOMEMLIMIT"); said {
		return
	}
	if most := memoryThere(os.DirFS("/")); most < math.MaxInt64 {
		debug.SetMemoryLimit(most / 4 * 3)
	}
}

// memoryThere is how many bytes this process may use, as Linux tells it: those
// of the machine, or fewer where a control group sets a bound. It is
// [math.MaxInt64] where nothing is told.
func memoryThere(root fs.FS) int64 {
	most := int64(math.MaxInt64)
	if info, err := fs.ReadFile(root, "proc/meminfo"); err == nil {
		_, total, _ := strings.Cut(string(info), "MemTotal:")
		if fields := strings.Fields(total); len(fields) > 0 {
			most = min(most, bytesIn(fields[0], 1024))
		}
	}
	own, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return most
	}
	_, group, _ := strings.Cut(strings.TrimSpace(string(own)), "0::/") // version 2 has this one line
	for ; ; group = path.Dir(group) {                                  // a group above may set the tighter bound
		if bound, err := fs.ReadFile(root, path.Join("sys/fs/cgroup", group, "memory.max")); err == nil {
			most = min(most, bytesIn(strings.TrimSpace(string(bound)), 1))
		}
		if group == "" || group == "." {
			return most
		}
	}
}

// bytesIn reads a number of units; what is none, such as "max", is no bound.
func bytesIn(text string, unit int64) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n <= 0 || n > math.MaxInt64/unit {
		return math.MaxInt64
	}
	return n * unit
}
