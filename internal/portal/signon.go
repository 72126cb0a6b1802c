package portal

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/signon"
)

// SignOnPath is where single sign-on begins, and SignOnBack where a provider
// sends the browser.
const (
	SignOnPath = "/sign-in/single"
	SignOnBack = SignOnPath + "/back"
)

// SignOn asks a domain's provider who somebody is; signon.Service does.
type SignOn interface {
	// Back is where providers send browsers to.
	Back() string
	Begin(ctx context.Context, on directory.SignOn) (location string, p signon.Pending, err error)
	Finish(ctx context.Context, on directory.SignOn, p signon.Pending, state, code string) (email string, err error)
}

// signOnCookie holds, in the browser, the sign-on that it has begun.
const signOnCookie = "hotdesk-sign-on"

// begun is what that cookie holds.
type begun struct {
	signon.Pending

	Domain string `json:"domain"`
	Next   string `json:"next"`
}

// signOnPage leads on to the provider of the domain that the address names, or
// asks for the domain.
func (v *visit) signOnPage() error {
	f := newForm("domain", v.r.URL.Query().Get("domain"), "next", local(v.r.URL.Query().Get("next")))
	if f.text("domain") == "" {
		return v.show(http.StatusOK, "Single sign-on", signOnCard(f))
	}
	domain, found := v.cfg.Directory.DomainByName(f.text("domain"))
	if !found || domain.SignOn.Issuer == "" {
		f.refuse("domain", "There is no single sign-on for this domain. Sign in with your password, or ask your office manager.")
		return v.show(f.status, "Single sign-on", signOnCard(f))
	}
	location, pending, err := v.cfg.SignOn.Begin(v.r.Context(), domain.SignOn)
	if err != nil {
		return v.noSignOn(domain, err)
	}
	kept, err := json.Marshal(begun{Pending: pending, Domain: domain.Name, Next: f.text("next")})
	if err != nil {
		return err
	}
	v.setCookie(signOnCookie, SignOnPath, base64.RawURLEncoding.EncodeToString(kept), 600)
	// Not a redirect: the content policy keeps forms from leading elsewhere.
	v.w.Header().Set("Refresh", "0; url="+location)
	return v.show(http.StatusOK, "Single sign-on", signOnLeads(domain.Name, location))
}

// signOnBack signs in whoever the provider vouches for.
func (v *visit) signOnBack() error {
	kept, domain := v.begun()
	query := v.r.URL.Query()
	v.setCookie(signOnCookie, SignOnPath, "", -1)
	if domain.SignOn.Issuer == "" {
		return v.noSignOn(domain, signon.ErrRefused)
	}
	email, err := v.cfg.SignOn.Finish(v.r.Context(), domain.SignOn, kept.Pending, query.Get("state"), query.Get("code"))
	if err != nil {
		return v.noSignOn(domain, err)
	}
	user, found := v.byEmail(domain, email)
	if !found {
		return v.show(http.StatusForbidden, "No account", noAccount(email, domain.Name))
	}
	if err := v.admit(user); err != nil {
		return err
	}
	return v.to(local(kept.Next))
}

// begun is the sign-on that the browser has begun; zero for none.
func (v *visit) begun() (begun, directory.Domain) {
	c, err := v.r.Cookie(signOnCookie)
	if err != nil {
		return begun{}, directory.Domain{}
	}
	raw, err := base64.RawURLEncoding.DecodeString(c.Value)
	var kept begun
	if err != nil || json.Unmarshal(raw, &kept) != nil {
		return begun{}, directory.Domain{}
	}
	domain, _ := v.cfg.Directory.DomainByName(kept.Domain)
	return kept, domain
}

// byEmail finds the one user with an e-mail address who may use the portal.
func (v *visit) byEmail(domain directory.Domain, email string) (directory.User, bool) {
	office, _ := v.cfg.Directory.Office(domain.ID)
	var found []directory.User
	for _, u := range office.Users {
		if strings.EqualFold(u.Email, email) && !u.Disabled && u.Scope != directory.ScopeNoPortal {
			found = append(found, u)
		}
	}
	if len(found) != 1 {
		return directory.User{}, false
	}
	return found[0], true
}

// noSignOn says that it did not work. Why stands in the log alone.
func (v *visit) noSignOn(domain directory.Domain, err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	v.cfg.Log.WarnContext(v.r.Context(), "single sign-on failed", slog.String("domain", domain.Name), slog.String("source", v.source()), slog.Any("error", err))
	return v.show(http.StatusBadGateway, "Single sign-on", signOnFailed(domain.Name))
}

// signOnLink is where the sign-in page offers single sign-on; "" where no
// domain has it.
func (v *visit) signOnLink() string {
	var having []string
	for _, d := range v.cfg.Directory.Domains() {
		if d.SignOn.Issuer != "" {
			having = append(having, d.Name)
		}
	}
	switch len(having) {
	case 0:
		return ""
	case 1:
		return SignOnPath + "?domain=" + having[0]
	default:
		return SignOnPath
	}
}
