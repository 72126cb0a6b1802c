package portal

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/login"
)

// signInForm is what was typed, and what was wrong with it.
type signInForm struct {
	Name    string
	Next    string // where to go then
	Problem string
	Single  string // where single sign-on begins; "" where there is none
	Kept    string // what was typed into a form before signing in was needed, encoded
}

func (v *visit) toSignIn() error {
	if v.r.Method == http.MethodPost && v.r.URL.Path != "/sign-out" && !v.partial() {
		return v.keepTyped()
	}
	path := "/sign-in"
	if v.r.Method == http.MethodGet && v.r.URL.Path != "/" {
		path += "?next=" + url.QueryEscape(v.r.URL.Path)
	}
	return v.to(path)
}

// keepTyped has somebody sign in again whose session has ended in the middle of
// a form, and keeps what was typed.
func (v *visit) keepTyped() error {
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, maxUpload)
	if err := v.r.ParseMultipartForm(maxUpload); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return &badRequestError{err: err}
	}
	form := signInForm{
		Next: v.r.URL.Path, Kept: v.r.PostForm.Encode(), Single: v.signOnLink(),
		Problem: "You were signed out meanwhile, so nothing was saved. Sign in, then go on with what you typed.",
	}
	if form.Kept == "" {
		form.Next, form.Problem = v.from("/"), "You were signed out meanwhile, so nothing was done. Sign in, then repeat the step."
	}
	return v.show(http.StatusUnauthorized, "Sign in", signInCard(form))
}

func (v *visit) signInPage() error {
	if v.user.ID != "" {
		return v.to("/")
	}
	form := signInForm{Next: local(v.r.URL.Query().Get("next")), Single: v.signOnLink()}
	return v.show(http.StatusOK, "Sign in", signInCard(form))
}

// signIn takes a name such as 1001@acme.test and the portal password. It tells
// nobody which of them was wrong.
func (v *visit) signIn() error {
	form := signInForm{Name: strings.TrimSpace(v.r.PostFormValue("name")), Next: local(v.r.PostFormValue("next")), Single: v.signOnLink(), Kept: v.r.PostFormValue("kept")}
	domain, extension, ok := v.cfg.Directory.ForLogin(form.Name, v.r.Host)
	if !ok {
		domain, extension = directory.Domain{}, ""
	}
	user, err := v.cfg.Passwords.CheckPassword(v.r.Context(), domain.ID, v.source(), extension, v.r.PostFormValue("password"))
	var locked *login.LockedError
	switch {
	case errors.As(err, &locked):
		form.Problem = "Too many wrong tries. Please try again later, or ask your office manager to unlock you."
		return v.show(http.StatusTooManyRequests, "Sign in", signInCard(form))
	case errors.Is(err, login.ErrWrong):
		form.Problem = "This name and password do not match. The sign-in name is your extension and domain, such as 1001@acme.test."
		return v.show(http.StatusUnprocessableEntity, "Sign in", signInCard(form))
	case err != nil:
		return err
	}
	if err := v.admit(user); err != nil {
		return err
	}
	if form.Kept == "" {
		return v.to(form.Next)
	}
	typed, err := url.ParseQuery(form.Kept)
	if err != nil {
		return &badRequestError{err: err}
	}
	return v.show(http.StatusOK, "Go on", goOn(form.Next, typed))
}

// admit signs a user in who has proven who it is.
func (v *visit) admit(user directory.User) error {
	token, err := v.cfg.Web.Begin(v.r.Context(), user, v.source(), v.r.UserAgent())
	if err != nil {
		return err
	}
	v.setCookie(cookie, "/", token, 0)
	return nil
}

func (v *visit) signOut() error {
	if err := v.cfg.Web.End(v.r.Context(), v.user.ID, v.web.ID); err != nil {
		return err
	}
	v.setCookie(cookie, "/", "", -1)
	return v.to("/sign-in")
}

// secure tells whether the browser came by HTTPS.
func (v *visit) secure() bool {
	return v.r.TLS != nil || v.r.Header.Get("X-Forwarded-Proto") == "https"
}

// local keeps of an address only what leads to a page of ours.
func local(path string) string {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.Contains(path, "\\") {
		return "/"
	}
	return path
}

// home leads to the page that somebody's day begins with.
func (v *visit) home() error {
	switch {
	case v.user.Scope == directory.ScopeSuperUser, v.user.Scope == directory.ScopeReseller:
		return v.to("/domains")
	case v.may(directory.ActSeeCalls):
		return v.to("/domains/" + v.domain.Name)
	default:
		return v.to("/home")
	}
}
