package portal_test

import (
	"bufio"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/apptest"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
)

// event is what a page that stays open is sent.
type event struct{ name, id, data string }

// open is a page that stays open.
type open struct {
	t     *testing.T
	lines *bufio.Scanner
	close func() error
}

// open opens the updates of a page, until the test ends.
func (b *browser) open(path string) *open {
	b.t.Helper()
	req, err := http.NewRequestWithContext(apptest.Soon(b.t), http.MethodGet, b.base+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	res, err := b.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = res.Body.Close() }) // it may be closed already
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)
	return &open{t: b.t, lines: lines, close: res.Body.Close}
}

// next is the next event that is more than a sign of life.
func (o *open) next() event {
	o.t.Helper()
	var e event
	for o.lines.Scan() {
		field, value, _ := strings.Cut(o.lines.Text(), ": ")
		switch field {
		case "event":
			e.name = value
		case "id":
			e.id = value
		case "data":
			e.data += value
		case "":
			if e.name != "alive" {
				return e
			}
			e = event{}
		}
	}
	o.t.Fatalf("the page is told nothing: %v", o.lines.Err())
	return e
}

// until is the first event that has all of the parts.
func (o *open) until(about string, parts ...string) event {
	o.t.Helper()
	for {
		e := o.next()
		if !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(e.data, part) }) {
			o.t.Logf("%s: %s", about, e.id)
			return e
		}
	}
}

const boardPath = "/domains/acme.test"

// state is the name of what a board's page shows.
func (b *browser) state() string {
	b.t.Helper()
	_, list, _ := strings.Cut(b.ask(http.MethodGet, boardPath, nil).body, `<ul class="desks"`)
	return attribute("<ul "+list[:strings.Index(list, ">")], "data-after")
}

func TestBoardFollows(t *testing.T) {
	t.Parallel()
	o := office(t)
	manager, supervisor := signedIn(t, o, "office_manager"), signedIn(t, o, "call_center_supervisor")
	live := manager.open(boardPath + "/live?after=" + manager.state())
	watched := supervisor.open(boardPath + "/live")
	if e := watched.next(); e.name != "board" || strings.Count(e.data, "<li") != 2 || strings.Contains(e.data, "<a ") {
		t.Errorf("who has seen nothing is sent %+v", e)
	}
	o.Phone(t, "acme.test", "5401")
	if e := live.until("a phone registers", `data-state="Free"`); e.name != "desks" || strings.Count(e.data, "<li") != 1 {
		t.Errorf("who has seen the page is sent %+v", e)
	}
	held := session(t, o, "basic_user", "5401")
	live.until("a login", `data-state="In use"`, "basic_user", "End Session")
	if e := watched.until("a login", `data-state="In use"`, "basic_user"); strings.Contains(e.data, "End Session") {
		t.Errorf("who may end nothing is offered it: %s", e.data)
	}
	ended := manager.ask(http.MethodPost, boardPath+"/sessions/"+held.ID+"/end", url.Values{}, "Accept", "text/plain")
	if ended.status != http.StatusOK || !strings.Contains(ended.body, "is no longer logged in at Window (5401).") || strings.Contains(ended.body, "call") {
		t.Errorf("ending a session answers %d %q", ended.status, ended.body)
	}
	live.until("the end", `data-state="Free"`)
}

// TestBoardCatchesUp has a browser come again after its connection was lost.
func TestBoardCatchesUp(t *testing.T) {
	t.Parallel()
	o := office(t)
	b := signedIn(t, o, "office_manager")
	seen := b.state()
	first := b.open(boardPath + "/live?after=" + seen)
	session(t, o, "basic_user", "5401")
	last := first.until("a login", `data-state="In use"`).id
	if err := first.close(); err != nil {
		t.Fatal(err)
	}
	session(t, o, "call_center_agent", "5402")
	for after, want := range map[string]struct {
		event string
		desks int
	}{seen: {"desks", 2}, last: {"desks", 1}, "": {"board", 2}, "other-1": {"board", 2}, seen + "999": {"board", 2}, "<script>": {"board", 2}} {
		e := b.open(boardPath + "/live?after=" + url.QueryEscape(after)).next()
		if e.name != want.event || strings.Count(e.data, "<li") != want.desks {
			t.Errorf("after %q comes %q with %d desks, want %+v", after, e.name, strings.Count(e.data, "<li"), want)
		}
	}
}

