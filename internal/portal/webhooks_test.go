package portal_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/app"
	"github.com/hotdesk-pbx/hotdesk/internal/notify"
)

const webhooks = settings + "/webhooks"

// localWebhooks lets webhooks lead to this machine.
func localWebhooks(cfg *app.Config) {
	cfg.WebhookNetworks = []app.Network{{Prefix: netip.MustParsePrefix("127.0.0.0/8")}}
}

// madeWebhook sends a form and returns the secret and the address of the webhook.
func (b *browser) madeWebhook(path string, form url.Values) (secret, at string) {
	b.t.Helper()
	p := b.ask(http.MethodPost, path, form)
	secret = regexp.MustCompile(`whsec_[A-Za-z0-9+/=]+`).FindString(strings.ReplaceAll(p.body, "&#43;", "+"))
	found := regexp.MustCompile(`href="(` + webhooks + `/[^"/]+)"`).FindStringSubmatch(p.body)
	if p.status != http.StatusOK || secret == "" || found == nil {
		b.t.Fatalf("the secret is not shown: %d %s", p.status, p.body)
	}
	return secret, found[1]
}

// delivery is the newest of a webhook's log.
func (b *browser) delivery(at string) string {
	b.t.Helper()
	found := regexp.MustCompile(`/deliveries/([^/"]+)/replay`).FindStringSubmatch(b.ask(http.MethodGet, at, nil).body)
	if found == nil {
		b.t.Fatal("the log is empty")
	}
	return found[1]
}

// addedWebhook is the ID of a webhook, and of what was sent to it.
func addedWebhook(b *browser, to string) (webhook, delivery string) {
	b.t.Helper()
	_, at := b.madeWebhook(webhooks+"/add", with(b.filled(webhooks+"/add"), "url", to, "events", "login"))
	b.saved(at+"/test", url.Values{}, at)
	return at[strings.LastIndex(at, "/")+1:], b.delivery(at)
}

// program is a program outside that is told of events.
type program struct {
	url    string
	got    chan *http.Request // with their body as the header Body
	status atomic.Int32       // that it answers with
}

func newProgram(t *testing.T) *program {
	t.Helper()
	p := &program{got: make(chan *http.Request, 10)}
	p.status.Store(http.StatusNoContent)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		r.Header.Set("Body", string(body))
		w.WriteHeader(int(p.status.Load()))
		if p.status.Load() != http.StatusNoContent {
			_, _ = io.WriteString(w, script+strings.Repeat(" and more", 50))
		}
		p.got <- r
	}))
	t.Cleanup(web.Close)
	p.url = web.URL + "/hook"
	return p
}

func TestWebhookIsAddedAndChanged(t *testing.T) {
	t.Parallel()
	o := office(t, localWebhooks)
	b := signedIn(t, o, "office_manager")
	const add = webhooks + "/add"
	b.shows(webhooks, "There are no webhooks yet")
	form := with(b.filled(add), "url", "https://example.com/hook", "events", "login")
	wrong := []wrongForm{
		{"no address", with(form, "url", ""), 422, `id="url-wrong"`},
		{"no address at all", with(form, "url", "example"), 422, `id="url-wrong"`},
		{"an address with a password", with(form, "url", "https://me:secret@example.com/"), 422, `id="url-wrong"`},
		{"an address behind the firewall", with(form, "url", "https://10.0.0.1/hook"), 422, `id="url-wrong"`},
		{"no event", with(form, "events", ""), 422, `id="events-wrong"`},
		{"an unknown event", with(form, "events", "sunset"), 422, `id="events-wrong"`},
		{"scripts", with(form, "url", script, "events", script), 422, `value="&lt;script&gt;`},
		{"a script as an event", with(form, "events", script), 422, `id="events-wrong"`},
	}
	b.refused(add, append(wrong, wrongForm{"a form without what the secret is made from", with(form, "seed", ""), 400, "could not be read"}))
	b.shows(webhooks, "There are no webhooks yet")
	form["events"] = []string{"login", "call"}
	secret, path := b.madeWebhook(add, form)
	if again, same := b.madeWebhook(add, form); again != secret || same != path {
		t.Error("a double click makes two webhooks")
	}
	if body := b.shows(webhooks, "https://example.com/hook", "call, login", "none yet"); strings.Contains(body, secret) {
		t.Error("the secret is shown again")
	}
	if body := b.shows(path, `value="https://example.com/hook"`, "Nothing was sent yet"); strings.Contains(body, secret) {
		t.Error("the secret is shown again")
	}
	form = b.filled(path)
	form["events"] = []string{"call", "login"}
	for i := range wrong {
		wrong[i].form.Del("seed")
		wrong[i].form.Set("tag", form.Get("tag"))
	}
	b.refused(path, append(wrong, wrongForm{"a stale form", with(form, "tag", "old"), 412, "Somebody else has changed this"}))
	form.Del("enabled")
	form["events"] = []string{"emergency"}
	b.saved(path, form, path)
	if body := b.shows(path, "Off", "The webhook is saved."); !regexp.MustCompile(`value="emergency" checked`).MatchString(body) || strings.Contains(body, `value="login" checked`) {
		t.Error("the events are not those that were chosen")
	}
	b.refused(path, []wrongForm{{"a form from before", form, 412, "Somebody else has changed this"}})
	b.saved(path+"/delete", url.Values{}, webhooks)
	b.shows(webhooks, "is removed.", "There are no webhooks yet")
	if p := b.ask(http.MethodGet, path, nil); p.status != http.StatusNotFound {
		t.Errorf("a webhook that is gone: %d", p.status)
	}
}

