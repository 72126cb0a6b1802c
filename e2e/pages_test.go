package e2e_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/google/uuid"

	"github.com/hotdesk-pbx/hotdesk/internal/notify/mailtest"
	"github.com/hotdesk-pbx/hotdesk/internal/portal"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
	"github.com/hotdesk-pbx/hotdesk/internal/softphone"
)

// screenshotsFolder, where it is named, gets a picture of each page.
const screenshotsFolder = "HOTDESK_SCREENSHOTS"

const portalPassword = "a portal password"

// view is a page as somebody opens it.
type view struct {
	name string // of its picture
	path string
	who  string // extension; "" for somebody who is not signed in
}

// isPage tells whether a route answers with a page: not with a stream, a file,
// a part of one, or where to go on.
func isPage(pattern string) bool {
	address, isGet := strings.CutPrefix(pattern, "GET ")
	last := path.Base(address)
	return isGet && !strings.Contains(address, "/live") && !strings.Contains(address, "/csv/") && path.Ext(address) == "" &&
		!slices.Contains([]string{"{$}", "back", "sound", "picture"}, last) && !strings.HasSuffix(address, "/users/add/extension")
}

// firstStart is the page that is only there before there is an office.
const firstStart = "GET /first-start/{token}"

// views are the pages, in the order of their addresses: every route that is
// asked for by GET, with the things of the lively office in its address.
func views(floor, webhook, newPassword string) []view {
	fill := strings.NewReplacer("{domain}", "acme.test", "{extension}", "1001", "{device}", "5401", "{mac}", "805ec0112200", "{floor}", floor,
		"{number}", "+14165550101", "{trunk}", "carrier", "{webhook}", webhook, portal.NewPasswordPath+"{token}", newPassword)
	all := []view{{"nothing-here", "/nowhere", ""}}
	for _, pattern := range slices.Sorted(slices.Values(portal.Patterns())) {
		if !isPage(pattern) || pattern == firstStart {
			continue
		}
		address := strings.TrimPrefix(pattern, "GET ")
		v := view{path: fill.Replace(address), who: "1001"}
		switch {
		case slices.ContainsFunc([]string{"/sign-in", "/forgotten", "/new-password", "/first-start"}, func(open string) bool { return strings.HasPrefix(address, open) }):
			v.who = ""
		case strings.HasPrefix(address, "/domains"), strings.HasPrefix(address, "/add-domain"):
			v.who = "1000"
		}
		v.name = strings.ReplaceAll(strings.Trim(strings.NewReplacer("/domains/{domain}", "office", "{", "", "}", "").Replace(address), "/"), "/", "-")
		all = append(all, v)
	}
	return all
}