// TestBoardOfAnotherOffice changes the office while a board is open.
func TestBoardOfAnotherOffice(t *testing.T) {
	t.Parallel()
	o := office(t)
	b := signedIn(t, o, "office_manager")
	live := b.open(boardPath + "/live?after=" + b.state())
	if e := live.next(); e.data != "" {
		t.Errorf("who lacks nothing is sent %+v", e)
	}
	edit := func(change func(*directory.Office)) {
		domain, _ := o.App.Directory().DomainByName("acme.test")
		if _, err := o.App.Directory().Edit(t.Context(), directory.System(), domain.ID, func(o *directory.Office) error { change(o); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	edit(func(o *directory.Office) { o.UserByExtension("5402").Place = "Floor 5" })
	if e := live.until("a place"); e.name != "desks" || strings.Count(e.data, "<li") != 1 || !strings.Contains(e.data, "floor 5") {
		t.Errorf("a change of one desk sends %+v", e)
	}
	edit(func(o *directory.Office) { o.RemoveDevice(o.DeviceByName("5401").ID) })
	if e := live.until("a desk is gone"); e.name != "board" || strings.Count(e.data, "<li") != 1 {
		t.Errorf("the end of a desk sends %+v", e)
	}
}

func TestBoardIsSearched(t *testing.T) {
	t.Parallel()
	o := office(t)
	session(t, o, "basic_user", "5402")
	b := signedIn(t, o, "office_manager")
	for query, want := range map[string]int{
		"": 2, "?q=5402": 1, "?q=+BASIC": 1, "?state=In+use": 1, "?state=Not+registered&q=5401": 1, "?state=Trouble": 1, "?q=nobody": 0, "?q=%3Cscript%3E": 0,
	} {
		p := b.ask(http.MethodGet, boardPath+query, nil)
		_, list, _ := strings.Cut(p.body, `id="desks"`)
		list, _, _ = strings.Cut(list, "</ul>")
		if shown := strings.Count(list, "<li") - strings.Count(list, " hidden>"); p.status != http.StatusOK || shown != want {
			t.Errorf("%q answers %d and shows %d desks, want %d", query, p.status, shown, want)
		}
	}
}

// TestCallOnTheBoard says with whom a desk talks.
func TestCallOnTheBoard(t *testing.T) {
	t.Parallel()
	o := office(t)
	held := session(t, o, "basic_user", "5401")
	b := signedIn(t, o, "office_manager")
	live := b.open(boardPath + "/live?after=" + b.state())
	extension, _, _ := strings.Cut(nameOf("basic_user"), "@")
	desk, other := o.Phone(t, "acme.test", "5401"), o.Phone(t, "acme.test", "5402")
	call, err := other.Dial(apptest.Soon(t), extension)
	if err != nil {
		t.Fatal(err)
	}
	live.until("it rings", "Calling "+extension)
	rings, err := desk.Incoming(apptest.Soon(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := rings.Answer(); err != nil {
		t.Fatal(err)
	}
	live.until("they talk", `data-state="In a call"`, "In a call with Window (5402) since ")
	ended := b.ask(http.MethodPost, boardPath+"/sessions/"+held.ID+"/end", url.Values{}, "Accept", "text/plain")
	if !strings.Contains(ended.body, "The call in progress goes on.") {
		t.Errorf("ending a session during a call answers %d %q", ended.status, ended.body)
	}
	if again := b.ask(http.MethodPost, boardPath+"/sessions/"+held.ID+"/end", url.Values{}, "Accept", "text/plain"); again.status != http.StatusOK {
		t.Errorf("a second click answers %d %q", again.status, again.body)
	}
	call.Hangup()
	live.until("it is over", `data-state="Free"`)
	if open, err := o.App.Sessions().Sessions(t.Context(), hotdesk.Query{DomainID: held.DomainID, Open: true}); err != nil || len(open) != 0 {
		t.Errorf("still open: %v, %v", open, err)
	}
}
