package portal

import (
	"io"
	"net/url"
)

// noticeCookie carries a sentence to the next page.
const noticeCookie = "hotdesk-notice"

// leave writes a sentence that the next page shows, once.
func (v *visit) leave(notice string) {
	v.setCookie(noticeCookie, "/", url.QueryEscape(notice), 30)
}

// notice takes the sentence that the page before has left; "" for none.
func (v *visit) notice() string {
	c, err := v.r.Cookie(noticeCookie)
	if err != nil {
		return ""
	}
	v.setCookie(noticeCookie, "/", "", -1)
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