// livelyOffice has twelve desks, of which some are in use, some free and some
// without a phone that is on. Its mails go to a mail server.
func (s *server) livelyOffice(t *testing.T, mailServer string) {
	t.Helper()
	var b strings.Builder
	b.WriteString("[domain]\nname = \"acme.test\"\ntimezone = \"America/Toronto\"\ncountry = \"CA\"\nmain_number = \"+14165550100\"\n[domain.hot_desking]\nactivate_phone = true\n")
	fmt.Fprintf(&b, "[domain.mail]\naddress = %q\nfrom = \"phones@acme.test\"\n", mailServer)
	person := func(extension, name, scope string) {
		fmt.Fprintf(&b, "[[user]]\nextension = %q\nname = %q\nscope = %q\npin = \"4711\"\npassword = %q\nemail = \"%s@acme.test\"\n", extension, name, scope, portalPassword, extension)
	}
	person("1000", "Mia Manager", "super_user")
	for i, name := range []string{"Ana Ruiz", "Ben Okafor", "Caro Lind", "Dan Weiss", "Eva Novak", "Femi Adu"} {
		person(fmt.Sprint(1001+i), name, "call_center_agent")
	}
	for i := range 12 {
		desk := fmt.Sprint(5401 + i)
		fmt.Fprintf(&b, "[[user]]\nextension = %q\nname = \"Window %d\"\nplace = \"Floor 5, 100 King St W, Toronto\"\n[[user.device]]\nname = %q\npassword = \"secret-of-%s-12345\"\n", desk, i+1, desk, desk)
		fmt.Fprintf(&b, "[[phone]]\nmac = \"80:5e:c0:11:22:%02x\"\nmodel = \"Yealink T54W\"\ndevices = [%q]\n", i, desk)
	}
	b.WriteString("[[trunk]]\nname = \"carrier\"\nhost = \"127.0.0.1:9\"\n")
	b.WriteString("[[number]]\nnumber = \"+14165550101\"\nuser = \"1001\"\n")
	s.apply(t, b.String())
	for i := range 9 {
		account := s.account(fmt.Sprint(5401 + i))
		phone, err := softphone.New(softphone.Config{Server: account.Server, Domain: "acme.test", User: account.User, Password: account.Password})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(phone.Close)
		if err := phone.Register(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 5 {
		s.hotdesk(t, "session", "start", fmt.Sprint(5401+i), fmt.Sprint(1001+i))
	}
}

// forgets has somebody ask for a new password, and returns where the mailed link
// leads.
func (s *server) forgets(t *testing.T, name string, mails *mailtest.Server) string {
	t.Helper()
	res, err := http.PostForm("http://"+s.http+"/forgotten", url.Values{"name": {name}})
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	_, parts := mailtest.Read(t, <-mails.Mails)
	return strings.TrimPrefix(regexp.MustCompile(`http://\S+`).FindString(parts["text/plain"]), "http://"+s.http)
}

// addFloor uploads a plan, puts three desks on it, and returns the floor's ID.
func (s *server) addFloor(t *testing.T) string {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	web := http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	send := func(address, kind string, body io.Reader) (location string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+s.http+address, body)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", kind)
		res, err := web.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if res.StatusCode/100 > 3 {
			t.Fatalf("%s answers %d", address, res.StatusCode)
		}
		return res.Header.Get("Location")
	}
	const fields = "application/x-www-form-urlencoded"
	send("/sign-in", fields, strings.NewReader(url.Values{"name": {"1000@acme.test"}, "password": {portalPassword}}.Encode()))
	plan := image.NewRGBA(image.Rect(0, 0, 800, 500))
	draw.Draw(plan, plan.Bounds(), image.White, image.Point{}, draw.Src)
	for _, wall := range []image.Rectangle{image.Rect(20, 20, 780, 26), image.Rect(20, 474, 780, 480), image.Rect(20, 20, 26, 480), image.Rect(774, 20, 780, 480), image.Rect(400, 20, 404, 300)} {
		draw.Draw(plan, wall, image.NewUniform(color.Gray{Y: 120}), image.Point{}, draw.Src)
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	picture, err := form.CreateFormFile("picture", "plan.png")
	if err == nil {
		err = errors.Join(png.Encode(picture, plan), form.WriteField("name", "Floor 5"), form.WriteField("id", uuid.NewString()), form.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	floor, _, _ := strings.Cut(path.Base(send("/domains/acme.test/floors/add", form.FormDataContentType(), &body)), "?")
	var devices []resource.Device
	if err := json.Unmarshal([]byte(s.hotdesk(t, "device", "list", "--json")), &devices); err != nil {
		t.Fatal(err)
	}
	for i, desk := range devices {
		spot := url.Values{"desk": {desk.ID}, "x": {fmt.Sprint(1000 + 1500*(i%6))}, "y": {fmt.Sprint(3000 + 4000*(i/6))}}
		send("/domains/acme.test/floors/"+floor+"/desks", fields, strings.NewReader(spot.Encode()))
	}
	return floor
}

// tellProgram makes a webhook, sends a test to it, and returns its ID; and makes
// an API key.
func (s *server) tellProgram(t *testing.T) string {
	t.Helper()
	program := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("thank you ", 50))
	}))
	t.Cleanup(program.Close)
	s.hotdesk(t, "key", "add", "wallboard", "--scope", "call_center_supervisor", "--expires", "365d")
	webhook := strings.Fields(s.hotdesk(t, "webhook", "add", program.URL+"/a-long-address/of-a-program", "--events", "login,released,call,message"))[1]
	s.hotdesk(t, "webhook", "test", webhook)
	return webhook
}

// TestEveryPage opens each page as those open it who may, at the width of a desk
// and of a telephone, in light and dark: nothing is in the way of a keyboard or
// a screen reader (axe-core), nothing sticks out to the side, no script fails,
// and what must be there before anything is seen weighs less than 100 KB.
func TestEveryPage(t *testing.T) {
	t.Parallel()
	checker, err := os.ReadFile("axe/node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Fatalf("%v: scripts/setup.sh installs it", err)
	}
	s := start(t)
	startBrowser(t, s).look(view{name: "first-start", path: s.firstStart(t)}, string(checker))
	mails := mailtest.Start(t, "")
	s.livelyOffice(t, mails.Address)
	all := views(s.addFloor(t), s.tellProgram(t), s.forgets(t, "1006@acme.test", mails))
	for _, who := range []string{"", "1000", "1001"} {
		b := startBrowser(t, s)
		if who != "" {
			b.signIn(who+"@acme.test", portalPassword, "#content")
		}
		for _, v := range all {
			if v.who == who {
				b.look(v, string(checker))
			}
		}
	}
}

