package e2e_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

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
	s.apply(t, office()+"[[user]]\nextension = \"1000\"\nname = \"Mia Manager\"\nscope = \"office_manager\"\npassword = \""+portalPassword+"\"\n")
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

// TestBoardOfFiveHundredDesks has people log in at all of them as fast as the
// server takes it while the board is scrolled; then it shows each. How smoothly
// it was scrolled is in the test's log.
func TestBoardOfFiveHundredDesks(t *testing.T) {
	t.Parallel()
	const desks = 500
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
	manager.do(chromedp.Evaluate[chromedp.Void](`(() => {
		window.frames = []; let last = performance.now();
		const step = (now) => { frames.push(now - last); last = now; scrollTo(0, (now * 2) % document.body.scrollHeight); requestAnimationFrame(step); };
		requestAnimationFrame(step);
	})()`))
	c := client.New(s.data)
	for i := range desks {
		if _, err := c.StartSession(t.Context(), "acme.test", resource.SessionInput{Device: fmt.Sprint(5000 + i), User: fmt.Sprint(2000 + i)}); err != nil {
			t.Fatal(err)
		}
	}
	all := fmt.Sprintf(`document.querySelectorAll('.desk[data-state="In use"]').length === %d`, desks)
	if _, err := chromedp.Run(manager.ctx, chromedp.Poll[bool](all)); err != nil {
		t.Fatalf("not every desk is shown in use: %v", err)
	}
	for _, i := range []int{0, desks / 2, desks - 1} {
		row, err := chromedp.Run(manager.ctx, chromedp.Evaluate[string](fmt.Sprintf(`[...document.querySelectorAll(".desk")].find(d => d.textContent.includes("%d"))?.textContent ?? ""`, 5000+i)))
		if err != nil || !strings.Contains(row, fmt.Sprintf("Person %d", i)) {
			t.Errorf("desk %d shows %q, %v", 5000+i, row, err)
		}
	}
	frames, err := chromedp.Run(manager.ctx, chromedp.Evaluate[string](`(() => { const f = frames.slice().sort((a, b) => a - b); return f.length + " frames, median " + Math.round(f[f.length >> 1]) + " ms, p95 " + Math.round(f[Math.floor(f.length * .95)]) + " ms"; })()`))
	if err != nil {
		t.Fatal(err)
	}
	t.Log(frames)
}
