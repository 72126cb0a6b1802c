package location_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"
	"unsafe"

	"github.com/hotdesk-pbx/hotdesk/internal/location"
)

// stringOf is the start of a message as a text that shares its memory.
func stringOf(message *[1 << 16]byte) string { return unsafe.String(&message[0], len("sip:phone00")) }

// phone is a binding as a usual desk phone makes it.
func phone(i int) location.Binding {
	return location.Binding{
		ID: fmt.Sprintf("0199f0aa-0000-7000-8000-%012d", i), DeviceID: fmt.Sprintf("0199f0bb-0000-7000-8000-%012d", i),
		Contact: fmt.Sprintf("sip:54%05d@10.1.%d.%d:5060;transport=tcp", i, i>>8&255, i&255),
		Flow:    fmt.Sprintf("tcp:198.51.%d.%d:%d", i>>8&255, i&255, 10000+i%50000),
		CallID:  fmt.Sprintf("%032x@10.1.2.3", i), CSeq: 42, Q: 1000, NAT: true,
		InstanceID: fmt.Sprintf("<urn:uuid:00000000-0000-1000-8000-%012d>", i), RegID: 1,
		UserAgent: "Yealink SIP-T54W 96.86.0.45", RegisteredAt: noon(), ExpiresAt: noon().Add(time.Hour),
	}
}

// BenchmarkMemoryPerDevice tells how many bytes a registered device takes.
func BenchmarkMemoryPerDevice(b *testing.B) {
	stored := phones(100_000)
	store := &memory{bindings: map[string]location.Binding{}}
	for _, p := range stored {
		store.bindings[p.ID] = p
	}
	for b.Loop() {
		before := heap()
		r := &registrar{store: store}
		r.clock.Store(noon().Unix())
		r.restart(b)
		b.ReportMetric(float64(heap()-before)/float64(len(stored)), "B/device")
		runtime.KeepAlive(r)
	}
}

func phones(n int) []location.Binding {
	all := make([]location.Binding, n)
	for i := range all {
		all[i] = phone(i)
	}
	return all
}

func heap() uint64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

func BenchmarkLookup(b *testing.B) {
	r := newRegistrar(b, phone(1))
	deviceID := phone(1).DeviceID
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r.Lookup(deviceID)
		}
	})
}

func BenchmarkRefresh(b *testing.B) {
	r := newRegistrar(b, phone(1))
	deviceID := phone(1).DeviceID
	for b.Loop() {
		if _, err := r.Apply(b.Context(), deviceID, func(current []location.Binding) (location.Change, error) {
			return location.Change{Put: current}, nil
		}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSweepOfNothing(b *testing.B) {
	r := newRegistrar(b, phones(100_000)...)
	for b.Loop() {
		if _, err := r.Expire(b.Context(), noon()); err != nil {
			b.Fatal(err)
		}
	}
}
