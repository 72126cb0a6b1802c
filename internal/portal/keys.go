package portal

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/history"
	"github.com/hotdesk-pbx/hotdesk/internal/login"
)

// Keys makes API keys and ends them; login.Keys does.
type Keys interface {
	Add(ctx context.Context, by login.Maker, key login.Key) (made login.Key, secret string, err error)
	List(ctx context.Context, actor directory.Actor) ([]login.Key, error)
	Revoke(ctx context.Context, actor directory.Actor, id string) error
}

func keyRoutes(keys string) []route {
	const needs = directory.ActManageDomain
	return []route{
		{Pattern: "GET " + keys, needs: needs, do: (*visit).keys},
		{Pattern: "GET " + keys + "/add", needs: needs, do: (*visit).addKeyPage},
		{Pattern: "POST " + keys + "/add", needs: needs, do: (*visit).addKey},
		{Pattern: "POST " + keys + "/{key}/revoke", needs: needs, do: (*visit).revokeKey},
	}
}

func keysPath(domain directory.Domain) string { return domainPath(domain) + "/settings/keys" }

// keyView is an API key in words.
type keyView struct {
	login.Key

	For     string // whose own things it opens too
	Where   string // it opens anything
	Expires string
	Expired bool
	Used    string
}

func (v *visit) viewKey(key login.Key) keyView {
	view := keyView{Key: key, For: "nobody", Where: "every domain", Expires: "never", Used: "never"}
	if user, found := v.cfg.Directory.User(key.UserID); found {
		view.For = user.Extension + " " + user.Name
	}
	if domain, found := v.cfg.Directory.Domain(key.DomainID); found {
		view.Where = domain.Name
	}
	if !key.ExpiresAt.IsZero() {
		last := key.ExpiresAt.Add(-time.Millisecond) // a day ends at 23:59, not on the next
		view.Expires = last.In(zoneOf(v.domain)).Format("Mon 2 Jan 2006, 15:04")
		view.Expired = !key.ExpiresAt.After(v.cfg.Now())
	}
	if !key.UsedAt.IsZero() {
		view.Used = key.UsedAt.In(zoneOf(v.domain)).Format("Mon 2 Jan 2006, 15:04")
	}
	return view
}

// keysHere are the keys that open the domain, as far as whoever is signed in may
// see them.
func (v *visit) keysHere() ([]login.Key, error) {
	keys, err := v.cfg.Keys.List(v.r.Context(), v.actor())
	return slices.DeleteFunc(keys, func(k login.Key) bool { return k.DomainID != "" && k.DomainID != v.domain.ID }), err
}

// keys lists the API keys of a domain.
func (v *visit) keys() error {
	keys, err := v.keysHere()
	if err != nil {
		return err
	}
	views := make([]keyView, len(keys))
	for i, key := range keys {
		views[i] = v.viewKey(key)
	}
	return v.show(http.StatusOK, "API keys", keyList(v.domain, v.settingsPlaces("API keys"), views))
}

// addKeyPage shows an empty form.
func (v *visit) addKeyPage() error {
	return v.showAddKey(newForm(seedField, newSeed(), "scope", string(directory.ScopeSupervisor)))
}

func (v *visit) showAddKey(f *form) error {
	scopes := slices.DeleteFunc(v.grantable(), func(c choice) bool { return c.Value == string(directory.ScopeNoPortal) })
	return v.show(f.status, "Add API key", addKeyForm(v.domain, scopes, v.offers().Users, f))
}

// addKey makes an API key and shows it once.
func (v *visit) addKey() error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	seed, err := f.seed()
	if err != nil {
		return err
	}
	key, err := v.keyIn(f)
	if err == nil && f.right() {
		var made login.Key
		var secret string
		by := login.Maker{Actor: v.actor()}
		if by.Random, err = seed.bytes("API key"); err != nil {
			return err
		}
		if made, secret, err = v.cfg.Keys.Add(v.r.Context(), by, key); err == nil {
			return v.show(http.StatusOK, made.Name, keyMade(v.domain, v.viewKey(made), secret))
		}
	}
	if err != nil {
		if err := f.take(err, ""); err != nil {
			return err
		}
	}
	return v.showAddKey(f)
}

// keyIn reads a key from a form.
func (v *visit) keyIn(f *form) (login.Key, error) {
	key := login.Key{Name: f.text("name"), DomainID: v.domain.ID, Scope: directory.Scope(f.text("scope"))}
	if day := f.text("expires_at"); day != "" {
		var err error
		key.ExpiresAt, err = history.ParseTo(day, zoneOf(v.domain))
		f.refuseError("expires_at", err)
	}
	office, _ := v.cfg.Directory.Office(v.domain.ID)
	var err error
	key.UserID, err = userIn(&office, f, "user")
	if key.UserID == "" && key.Scope == directory.ScopeSuperUser {
		key.DomainID = "" // such a key opens every domain
	}
	return key, err
}

// revokeKey ends an API key at once.
func (v *visit) revokeKey() error {
	keys, err := v.keysHere()
	if err != nil {
		return err
	}
	i := slices.IndexFunc(keys, func(k login.Key) bool { return k.ID == v.r.PathValue("key") })
	if i < 0 {
		return errNowhere
	}
	err = v.cfg.Keys.Revoke(v.r.Context(), v.actor(), keys[i].ID)
	if err != nil && !errors.Is(err, login.ErrNoKey) { // which somebody else has revoked meanwhile
		return err
	}
	return v.done(keysPath(v.domain), "The key "+keys[i].Name+" is revoked: no program can use it any more.")
}
