package portal

import (
	"io"
	"net/http"
	"net/url"
)

// noticeCookie carries a sentence to the next page.
const noticeCookie = "hotdesk-notice"

// leave writes a sentence that the next page shows, once.
func (v *visit) leave(notice string) {
	http.SetCookie(v.w, &http.Cookie{ //nolint:gosec // it holds no secret
		Name: noticeCookie, Value: url.QueryEscape(notice), Path: "/", MaxAge: 30, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// notice takes the sentence that the page before has left; "" for none.
func (v *visit) notice() string {
	c, err := v.r.Cookie(noticeCookie)
	if err != nil {
		return ""
	}
	http.SetCookie(v.w, &http.Cookie{Name: noticeCookie, Path: "/", MaxAge: -1}) //nolint:gosec // it holds no secret
	text, err := url.QueryUnescape(c.Value)
	if err != nil {
		return ""
	}
	return text
}

// say tells what a step has done: at once when a page that stays open asks, else
// on the page that follows.
func (v *visit) say(path, notice string) error {
	if v.r.Header.Get("Accept") != "text/plain" {
		return v.done(path, notice)
	}
	v.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err := io.WriteString(v.w, notice)
	return err
}
