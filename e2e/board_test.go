package e2e_test

import (
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/hotdesk-pbx/hotdesk/internal/client"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// wire is what lies between a browser and a server, and can be cut.
type wire struct {
	listener net.Listener
	to       string

	mu    sync.Mutex
	cut   bool
	conns []net.Conn
}

func newWire(t *testing.T, to string) *wire {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{listener: listener, to: to}
	t.Cleanup(func() {
		_ = listener.Close()
		w.set(true)
	})
	go w.serve()
	return w
}

func (w *wire) serve() {
	for {
		near, err := w.listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", w.to)
		if err != nil || !w.keep(near, far) {
			_ = near.Close()
			continue
		}
		for _, pair := range [][2]net.Conn{{near, far}, {far, near}} {
			go func() {
				_, _ = io.Copy(pair[0], pair[1])
				_ = pair[0].Close()
			}()
		}
	}
}

// keep remembers connections, unless the wire is cut.
func (w *wire) keep(conns ...net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.cut {
		for _, c := range conns {
			_ = c.Close()
		}
		return false
	}
	w.conns = append(w.conns, conns...)
	return true
}

// set cuts the wire, or mends it.
func (w *wire) set(cut bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = cut
	for _, c := range w.conns {
		_ = c.Close()
	}
	w.conns = nil
}

// TestBoardLosesItsConnection: an open board says so, and shows what has
// happened meanwhile once it is back, without being loaded anew.
func TestBoardLosesItsConnection(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, managed())
	w := newWire(t, s.http)
	manager := startBrowser(t, s)
	manager.base = "http://" + w.listener.Addr().String()
	manager.signIn("1000@acme.test", portalPassword, "#desks")
	manager.do(chromedp.Evaluate[chromedp.Void]("window.openedOnce = true"))
	w.set(true)
	manager.sees("#lost")
	s.hotdesk(t, "session", "start", "5401", "1001")
	w.set(false)
	manager.sees(`[data-state="In use"]`)
	manager.want(`[data-state="In use"].desk`, "Ana Ruiz")
	manager.do(chromedp.WaitNotVisible(chromedp.CSS("#lost")))
	if same, err := chromedp.Run(manager.ctx, chromedp.Evaluate[bool]("window.openedOnce === true")); err != nil || !same {
		t.Errorf("the page was loaded anew: %v", err)
	}
}

// watchBoard scrolls a board from now on, and keeps how long each frame took, the
// tasks that held up others, and when each desk came to be in use.
const watchBoard = `(() => {
	window.watched = { frames: [], tasks: [], shown: {} };
	new PerformanceObserver((list) => watched.tasks.push(...list.getEntries().map((task) => task.duration))).observe({ type: "longtask" });
	new MutationObserver((changes) => {
		for (const { target } of changes) if (target.dataset.state === "In use") watched.shown[target.querySelector(".desk-line").textContent] ??= Date.now();
	}).observe(document.getElementById("desks"), { subtree: true, attributeFilter: ["data-state"] });
	let last = performance.now();
	const step = (now) => {
		watched.frames.push(now - last);
		last = now;
		scrollTo(0, (now * 2) % document.body.scrollHeight);
		requestAnimationFrame(step);
	};
	requestAnimationFrame(step);
})()`

// watched is what came of watchBoard, in milliseconds.
type watched struct {
	Frames []float64          `json:"frames"`
	Tasks  []float64          `json:"tasks"`
	Shown  map[string]float64 `json:"shown"` // since 1970, by desk
}

// quantiles says how some times are spread.
func quantiles(ms []float64) string {
	slices.Sort(ms)
	at := func(part float64) float64 { return ms[int(part*float64(len(ms)-1))] }
	return fmt.Sprintf("median %.0f ms, p95 %.0f ms, p99 %.0f ms, at most %.0f ms", at(.5), at(.95), at(.99), at(1))
}

// TestBoardOfFiveHundredDesks has 50 people a second log in at its desks while
// the board is scrolled; then it shows each. How smoothly it was scrolled, and how
// soon it showed them, is in the test's log.
func TestBoardOfFiveHundredDesks(t *testing.T) {
	t.Parallel()
	const desks, people, perSecond = 500, 250, 50
	s := start(t)
	var b strings.Builder
	b.WriteString("[domain]\nname = \"acme.test\"\ntimezone = \"America/Toronto\"\ncountry = \"CA\"\n[domain.hot_desking]\ndesk_range = \"5000-5999\"\n")
	fmt.Fprintf(&b, "[[user]]\nextension = \"1000\"\nname = \"Mia Manager\"\nscope = \"office_manager\"\npassword = %q\n", portalPassword)
	for i := range desks {
		fmt.Fprintf(&b, "[[user]]\nextension = \"%d\"\nname = \"Person %d\"\n", 2000+i, i)
		fmt.Fprintf(&b, "[[user]]\nextension = \"%d\"\nname = \"Desk %d\"\nplace = \"Floor 5\"\n[[user.device]]\nname = \"%d\"\npassword = \"secret-of-a-desk-12345\"\n", 5000+i, i, 5000+i)
	}
	s.apply(t, b.String())
	manager := startBrowser(t, s)
	manager.signIn("1000@acme.test", portalPassword, "#desks")
	manager.do(chromedp.Evaluate[chromedp.Void](watchBoard))
	c := client.New(s.data)
	begun, pace, answered := time.Now(), time.NewTicker(time.Second/perSecond), map[string]time.Time{}
	defer pace.Stop()
	for i := range people {
		<-pace.C
		desk := fmt.Sprint(5000 + i*7%desks) // all over the board
		if _, err := c.StartSession(t.Context(), "acme.test", resource.SessionInput{Device: desk, User: fmt.Sprint(2000 + i)}); err != nil {
			t.Fatal(err)
		}
		answered[desk] = time.Now()
	}
	t.Logf("%d log-ins in %.1f s", people, time.Since(begun).Seconds())
	all := fmt.Sprintf(`document.querySelectorAll('.desk[data-state="In use"]').length === %d`, people)
	if _, err := chromedp.Run(manager.ctx, chromedp.Poll[bool](all)); err != nil {
		t.Fatalf("not every desk is shown in use: %v", err)
	}
	for _, i := range []int{0, people / 2, people - 1} {
		desk := 5000 + i*7%desks
		row, err := chromedp.Run(manager.ctx, chromedp.Evaluate[string](fmt.Sprintf(`[...document.querySelectorAll(".desk")].find(d => d.textContent.includes("%d"))?.textContent ?? ""`, desk)))
		if err != nil || !strings.Contains(row, fmt.Sprintf("Person %d ", i)) {
			t.Errorf("desk %d shows %q, %v", desk, row, err)
		}
	}
	seen, err := chromedp.Run(manager.ctx, chromedp.Evaluate[watched]("watched"))
	if err != nil {
		t.Fatal(err)
	}
	var delays []float64
	for desk, at := range answered {
		delays = append(delays, seen.Shown[desk]-float64(at.UnixMilli()))
	}
	t.Logf("%d frames: %s; tasks of more than 50 ms: %d", len(seen.Frames), quantiles(seen.Frames), len(seen.Tasks))
	t.Logf("from the answer to the desk in the page: %s", quantiles(delays))
}
