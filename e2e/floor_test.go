package e2e_test

import (
	"bytes"
	"image"
	"image/png"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// box is where an element stands in the window, in pixels.
type box struct{ X, Y, Width, Height float64 }

func (b *browser) box(element string) box {
	b.t.Helper()
	found, err := chromedp.Run(b.ctx, chromedp.Evaluate[box]("document.querySelector("+strconv.Quote(element)+").getBoundingClientRect().toJSON()"))
	if err != nil {
		b.t.Fatalf("where %s stands: %v", element, err)
	}
	return found
}

// drag takes an element by its middle and lets it go in another, so far from the
// left and the upper edge of that, in parts of its size.
func (b *browser) drag(element, onto string, x, y float64) {
	b.t.Helper()
	from, to := b.box(element), b.box(onto)
	b.do(chromedp.DragAndDropXY(from.X+from.Width/2, from.Y+from.Height/2, to.X+x*to.Width, to.Y+y*to.Height))
}

// chooses puts a file with a content into a field.
func (b *browser) chooses(field, name string, content []byte) {
	b.t.Helper()
	file := filepath.Join(b.t.TempDir(), name)
	if err := os.WriteFile(file, content, 0o600); err != nil {
		b.t.Fatal(err)
	}
	b.do(chromedp.SetUploadFiles(chromedp.CSS(field), []string{file}))
}

// stands waits until a desk stands somewhere on the only floor, as the API tells;
// nil: on none.
func (a api) stands(desk string, near func(x, y int) bool) {
	a.t.Helper()
	var floors resource.List[resource.Floor]
	eventually(a.t, desk+" stands where it was put", func() bool {
		a.ask(http.MethodGet, "/domains/acme.test/floors", nil, &floors)
		for _, spot := range floors.Items[0].Desks {
			if spot.Device == desk {
				return near != nil && near(spot.X, spot.Y)
			}
		}
		return near == nil
	})
}

// TestFloorPlanInTheBrowser is a manager who makes a floor of a picture, and puts
// the desks in their places by the mouse and by the keyboard, also while the
// server is out of reach for a moment.
func TestFloorPlanInTheBrowser(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, managed())
	root := s.api(t, "--scope", "super_user")
	w := newWire(t, s.http)
	manager := startBrowser(t, s)
	manager.base = "http://" + w.listener.Addr().String()
	manager.signIn("1000@acme.test", portalPassword, "#desks")
	manager.do(chromedp.EmulateViewport(1280, 1500))

	manager.clicks(`a[href$="/floors/add"]`)
	manager.sees("#picture")
	manager.types("name", "Floor 5")
	manager.chooses("#picture", "plan.png", []byte("no picture"))
	manager.clicks(saveButton)
	manager.sees("#picture-wrong")
	manager.want("#picture-wrong", "this is no picture; use a PNG, JPEG or WebP file")
	var plan bytes.Buffer
	if err := png.Encode(&plan, image.NewGray(image.Rect(0, 0, 800, 500))); err != nil {
		t.Fatal(err)
	}
	manager.chooses("#picture", "plan.png", plan.Bytes())
	manager.clicks(saveButton) // the name is still there
	manager.sees(`#plan[data-place] img`)
	manager.do(chromedp.Poll[chromedp.Void](`document.querySelector("#plan img").naturalWidth === 800`))

	const first, second = `[data-name="Window 1 (5401)"]`, `[data-name="Window 2 (5402)"]`
	manager.drag("#tray "+first, "#plan", .25, .4)
	manager.sees("#plan " + first)
	about := func(x, y int) func(int, int) bool {
		return func(gotX, gotY int) bool { return gotX > x-30 && gotX < x+30 && gotY > y-30 && gotY < y+30 }
	}
	root.stands("5401", about(2500, 4000))
	for _, key := range []string{kb.ArrowRight, kb.ArrowRight, kb.ArrowRight, kb.ArrowUp} {
		manager.do(chromedp.SendKeys(chromedp.CSS(first), key))
	}
	manager.do(chromedp.SendKeys(chromedp.CSS(second), kb.ArrowDown)) // at once, and from the tray
	root.stands("5401", about(2800, 3900))
	root.stands("5402", about(5000, 5100))

	w.set(true)
	manager.sees("#lost")
	manager.drag("#plan "+first, "#plan", .75, .6)
	w.set(false)
	root.stands("5401", about(7500, 6000))
	manager.do(chromedp.WaitNotVisible(chromedp.CSS("#lost")))
	manager.drag("#plan "+second, "#tray", .5, .5)
	root.stands("5402", nil)

	manager.do(chromedp.Reload(), chromedp.WaitVisible(chromedp.CSS("#plan "+first)), chromedp.WaitVisible(chromedp.CSS("#tray "+second)))
	plane, spot := manager.box("#plan"), manager.box("#plan "+first)
	x, y := (spot.X+spot.Width/2-plane.X)/plane.Width, (spot.Y+spot.Height/2-plane.Y)/plane.Height
	if x < .74 || x > .76 || y < .59 || y > .61 {
		t.Errorf("after loading it anew the desk stands at %.3f, %.3f", x, y)
	}
}