// look opens a page and looks at it in each of its looks.
func (b *browser) look(v view, checker string) {
	b.t.Helper()
	b.do(chromedp.Navigate(b.base+v.path), chromedp.WaitVisible(chromedp.CSS("#content")), chromedp.Evaluate[chromedp.Void](checker))
	if nothing := strings.Contains(b.says("h1"), "There is nothing here"); nothing && v.path != "/nowhere" && v.who != "" {
		b.t.Errorf("%s: there is nothing at %s", v.name, v.path)
	}
	for _, size := range []struct {
		name          string
		width, height int64
	}{{"desktop", 1280, 800}, {"telephone", 390, 844}} {
		for _, scheme := range []string{"light", "dark"} {
			about := v.name + ", " + size.name + ", " + scheme
			if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}},
			}); err != nil {
				b.t.Fatal(err)
			}
			b.do(chromedp.EmulateViewport(size.width, size.height))
			b.assertUsable(about)
			if folder := os.Getenv(screenshotsFolder); folder != "" {
				b.keep(filepath.Join(folder, v.name+"-"+size.name+"-"+scheme+".webp"))
			}
		}
	}
	b.clickTwice(v.name)
}

// clickTwice double-clicks each button that sends something, and counts what is
// sent instead of sending it.
func (b *browser) clickTwice(about string) {
	b.t.Helper()
	const clicks = `(async () => {
		let sent = 0;
		window.confirm = () => true;
		window.fetch = () => { sent++; return new Promise(() => {}); };
		addEventListener("submit", (event) => { if (!event.defaultPrevented) { sent++; event.preventDefault(); } });
		const wrong = [];
		for (const form of document.querySelectorAll("form[method=post]")) {
			form.noValidate = true;
			for (const button of form.querySelectorAll("button:not([type=button])")) {
				sent = 0;
				for (const click of [1, 2]) button.click();
				await new Promise((done) => { setTimeout(done); });
				if (sent !== 1) wrong.push((form.getAttribute("action") ?? "") + " " + button.textContent.trim() + " sends " + sent);
				delete form.dataset.sent;
			}
		}
		return wrong;
	})()`
	wrong, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]string](clicks, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: %v", about, err)
	}
	for _, what := range wrong {
		b.t.Errorf("%s: by a double click %s", about, what)
	}
}

// assertUsable checks the page that is open.
func (b *browser) assertUsable(about string) {
	b.t.Helper()
	const violations = `axe.run().then(found => found.violations.map(v => v.id + ": " + v.help + " " + v.nodes.map(n => n.target.join(" ")).slice(0, 3).join(", ")))`
	found, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]string](violations, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: %v", about, err)
	}
	for _, violation := range found {
		b.t.Errorf("%s: %s", about, violation)
	}
	const measure = `({
		beyond: document.documentElement.scrollWidth - document.documentElement.clientWidth,
		weight: performance.getEntriesByType("navigation")[0].encodedBodySize + performance.getEntriesByType("resource")
			.filter(r => r.renderBlockingStatus === "blocking").reduce((sum, r) => sum + r.encodedBodySize, 0),
		elsewhere: performance.getEntriesByType("resource").map(r => r.name).filter(name => !name.startsWith(location.origin) && !name.startsWith("data:")),
	})`
	measured, err := chromedp.Run(b.ctx, chromedp.Evaluate[struct {
		Beyond, Weight int
		Elsewhere      []string
	}](measure))
	if err != nil {
		b.t.Fatalf("%s: %v", about, err)
	}
	if measured.Beyond > 0 {
		b.t.Errorf("%s: sticks out to the side by %d pixels", about, measured.Beyond)
	}
	if measured.Weight == 0 || measured.Weight > 100<<10 {
		b.t.Errorf("%s: %d bytes before anything is seen", about, measured.Weight)
	}
	if len(measured.Elsewhere) > 0 {
		b.t.Errorf("%s: asks elsewhere for %v", about, measured.Elsewhere)
	}
}

// keep writes a picture of the page.
func (b *browser) keep(name string) {
	b.t.Helper()
	// Chromium draws what is not within the window yet only as it comes there.
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelectorAll(".desk").forEach(desk => { desk.style.contentVisibility = "visible" })`))
	quality, whole := int64(80), true
	shot, err := chromedp.Call(b.ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{
		Format: page.CaptureScreenshotFormatWebp, Quality: &quality, CaptureBeyondViewport: &whole,
	})
	if err == nil {
		err = os.WriteFile(name, shot.Data, 0o644)
	}
	if err != nil {
		b.t.Errorf("picture: %v", err)
	}
}
