package main

import (
	"math"
	"testing"
	"testing/fstest"
)

func TestMemoryThere(t *testing.T) {
	t.Parallel()
	const machine = "MemTotal:       24684092 kB\nMemFree:        20000000 kB\n"
	for _, test := range []struct {
		name  string
		files map[string]string
		want  int64
	}{
		{"nothing is told", nil, math.MaxInt64},
		{"the machine", map[string]string{"proc/meminfo": machine}, 24684092 << 10},
		{"a container", map[string]string{"proc/meminfo": machine, "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "536870912\n"}, 512 << 20},
		{"no bound", map[string]string{"proc/meminfo": machine, "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "max\n"}, 24684092 << 10},
		{"a slice above", map[string]string{
			"proc/meminfo": machine, "proc/self/cgroup": "0::/system.slice/hotdesk.service\n",
			"sys/fs/cgroup/system.slice/hotdesk.service/memory.max": "max\n", "sys/fs/cgroup/system.slice/memory.max": "1073741824\n",
		}, 1 << 30},
		{"nonsense", map[string]string{"proc/meminfo": "MemTotal: much kB", "proc/self/cgroup": "?"}, math.MaxInt64},
	} {
		root := fstest.MapFS{}
		for name, text := range test.files {
			root[name] = &fstest.MapFile{Data: []byte(text)}
		}
		if got := memoryThere(root); got != test.want {
			t.Errorf("%s: %d bytes, want %d", test.name, got, test.want)
		}
	}
}
