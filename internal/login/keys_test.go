package login_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/login"
)

func TestCheckKey(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	manager := directory.Actor{Name: "m", Scope: directory.ScopeOfficeManager, DomainID: "acme", UserID: "m"}
	agent := directory.Actor{Name: "a", Scope: directory.ScopeCallCenterAgent, DomainID: "acme", UserID: "a"}
	users := map[string]directory.User{
		"m": {ID: "m", DomainID: "acme", Scope: directory.ScopeOfficeManager},
		"a": {ID: "a", DomainID: "acme", Scope: directory.ScopeCallCenterAgent},
		"b": {ID: "b", DomainID: "beta", Scope: directory.ScopeBasicUser},
		"r": {ID: "r", DomainID: "acme", Scope: directory.ScopeReseller},
		"t": {ID: "t", DomainID: "acme", Scope: directory.ScopeSiteManager, Site: "North"},
		"s": {ID: "s", DomainID: "acme", Scope: directory.ScopeSuperUser},
	}
	key := func(scope directory.Scope, domain, user string) login.Key {
		return login.Key{Name: "k", Scope: scope, DomainID: domain, UserID: user}
	}
	late := key(directory.ScopeOfficeManager, "acme", "")
	late.ExpiresAt = at.Add(2 * time.Hour)
	past := late
	past.ExpiresAt = at
	named := func(name string) login.Key {
		k := key(directory.ScopeSupervisor, "acme", "")
		k.Name = name
		return k
	}
	for _, c := range []struct {
		by    directory.Actor
		until time.Time
		key   login.Key
		field string // "" when it may be made
	}{
		{directory.CLI(), time.Time{}, key(directory.ScopeSuperUser, "", ""), ""},
		{directory.CLI(), time.Time{}, key(directory.ScopeSuperUser, "acme", ""), "domain"},
		{directory.CLI(), time.Time{}, key(directory.ScopeSuperUser, "acme", "s"), ""},
		{directory.CLI(), time.Time{}, key(directory.ScopeOfficeManager, "", ""), "domain"},
		{directory.CLI(), time.Time{}, key(directory.ScopeBasicUser, "acme", "b"), "user"},
		{directory.CLI(), time.Time{}, key(directory.ScopeBasicUser, "acme", ""), "user"},
		{directory.CLI(), time.Time{}, key(directory.ScopeNoPortal, "acme", "a"), "scope"},
		{directory.CLI(), time.Time{}, key("boss", "acme", ""), "scope"},
		{directory.CLI(), time.Time{}, key(directory.ScopeSiteManager, "acme", ""), "user"},
		{directory.CLI(), time.Time{}, key(directory.ScopeSiteManager, "acme", "t"), ""},
		{directory.CLI(), time.Time{}, key(directory.ScopeSupervisor, "acme", "t"), "scope"},
		{directory.CLI(), time.Time{}, key(directory.ScopeBasicUser, "acme", "t"), ""},
		{directory.CLI(), time.Time{}, key(directory.ScopeOfficeManager, "acme", "r"), "scope"},
		{directory.CLI(), time.Time{}, key(directory.ScopeReseller, "acme", "r"), ""},
		{manager, time.Time{}, key(directory.ScopeOfficeManager, "acme", ""), ""},
		{manager, time.Time{}, key(directory.ScopeOfficeManager, "beta", ""), "user"},
		{manager, time.Time{}, key(directory.ScopeReseller, "acme", ""), "scope"},
		{manager, time.Time{}, key(directory.ScopeCallCenterAgent, "acme", "a"), ""},
		{manager, time.Time{}, key(directory.ScopeOfficeManager, "acme", "a"), "scope"},
		{manager, time.Time{}, key(directory.ScopeBasicUser, "acme", "s"), "user"},
		{agent, time.Time{}, key(directory.ScopeBasicUser, "acme", "a"), ""},
		{agent, time.Time{}, key(directory.ScopeBasicUser, "acme", "m"), "user"},
		{manager, at.Add(time.Hour), late, "expires_at"},
		{manager, at.Add(time.Hour), key(directory.ScopeOfficeManager, "acme", ""), "expires_at"},
		{manager, at.Add(2 * time.Hour), late, ""},
		{manager, time.Time{}, past, "expires_at"},
		{manager, time.Time{}, named(""), "name"},
		{manager, time.Time{}, named("a\nb"), "name"},
		{manager, time.Time{}, named(strings.Repeat("x", 81)), "name"},
	} {
		err := login.CheckKey(login.Maker{Actor: c.by, Expires: c.until}, c.key, users[c.key.UserID], at)
		refused, is := errors.AsType[*login.KeyError](err)
		if is != (c.field != "") || is && refused.Field != c.field {
			t.Errorf("%s makes %+v: %v, want %q", c.by.Name, c.key, err, c.field)
		}
	}
}
