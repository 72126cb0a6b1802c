package sqlstore_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
	"github.com/hotdesk-pbx/hotdesk/internal/sqlstore"
)

// tell stores facts of the kinds, one after the other, as some act does.
func tell(t *testing.T, db *database, domainID string, kinds ...string) []outbox.Fact {
	t.Helper()
	var facts []outbox.Fact
	for i, kind := range kinds {
		facts = append(facts, outbox.Fact{ID: newID(), DomainID: domainID, Kind: kind, At: noon.Add(time.Duration(i) * time.Minute), Payload: []byte(`{"n": 1}`)})
	}
	commit(t, db, hotdesk.Change{Facts: facts})
	return facts
}

func assertWaiting(t *testing.T, o *sqlstore.Outbox, want ...outbox.Fact) {
	t.Helper()
	got, err := o.Waiting(t.Context(), 100)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

func deliveryOf(f outbox.Fact, recipient string, since time.Duration) outbox.Delivery {
	return outbox.Delivery{ID: newID(), Fact: f, Recipient: recipient, Since: noon.Add(since), DueAt: noon.Add(since)}
}

func take(t *testing.T, o *sqlstore.Outbox, facts []outbox.Fact, deliveries ...outbox.Delivery) {
	t.Helper()
	if err := o.Take(t.Context(), facts, deliveries); err != nil {
		t.Fatal(err)
	}
}

func TestFactsWaitForEachConsumer(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			tell(t, db, "acme", "message.left") // before anybody waits for it
			mail, hooks := db.Outbox("mail", "message.left", "call.emergency"), db.Outbox("webhooks", "session.login", "message.left")
			db.Outbox("mail", "message.left") // named twice, it waits once
			facts := tell(t, db, "acme", "session.login", "message.left", "session.ended", "call.emergency")
			assertWaiting(t, mail, facts[1], facts[3])
			assertWaiting(t, hooks, facts[0], facts[1])
			if first, err := mail.Waiting(t.Context(), 1); err != nil || len(first) != 1 {
				t.Errorf("%v, %v", first, err)
			}
			take(t, mail, facts[1:2], deliveryOf(facts[1], "ana@acme.test", 0))
			assertWaiting(t, mail, facts[3])
			assertWaiting(t, hooks, facts[0], facts[1])

			db = db.reopen(t)
			mail, hooks = db.Outbox("mail", "message.left"), db.Outbox("webhooks", "message.left")
			assertWaiting(t, mail, facts[3])
			assertWaiting(t, hooks, facts[0], facts[1])
			// Another server read the fact before it was taken here.
			take(t, mail, facts[1:2], deliveryOf(facts[1], "ana@acme.test", 0))
			if n := db.number(t, "select count(*) from deliveries"); n != 1 {
				t.Errorf("%d deliveries of one fact", n)
			}
			take(t, mail, facts[3:])
			assertWaiting(t, mail)
		})
	}
}

func TestRefusedActsTellNothing(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			mail := db.Outbox("mail", "message.left")
			commit(t, db, hotdesk.Change{Start: session("5401", "ana", 0)})
			_, err := db.Sessions().Commit(t.Context(), hotdesk.Change{
				Start: session("5401", "bo", 0), Facts: []outbox.Fact{{ID: newID(), Kind: "message.left", At: noon}},
			})
			if !errors.Is(err, hotdesk.ErrTaken) {
				t.Fatal(err)
			}
			assertWaiting(t, mail)
		})
	}
}

