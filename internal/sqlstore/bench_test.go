package sqlstore_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/location"
	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
	"github.com/hotdesk-pbx/hotdesk/internal/sqlstore"
	"github.com/hotdesk-pbx/hotdesk/internal/sqlstore/sqltest"
)

// durable opens an empty database of each kind, both of which sync every commit.
var durable = map[string]func(*testing.B) *database{
	"sqlite": func(b *testing.B) *database {
		b.Helper()
		return open(b, "sqlite", b.TempDir())
	},
	"postgres": func(b *testing.B) *database {
		b.Helper()
		own := sqltest.Cluster{Durable: true}
		b.Cleanup(func() { _ = own.Stop() })
		return open(b, own.Database(b), "")
	},
}

// concurrently spreads b.N writes over writers and reports their rate.
func concurrently(b *testing.B, writers int, write func(n int) error) {
	b.Helper()
	var (
		group sync.WaitGroup
		next  atomic.Int64
	)
	b.ResetTimer()
	for range writers {
		group.Go(func() {
			for n := int(next.Add(1)); n <= b.N; n = int(next.Add(1)) {
				if err := write(n); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "writes/s")
}

// BenchmarkWrites shows what sharing a commit brings: for a REGISTER that
// refreshes a binding, for a call, and for a login with its audit entry and fact.
func BenchmarkWrites(b *testing.B) {
	for kind, empty := range durable {
		b.Run(kind, func(b *testing.B) {
			db := empty(b)
			const devices = 1000
			names := make([]string, devices)
			for i := range names {
				names[i] = fmt.Sprint(i)
			}
			stored := db.office(b, names...).Devices
			for name, write := range map[string]func(ctx context.Context, n int) error{
				"binding": func(ctx context.Context, n int) error {
					device := stored[n%devices].ID
					return db.Bindings().Save(ctx, location.Change{Put: []location.Binding{example(device, device)}})
				},
				"record": func(ctx context.Context, _ int) error {
					return db.Records().Put(ctx, callrecord.Record{ID: newID(), DomainID: "acme", StartedAt: noon})
				},
				"login": func(ctx context.Context, _ int) error {
					s := session(newID(), "ana", 0)
					told := ending(s, noon) // as large as a login's own entry and fact
					_, err := db.Sessions().Commit(ctx, hotdesk.Change{
						Start: s, Audit: []audit.Entry{told.Audit}, Facts: []outbox.Fact{told.Fact},
					})
					return err
				},
			} {
				for _, writers := range []int{1, 64, 1000} {
					b.Run(fmt.Sprintf("%s-%d", name, writers), func(b *testing.B) {
						concurrently(b, writers, func(n int) error { return write(b.Context(), n) })
					})
				}
			}
		})
	}
}

// example is a binding as a desk phone makes it.
func example(id, device string) location.Binding {
	return location.Binding{
		ID: id, DeviceID: device, Contact: "<sip:5401@192.0.2.17:5060;transport=udp>", Flow: "udp:192.0.2.17:5060",
		InstanceID: "<urn:uuid:00000000-0000-1000-8000-805ec0112233>", RegID: 1, CallID: "0_3117286742@192.0.2.17",
		CSeq: 42, Q: 1000, UserAgent: "Yealink SIP-T54W 96.86.0.100", RegisteredAt: noon, ExpiresAt: noon.Add(time.Hour),
	}
}

// BenchmarkStart reads what a server with 100,000 registered devices reads when
// it starts.
func BenchmarkStart(b *testing.B) {
	const devices = 100_000
	for kind, empty := range durable {
		b.Run(kind, func(b *testing.B) {
			db := empty(b)
			big := directory.Change{Domain: directory.Domain{ID: newID(), Name: "acme.test", TimeZone: "UTC"}}
			var all location.Change
			for i := range devices {
				d := directory.Device{ID: newID(), Name: fmt.Sprint(i), HA1MD5: newID(), HA1SHA256: newID() + newID(), CreatedAt: noon}
				big.PutDevices = append(big.PutDevices, d)
				all.Put = append(all.Put, example(d.ID, d.ID))
			}
			begin := time.Now()
			if err := db.Directory().Save(b.Context(), big); err != nil {
				b.Fatal(err)
			}
			b.Log("saved the office in", time.Since(begin))
			if err := db.Bindings().Save(b.Context(), all); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if err := db.Close(); err != nil {
					b.Fatal(err)
				}
				var err error
				if db.DB, err = sqlstore.Open(b.Context(), db.url, db.dir); err != nil {
					b.Fatal(err)
				}
				load(b, db, devices)
			}
			if err := db.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}

func load(b *testing.B, db *database, want int) {
	b.Helper()
	offices, err := db.Directory().Offices(b.Context())
	if err != nil || len(offices[0].Devices) != want {
		b.Fatal("devices:", err)
	}
	bindings, err := db.Bindings().Bindings(b.Context())
	if err != nil || len(bindings) != want {
		b.Fatal("bindings:", err)
	}
}
