package sqlstore_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
)

func TestWebhooksComeBackWhole(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			domain := db.office(t).Domain
			one, two := fill[outbox.Webhook](t, "a"), fill[outbox.Webhook](t, "b")
			one.DomainID, one.CreatedAt, one.Events = domain.ID, noon, []string{"login", "released"}
			two.DomainID, two.CreatedAt, two.Events = domain.ID, noon.Add(time.Hour), nil
			put := func(w outbox.Webhook) {
				t.Helper()
				if err := db.Webhooks().PutWebhook(t.Context(), w, audit.Entry{ID: newID(), DomainID: domain.ID, At: noon, Action: "webhook.changed"}); err != nil {
					t.Fatal(err)
				}
			}
			put(one)
			put(two)
			two.URL, two.Disabled, two.Why = "other", false, ""
			put(two)
			db = db.reopen(t)
			stored := func(want ...outbox.Webhook) {
				t.Helper()
				got, err := db.Webhooks().Webhooks(t.Context(), domain.ID)
				if diff := cmp.Diff(want, got); diff != "" || err != nil {
					t.Error(err, diff)
				}
			}
			stored(one, two)
			old := outbox.Try{ID: newID(), WebhookID: one.ID, EventID: "e", Type: "login", At: noon, Number: 1, Failure: "no answer", Body: []byte(`{}`)}
			young := outbox.Try{ID: newID(), WebhookID: one.ID, EventID: "e", Type: "login", At: noon.Add(time.Hour), Number: 2, Status: 200, Took: 12 * time.Millisecond, Answer: "ok", Body: []byte(`{}`)}
			for _, tried := range []outbox.Try{old, young} {
				if err := db.Webhooks().AddTry(t.Context(), tried, noon); err != nil {
					t.Fatal(err)
				}
			}
			log := func(q outbox.TryQuery, want ...outbox.Try) {
				t.Helper()
				got, err := db.Webhooks().Tries(t.Context(), q)
				if diff := cmp.Diff(want, got); diff != "" || err != nil {
					t.Error(err, diff)
				}
			}
			log(outbox.TryQuery{WebhookID: one.ID}, young, old)
			log(outbox.TryQuery{WebhookID: one.ID, AfterAt: young.At, AfterID: young.ID}, old)
			log(outbox.TryQuery{ID: old.ID}, old)
			log(outbox.TryQuery{WebhookID: two.ID})
			last := young
			last.ID, last.At = newID(), noon.Add(2*time.Hour)
			if err := db.Webhooks().AddTry(t.Context(), last, noon.Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
			log(outbox.TryQuery{WebhookID: one.ID}, last, young)
			hooks := db.Outbox("webhooks")
			hooks.Wait("session.login")
			facts := tell(t, db, domain.ID, "session.login", "message.left")
			assertWaiting(t, hooks, facts[0])
			sent := deliveryOf(facts[0], one.ID, 0)
			sent.Lane = one.ID
			take(t, hooks, facts[:1], sent)
			if due, err := hooks.Due(t.Context(), noon.Add(time.Hour)); err != nil || len(due) != 1 || due[0] != one.ID {
				t.Errorf("due are %v, %v", due, err)
			}
			hooks.Wait()
			tell(t, db, domain.ID, "session.login")
			assertWaiting(t, hooks)
			if err := db.Webhooks().DropWebhook(t.Context(), one.ID, audit.Entry{ID: newID(), DomainID: domain.ID, At: noon, Action: "webhook.removed"}); err != nil {
				t.Fatal(err)
			}
			stored(two)
			log(outbox.TryQuery{WebhookID: one.ID})
			if due, err := hooks.Due(t.Context(), noon.Add(time.Hour)); err != nil || len(due) != 0 {
				t.Errorf("due are %v, %v", due, err)
			}
		})
	}
}
