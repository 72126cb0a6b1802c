package restapi_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// halfCopy is a copy of the data that cannot be read to its end.
type halfCopy struct {
	err  error
	size int
}

func (c halfCopy) WriteTo(w io.Writer) (int64, error) {
	n, err := io.WriteString(w, strings.Repeat("x", c.size))
	return int64(n), errors.Join(err, errors.New("the disk is gone"))
}

func TestHalfABackupIsNone(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, 1 << 16} {
		s := start(t)
		s.copied.size = size
		web := httptest.NewServer(s.Local())
		t.Cleanup(web.Close)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, web.URL+"/api/v1/backup", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := web.Client().Do(req)
		if err != nil {
			continue
		}
		if got, err := io.ReadAll(resp.Body); err == nil {
			t.Errorf("%d bytes of %d look like all of it", len(got), size)
		}
		_ = resp.Body.Close()
	}
}

func TestBackupsOfPostgreSQL(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.copied.err = errors.New("save it with pg_dump")
	if status, body := s.do(t, "POST /api/v1/backup", ""); status != 503 || !strings.Contains(body, "no backup was made: save it with pg_dump") {
		t.Errorf("%d %s", status, body)
	}
	if status, _ := ask(t, s.Public(), "POST /api/v1/backup", ""); status != 401 {
		t.Errorf("a stranger is answered %d", status)
	}
}
