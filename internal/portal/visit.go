package portal

import (
	"compress/gzip"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"

	"github.com/a-h/templ"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/login"
)

// errNowhere is for what is not there, or not for the one who asks.
var errNowhere = errors.New("there is no such page")

// cookie holds the token of a web session.
const cookie = "hotdesk"

// setCookie has the browser keep what no script and no other site needs, for so
// many seconds: 0 until it is closed, below 0 no longer.
func (v *visit) setCookie(name, path, value string, seconds int) {
	http.SetCookie(v.w, &http.Cookie{ //nolint:gosec // Secure wherever the browser came by HTTPS; an office's own network may have none
		Name: name, Value: value, Path: path, MaxAge: seconds, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: v.secure(),
	})
}

// visit is one request of a browser.
type visit struct {
	*Portal

	w      http.ResponseWriter
	r      *http.Request
	user   directory.User // who is signed in; zero: nobody
	web    login.WebSession
	domain directory.Domain // the one the address names, else the user's
}

// serve answers a request that its route allows.
func (v *visit) serve(r route) error {
	if err := v.recognise(); err != nil {
		return err
	}
	switch {
	case v.user.ID == "" && !r.open && r.Pattern != "":
		return v.toSignIn()
	case !v.findDomain() || r.needs != "" && !v.may(r.needs):
		return errNowhere
	}
	return r.do(v)
}

// recognise finds who is signed in.
func (v *visit) recognise() error {
	c, err := v.r.Cookie(cookie)
	if err != nil {
		return nil //nolint:nilerr // no cookie: nobody
	}
	user, web, err := v.cfg.Web.Who(v.r.Context(), c.Value)
	switch {
	case errors.Is(err, login.ErrSignedOut):
		return nil
	case err != nil:
		return err
	}
	v.user, v.web = user, web
	return nil
}

// findDomain takes the domain that the address names.
func (v *visit) findDomain() bool {
	name := v.r.PathValue("domain")
	if name == "" {
		v.domain, _ = v.cfg.Directory.Domain(v.user.DomainID)
		return true
	}
	var found bool
	v.domain, found = v.cfg.Directory.DomainByName(name)
	return found
}

func (v *visit) actor() directory.Actor { return v.cfg.Directory.ActorOf(v.user) }

// may tells whether whoever is signed in may do something in the domain, or in
// a site of it: [visit.sees] tells in which.
func (v *visit) may(act directory.Act) bool { return directory.MayWithin(v.actor(), act, v.domain.ID) }

// sees tells whether whoever is signed in may do something to what belongs to a
// site of the domain, "" for what belongs to none.
func (v *visit) sees(act directory.Act, site string) bool {
	return directory.May(v.actor(), act, directory.Target{DomainID: v.domain.ID, Site: site})
}

func (v *visit) by() hotdesk.By { return hotdesk.By{Actor: v.user.ID, Door: hotdesk.DoorPortal} }

// source is where the request comes from.
func (v *visit) source() string {
	host, _, err := net.SplitHostPort(v.r.RemoteAddr)
	if err != nil {
		return v.r.RemoteAddr
	}
	return host
}

// show answers with a page.
func (v *visit) show(status int, title string, content templ.Component) error {
	around := v.frame(title)
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.Header().Set("Cache-Control", "no-store")
	v.w.Header().Set("Vary", "Accept-Encoding")
	if !strings.Contains(v.r.Header.Get("Accept-Encoding"), "gzip") {
		v.w.WriteHeader(status)
		return page(around, content).Render(v.r.Context(), v.w)
	}
	v.w.Header().Set("Content-Encoding", "gzip")
	v.w.WriteHeader(status)
	packed, err := gzip.NewWriterLevel(v.w, gzip.BestSpeed)
	if err != nil {
		return err
	}
	return errors.Join(page(around, content).Render(v.r.Context(), packed), packed.Close())
}

// part answers with a part of a page.
func (v *visit) part(status int, content templ.Component) error {
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.Header().Set("Cache-Control", "no-store")
	v.w.WriteHeader(status)
	return content.Render(v.r.Context(), v.w)
}

// partial tells whether a page that is open asks, instead of a person who opens one.
func (v *visit) partial() bool { return v.r.Header.Get("HX-Request") == "true" }

// to leads the browser on.
func (v *visit) to(path string) error {
	if v.partial() {
		v.w.Header().Set("HX-Redirect", path)
		return nil
	}
	http.Redirect(v.w, v.r, path, http.StatusSeeOther)
	return nil
}

func (v *visit) nowhere() error { return errNowhere }

// failed shows what went wrong, and what to do.
func (v *visit) failed(err error) {
	status, title, advice := http.StatusInternalServerError, "Something went wrong", "Please try again in a minute. If it goes on, tell whoever runs this server."
	var bad *badRequestError
	switch {
	case errors.Is(err, context.Canceled):
		return
	case errors.As(err, &bad):
		status, title, advice = http.StatusBadRequest, "This could not be read", "Please go back, open the page again and repeat the step."
	case errors.Is(err, errNowhere):
		status, title, advice = http.StatusNotFound, "There is nothing here", "The address is wrong, or you may not see this page."
	default:
		v.cfg.Log.Error("a page failed", slog.String("path", v.r.URL.Path), slog.Any("error", err))
	}
	if err := v.show(status, title, apology(title, advice)); err != nil {
		v.cfg.Log.Debug("show what went wrong", slog.Any("error", err))
	}
}
