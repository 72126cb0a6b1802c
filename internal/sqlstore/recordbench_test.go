package sqlstore_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
)

// manyCalls is a history of a thousand people with a desk phone each.
func manyCalls(b *testing.B, db *database, calls int) {
	b.Helper()
	const people = 1000
	party := func(n int) callrecord.Party {
		id := fmt.Sprintf("0190f5fe-0000-7000-8000-%012d", n%people)
		return callrecord.Party{UserID: "u" + id, DeviceID: "d" + id, DeviceName: fmt.Sprint(n % people), Number: fmt.Sprint(n % people), Name: "Some Body"}
	}
	records := db.Records()
	var group sync.WaitGroup
	for w := range 64 {
		group.Go(func() {
			for n := w; n < calls; n += 64 {
				at := noon.Add(time.Duration(n) * time.Second)
				r := callrecord.Record{
					ID: newID(), DomainID: "acme", Caller: party(n), Dialled: "1", Callee: party(n*7 + 1),
					StartedAt: at, AnsweredAt: at, EndedAt: at, Result: callrecord.Answered,
				}
				if err := records.Put(b.Context(), r); err != nil {
					b.Error(err)
				}
			}
		})
	}
	group.Wait()
}

// BenchmarkCalls shows the newest page of a long history, and what removing
// old calls costs.
func BenchmarkCalls(b *testing.B) {
	for kind, empty := range durable {
		b.Run(kind, func(b *testing.B) {
			db := empty(b)
			manyCalls(b, db, 100_000)
			if kind == "postgres" { // which does this by itself, later
				if _, err := db.raw(b).ExecContext(b.Context(), "analyze call_records"); err != nil {
					b.Fatal(err)
				}
			}
			const id = "0190f5fe-0000-7000-8000-000000000042"
			for name, q := range map[string]callrecord.Query{
				"domain": {DomainID: "acme"},
				"person": {DomainID: "acme", UserID: "u" + id},
				"missed": {DomainID: "acme", UserID: "u" + id, Direction: callrecord.Missed},
				"desk":   {DomainID: "acme", DeviceID: "d" + id},
				"text":   {DomainID: "acme", Text: "nobody"},
			} {
				b.Run(name, func(b *testing.B) {
					q.Limit = 50
					for b.Loop() {
						if _, err := db.Records().Records(b.Context(), q); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
			b.Run("forget", func(b *testing.B) {
				for b.Loop() {
					if n, err := db.Records().Forget(b.Context(), "acme", noon.AddDate(1, 0, 0), 100); err != nil || n == 0 {
						b.Fatal(n, err)
					}
				}
			})
		})
	}
}
