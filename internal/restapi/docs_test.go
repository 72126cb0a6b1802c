package restapi_test

import (
	"strings"
	"testing"
)

// The page shows every operation, and takes nothing from elsewhere.
func TestDocsPage(t *testing.T) {
	t.Parallel()
	s := start(t)
	status, page := ask(t, s.Public(), "GET /api/v1/docs", "")
	if status != 200 {
		t.Fatalf("the page is %d", status)
	}
	for _, op := range operations() {
		if !strings.Contains(page, `<details id="`+op.id+`">`) {
			t.Errorf("%s is not on the page", op.id)
		}
	}
	for _, part := range []string{
		`<code>hot_desking.release_at</code>`, `<code>items[].extension</code>`, `<code>If-Match</code>`, `Needs the right <code>manage_accounts</code>`,
		`One of inbound, outbound, missed.`, `/api/v1/domains/acme.test/users/1001</pre>`, `<h2 id="webhooks">`,
	} {
		if !strings.Contains(page, part) {
			t.Errorf("%s is not on the page", part)
		}
	}
	for _, foreign := range []string{"<script", "src=", "@import", "href=\"http"} {
		if strings.Contains(page, foreign) {
			t.Errorf("the page takes something from elsewhere: %s", foreign)
		}
	}
}