func TestDeliveries(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			mail := db.Outbox("mail", "message.left")
			acme, berg := tell(t, db, "acme", "message.left", "message.left", "message.left"), tell(t, db, "berg", "message.left")
			old, urgent, later := deliveryOf(acme[0], "ana@acme.test", 0), deliveryOf(acme[1], "help@acme.test", time.Second), deliveryOf(acme[2], "bo@acme.test", time.Minute)
			urgent.Urgent = true
			other := deliveryOf(berg[0], "mia@berg.test", -time.Second)
			take(t, mail, append(acme, berg...), old, urgent, later, other)
			assertDue := func(now time.Duration, want ...string) {
				t.Helper()
				got, err := mail.Due(t.Context(), noon.Add(now))
				if diff := cmp.Diff(want, got); diff != "" || err != nil {
					t.Error(err, diff)
				}
			}
			claim := func(domainID string, now time.Duration, want ...outbox.Delivery) {
				t.Helper()
				until := noon.Add(now + time.Hour)
				got, err := mail.Claim(t.Context(), domainID, noon.Add(now), until)
				if len(want) == 0 {
					if !errors.Is(err, outbox.ErrNone) {
						t.Errorf("claimed %+v, %v", got, err)
					}
					return
				}
				want[0].DueAt, want[0].Tries = until, want[0].Tries+1
				if diff := cmp.Diff(want[0], got); diff != "" || err != nil {
					t.Error(err, diff)
				}
			}
			assertDue(-2 * time.Second)
			assertDue(0, "berg", "acme")
			claim("nobody", 0)
			claim("acme", time.Second, urgent)
			claim("acme", time.Second, old)
			claim("acme", time.Second)
			claim("berg", time.Second, other)
			assertDue(time.Second)

			db = db.reopen(t) // the server dies in the middle of them
			mail = db.Outbox("mail", "message.left")
			assertDue(time.Minute, "acme")
			claim("acme", time.Minute, later)
			if err := mail.PutOff(t.Context(), later.ID, noon.Add(2*time.Minute), "450 later"); err != nil {
				t.Fatal(err)
			}
			later.Tries, later.Failure = 1, "450 later"
			claim("acme", 2*time.Minute, later)
			if err := mail.Delivered(t.Context(), later.ID); err != nil {
				t.Fatal(err)
			}
			entry := fill[audit.Entry](t, "given up")
			if err := mail.GiveUp(t.Context(), other.ID, entry); err != nil {
				t.Fatal(err)
			}
			if got, err := db.Audit().Entries(t.Context(), audit.Query{}); err != nil || !cmp.Equal(got, []audit.Entry{entry}) {
				t.Errorf("audit: %v, %v", got, err)
			}
			assertDue(3*time.Hour, "acme")
			urgent.Tries, old.Tries = 1, 1
			claim("acme", 3*time.Hour, urgent)
			claim("acme", 3*time.Hour, old)
			claim("acme", 3*time.Hour)
			claim("berg", 3*time.Hour)
		})
	}
}

func TestOneOfManyClaims(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			mail := db.Outbox("mail", "message.left")
			facts := tell(t, db, "acme", strings.Fields(strings.Repeat("message.left ", 20))...)
			var deliveries []outbox.Delivery
			for i, f := range facts {
				deliveries = append(deliveries, deliveryOf(f, fmt.Sprintf("%d@acme.test", i), 0))
			}
			take(t, mail, facts, deliveries...)
			var (
				group   sync.WaitGroup
				mu      sync.Mutex
				claimed = map[string]int{}
			)
			for range 30 {
				group.Go(func() {
					d, err := mail.Claim(t.Context(), "acme", noon, noon.Add(time.Hour))
					mu.Lock()
					defer mu.Unlock()
					if err == nil {
						claimed[d.Recipient]++
					} else if !errors.Is(err, outbox.ErrNone) {
						t.Error(err)
					}
				})
			}
			group.Wait()
			for recipient, n := range claimed {
				if n != 1 {
					t.Errorf("%s was claimed %d times", recipient, n)
				}
			}
			if len(claimed) != len(facts) {
				t.Errorf("%d were claimed, want %d", len(claimed), len(facts))
			}
		})
	}
}

func TestPrune(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			mail := db.Outbox("mail", "message.left", "call.emergency")
			db.Outbox("webhooks", "call.emergency")
			facts := tell(t, db, "acme", "session.login", "message.left", "call.emergency", "message.left", "session.login", "session.login")
			delivery := deliveryOf(facts[1], "ana@acme.test", 0)
			take(t, mail, facts[1:4], delivery) // facts[2] waits for another consumer
			prune := func(before time.Duration, want int) {
				t.Helper()
				if n, err := mail.Prune(t.Context(), noon.Add(before)); n != want || err != nil {
					t.Errorf("forgot %d, %v, want %d", n, err, want)
				}
			}
			prune(0, 0)
			prune(4*time.Minute, 2) // the first, and the message that nobody is to be told of
			if err := mail.Delivered(t.Context(), delivery.ID); err != nil {
				t.Fatal(err)
			}
			prune(4*time.Minute+time.Millisecond, 2)
			prune(time.Hour, 1)
			if n := db.number(t, "select count(*) from outbox"); n != 1 {
				t.Errorf("%d facts are left, want the one that waits", n)
			}
			tell(t, db, "acme", strings.Fields(strings.Repeat("session.login ", 2500))...)
			prune(10000*time.Minute, 2500)
		})
	}
}
