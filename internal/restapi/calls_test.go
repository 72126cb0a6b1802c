package restapi_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
	"github.com/hotdesk-pbx/hotdesk/internal/sqlstore"
	"github.com/hotdesk-pbx/hotdesk/internal/sqlstore/sqltest"
)

// startHistory makes an API over a real store with calls: Ana's from the desk
// 5401, one to Ana that she missed, one of somebody who is gone at a desk that
// is gone, and one of another domain.
func startHistory(t *testing.T) *server {
	t.Helper()
	db, err := sqlstore.Open(t.Context(), "sqlite", sqltest.Folder(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	s := startWith(t, db.Records())
	d, _ := s.dir.DomainByName("acme.test")
	ana, _ := s.dir.UserByExtension(d.ID, "1001")
	desk, _ := s.dir.DeviceByName(d.ID, "5401")
	trunk := s.dir.Trunks(d.ID)[0]
	at := func(n int) time.Time { return now().Add(time.Duration(n) * time.Hour) }
	for i, r := range []callrecord.Record{
		{
			Caller: callrecord.Party{UserID: ana.ID, DeviceID: desk.ID, DeviceName: "5401", SessionID: "s1", Number: "1001", Name: "Ana Ruiz"}, Dialled: "+14165550123",
			Callee: callrecord.Party{Number: "+14165550123"}, AnsweredAt: at(0), EndedAt: at(1), Result: callrecord.Answered, Way: callrecord.Outward, TrunkID: trunk.ID,
		},
		{
			Caller: callrecord.Party{Number: "+14165550177", Name: "=cmd()"}, Dialled: "+14165550199",
			Callee: callrecord.Party{UserID: ana.ID, Number: "1001", Name: "Ana Ruiz"}, EndedAt: at(1), Result: callrecord.NoAnswer, Cause: 480, Way: callrecord.Inbound, TrunkID: "gone",
		},
		{
			Caller:  callrecord.Party{UserID: "0190f5fe-0000-7000-8000-000000000001", DeviceID: "0190f5fe-0000-7000-8000-000000000002", DeviceName: "old-desk", Number: "1088", Name: "Gus Gone"},
			Dialled: "1001", Callee: callrecord.Party{UserID: ana.ID, DeviceID: desk.ID, DeviceName: "5401", Number: "1001"}, AnsweredAt: at(2), Result: "",
			Earlier:  []callrecord.Transfer{{Transferred: callrecord.Party{Number: "1004"}, TransferredAt: at(3), TransferredBy: "caller"}},
			Transfer: callrecord.Transfer{Transferred: callrecord.Party{Number: "1005"}, TransferredAt: at(4), TransferredBy: "caller"},
		},
		{DomainID: "elsewhere", Caller: callrecord.Party{UserID: ana.ID, DeviceID: desk.ID, Number: "secret"}},
	} {
		r.ID, r.StartedAt = fmt.Sprintf("c%d", i), at(i)
		if r.DomainID == "" {
			r.DomainID = d.ID
		}
		if err := db.Records().Put(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func TestCalls(t *testing.T) {
	t.Parallel()
	s := startHistory(t)
	for query, want := range map[string]string{
		"": "c2 c1 c0", "user=1001": "c2 c1 c0", "user=1001&direction=outbound": "c0", "user=1001&direction=inbound": "c2 c1",
		"user=1001&direction=missed": "c1", "device=5401": "c2 c0", "device=5401&user=1001&direction=inbound": "c2",
		"user=0190f5fe-0000-7000-8000-000000000001": "c2", "device=0190f5fe-0000-7000-8000-000000000002": "c2", "user=1002": "",
		"result=no_answer": "c1", "way=inside": "c2", "way=inbound": "c1", "text=gone": "c2", "text=0123": "c0", "text=(416)+555-0177": "c1", "open=true": "c2",
		"from=2026-03-01": "c2 c1 c0", "from=2026-03-02": "", "to=2026-02-28": "", "from=2026-03-01T10:00:00Z&to=2026-03-01T11:00:00Z": "c1",
	} {
		status, body := s.do(t, "GET /api/v1/domains/acme.test/calls?"+query, "")
		var page resource.List[resource.Call]
		if err := json.Unmarshal([]byte(body), &page); status != 200 || err != nil || page.Next != "" {
			t.Errorf("%s: %d %s", query, status, body)
		}
		var ids []string
		for _, c := range page.Items {
			ids = append(ids, c.ID)
			if asked := strings.Contains(query, "user="); asked != (c.View != nil) {
				t.Errorf("%s: the view is %+v", query, c.View)
			}
		}
		if got := strings.Join(ids, " "); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}

func TestCallsByThePage(t *testing.T) {
	t.Parallel()
	s := startHistory(t)
	var ids []string
	for after := ""; ; {
		_, body := s.do(t, "GET /api/v1/domains/acme.test/calls?limit=1&after="+after, "")
		var page resource.List[resource.Call]
		if err := json.Unmarshal([]byte(body), &page); err != nil || len(page.Items) != 1 {
			t.Fatal(body)
		}
		ids = append(ids, page.Items[0].ID)
		if after = page.Next; after == "" {
			break
		}
	}
	if !slices.Equal(ids, []string{"c2", "c1", "c0"}) {
		t.Errorf("the pages hold %v", ids)
	}
}

func TestOneCall(t *testing.T) {
	t.Parallel()
	s := startHistory(t)
	_, body := s.do(t, "GET /api/v1/domains/acme.test/calls?user=1001", "")
	var page resource.List[resource.Call]
	if err := json.Unmarshal([]byte(body), &page); err != nil || len(page.Items) != 3 {
		t.Fatal(body)
	}
	open, missed, made := page.Items[0], page.Items[1], page.Items[2]
	if want := (resource.Party{Number: "1001", Name: "Ana Ruiz", User: "1001", Device: "5401", Session: "s1"}); made.Caller != want || made.View.Own != want {
		t.Errorf("the call made is %+v", made)
	}
	if made.Way != "outbound" || made.Trunk != "carrier" || made.TalkSeconds != 3600 || made.View.TalkSeconds != 3600 || made.View.Outcome != "answered" {
		t.Errorf("the call made is %+v, %+v", made, made.View)
	}
	if missed.View.Outcome != "missed" || missed.View.Direction != "inbound" || missed.AnsweredAt != nil || missed.Cause != 480 || missed.Trunk != "gone" {
		t.Errorf("the call missed is %+v, %+v", missed, missed.View)
	}
	if open.Caller.Device != "old-desk" || open.Caller.Name != "Gus Gone" || open.View.Outcome != "ongoing" || open.EndedAt != nil || open.Way != "inside" {
		t.Errorf("the call that goes on is %+v, %+v", open, open.View)
	}
	if len(open.Earlier) != 1 || open.Earlier[0].To.Number != "1004" || open.Earlier[0].By != "caller" || !open.Earlier[0].At.Before(*open.TransferredAt) || open.TransferredTo.Number != "1005" {
		t.Errorf("it was transferred first to %+v, then to %+v", open.Earlier, open.TransferredTo)
	}
}

func TestCallsAskedWrongly(t *testing.T) {
	t.Parallel()
	s := start(t)
	for query, want := range map[string]string{
		"user=1009": "there is no user", "device=nope": "there is no device", "limit=-1": "query.limit", "limit=1001": "query.limit",
		"direction=inbound": "query.direction", "user=1001&direction=up": "query.direction", "result=good": "query.result", "way=up": "query.way",
		"from=yesterday": "query.from", "to=2026-13-01": "query.to", "after=x": "query.after", "after=5.": "query.after", "form=2026-01-01": "form",
	} {
		for _, path := range []string{"calls", "calls.csv"} {
			if path == "calls.csv" && (strings.HasPrefix(query, "after") || strings.HasPrefix(query, "limit")) {
				want = query[:5]
			}
			status, body := s.do(t, "GET /api/v1/domains/acme.test/"+path+"?"+query, "")
			if status != 422 && status != 404 || !strings.Contains(body, want) {
				t.Errorf("%s?%s: %d %s", path, query, status, body)
			}
		}
	}
	if status, _ := s.do(t, "GET /api/v1/domains/nope.test/calls", ""); status != 404 {
		t.Errorf("the calls of no domain: %d", status)
	}
}

func TestExportOfCalls(t *testing.T) {
	t.Parallel()
	s := startHistory(t)
	for query, want := range map[string][]string{
		"":                           {"c2", "c1", "c0"},
		"user=1001&direction=missed": {"c1"},
		"user=1002":                  {},
	} {
		status, body := s.do(t, "GET /api/v1/domains/acme.test/calls.csv?"+query, "")
		text, marked := strings.CutPrefix(body, "\uFEFF")
		rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if status != 200 || !marked || err != nil || len(rows) != 1+len(want) {
			t.Fatalf("%q: %d %v %s", query, status, err, body)
		}
		for i, row := range rows[1:] {
			if row[len(row)-1] != want[i] {
				t.Errorf("%q: %v, want %s", query, row, want[i])
			}
		}
	}
	_, body := s.do(t, "GET /api/v1/domains/acme.test/calls.csv?user=1001&direction=missed", "")
	if want := "2026-03-01 05:00:00,,2026-03-01 05:00:00,inbound,missed,0,+14165550177,'=cmd(),,+14165550199,1001,Ana Ruiz,,,,gone,c1\r\n"; !strings.HasSuffix(body, want) {
		t.Errorf("the line is %s", body)
	}
}

// onePage is a store that fails after its first page.
type onePage []callrecord.Record

func (p onePage) Records(_ context.Context, q callrecord.Query) ([]callrecord.Record, error) {
	if q.After.ID != "" || len(p) == 0 {
		return nil, errors.New("the database is away")
	}
	return p, nil
}

// A list that is cut off must not look whole.
func TestExportThatIsCutOff(t *testing.T) {
	t.Parallel()
	page := make(onePage, 500)
	for i := range page {
		page[i].ID = fmt.Sprint(i)
	}
	s := startWith(t, page)
	web := httptest.NewServer(s.Local())
	defer web.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, web.URL+"/api/v1/domains/acme.test/calls.csv", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := web.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if text, err := io.ReadAll(resp.Body); err == nil || len(text) == 0 {
		t.Errorf("half a list of %d bytes looks whole", len(text))
	}
	s = startWith(t, onePage(nil))
	if status, body := s.do(t, "GET /api/v1/domains/acme.test/calls.csv", ""); status != 500 || strings.Contains(body, "database") {
		t.Errorf("without a database: %d %s", status, body)
	}
}
