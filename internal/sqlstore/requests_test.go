package sqlstore_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hotdesk-pbx/hotdesk/internal/idempotency"
)

func TestRequestsComeBackWhole(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			begin := func(r idempotency.Request, wantFirst bool, want idempotency.Request) {
				t.Helper()
				got, first, err := db.Requests().Begin(t.Context(), r)
				if diff := cmp.Diff(want, got); diff != "" || first != wantFirst || err != nil {
					t.Error(first, err, diff)
				}
			}
			one := idempotency.Request{ID: "one", Digest: "d", BegunAt: noon}
			begin(one, true, one)
			later := idempotency.Request{ID: "one", Digest: "other", BegunAt: noon.Add(time.Hour)}
			begin(later, false, one)
			one.Answer = []byte("\x00sealed\xff")
			if err := db.Requests().Finish(t.Context(), "one", one.Answer); err != nil {
				t.Fatal(err)
			}
			db = db.reopen(t)
			begin(later, false, one)
			if err := db.Requests().ForgetRequests(t.Context(), noon); err != nil {
				t.Fatal(err)
			}
			begin(later, false, one)
			if err := db.Requests().Drop(t.Context(), "one"); err != nil {
				t.Fatal(err)
			}
			begin(later, true, later)
			if err := db.Requests().ForgetRequests(t.Context(), noon.Add(2*time.Hour)); err != nil {
				t.Fatal(err)
			}
			begin(one, true, idempotency.Request{ID: "one", Digest: "d", BegunAt: noon, Answer: one.Answer})
		})
	}
}