func TestWebhookIsTestedAndItsLogReplayed(t *testing.T) {
	t.Parallel()
	o := office(t, localWebhooks)
	b := signedIn(t, o, "office_manager")
	p := newProgram(t)
	signedBy := func(secret string) string {
		t.Helper()
		r := <-p.got
		if want := notify.Sign(secret, r.Header.Get("Webhook-Id"), r.Header.Get("Webhook-Timestamp"), []byte(r.Header.Get("Body"))); r.Header.Get("Webhook-Signature") != want {
			t.Errorf("the signature is %s, want %s", r.Header.Get("Webhook-Signature"), want)
		}
		return r.Header.Get("Webhook-Id")
	}
	secret, path := b.madeWebhook(webhooks+"/add", with(b.filled(webhooks+"/add"), "url", p.url, "events", "login"))
	b.saved(path+"/test", url.Values{}, path)
	b.shows(path, "The test has arrived: the program answered 204 No Content after ", "asked for", "answered 204")
	event := signedBy(secret)
	p.status.Store(http.StatusInternalServerError)
	b.saved(path+"/deliveries/"+b.delivery(path)+"/replay", url.Values{}, path)
	if body := b.shows(path, "The event test was not taken: the program answered 500 Internal Server Error.", "&lt;script&gt;", "…"); strings.Contains(body, script) {
		t.Error("the answer of a program is run as a script")
	}
	if again := signedBy(secret); again != event {
		t.Errorf("the event %s is sent again as %s", event, again)
	}
	renewal := url.Values{"seed": {b.filled(path).Get("seed")}}
	renewed, _ := b.madeWebhook(path+"/secret", renewal)
	if same, _ := b.madeWebhook(path+"/secret", renewal); renewed == secret || same != renewed {
		t.Errorf("renewing makes %s and %s of %s", renewed, same, secret)
	}
	if p := b.ask(http.MethodPost, path+"/secret", url.Values{}); p.status != http.StatusBadRequest {
		t.Errorf("renewing from nothing: %d", p.status)
	}
	p.status.Store(http.StatusOK)
	session(t, o, "basic_user", "5401")
	signedBy(renewed)
	b.saved(path, with(b.filled(path), "url", "http://127.0.0.1:9/hook", "events", "login"), path)
	b.saved(path+"/test", url.Values{}, path)
	b.shows(path, "The test did not arrive: ", "no answer: ")
	b.shows(webhooks, "no answer: ")
}

func TestWebhooksOfOthersAreNotFound(t *testing.T) {
	t.Parallel()
	o := office(t, localWebhooks)
	b := signedIn(t, o, "super_user")
	hook, delivery := addedWebhook(b, "http://127.0.0.1:9/hook")
	_, other := b.madeWebhook(webhooks+"/add", with(b.filled(webhooks+"/add"), "url", "http://127.0.0.1:9/other", "events", "login"))
	const elsewhere = "/domains/beta.test/settings/webhooks/"
	for path, method := range map[string]string{
		elsewhere + hook: http.MethodGet, elsewhere + hook + "/test": http.MethodPost, elsewhere + hook + "/secret": http.MethodPost,
		elsewhere + hook + "/delete": http.MethodPost, elsewhere + hook + "/deliveries/" + delivery + "/replay": http.MethodPost,
		other + "/deliveries/" + delivery + "/replay": http.MethodPost, webhooks + "/none": http.MethodGet,
	} {
		if p := b.ask(method, path, url.Values{}); p.status != http.StatusNotFound {
			t.Errorf("%s %s: %d", method, path, p.status)
		}
	}
}
