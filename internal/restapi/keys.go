package restapi

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/login"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// Keys makes API keys and knows whose they are: [*login.Keys].
type Keys interface {
	Who(ctx context.Context, secret, source string) (directory.Actor, login.Key, error)
	Add(ctx context.Context, by login.Maker, key login.Key) (made login.Key, secret string, err error)
	List(ctx context.Context, actor directory.Actor) ([]login.Key, error)
	Revoke(ctx context.Context, actor directory.Actor, id string) error
}

func (a *API) listKeys(ctx context.Context, in *struct {
	Page
	Q      string `query:"q" doc:"Only those with that in their name, in any case."`
	Domain string `query:"domain" doc:"Only those of that domain."`
	User   string `query:"user" doc:"Only those that act for the user with that extension."`
},
) (*list[resource.Key], error) {
	found, err := a.cfg.Keys.List(ctx, peerOf(ctx).actor)
	if err != nil {
		return nil, a.problem(ctx, err, "")
	}
	slices.SortFunc(found, func(a, b login.Key) int { return strings.Compare(a.ID, b.ID) }) // that of their making
	keys := filtered(found, a.viewKey, func(k resource.Key) bool {
		return has(in.Q, k.Name) && (in.Domain == "" || strings.EqualFold(in.Domain, k.Domain)) && (in.User == "" || in.User == k.User)
	})
	return pageOf(ctx, in.Page, keys, func(k resource.Key) string { return k.ID })
}

func (a *API) addKey(ctx context.Context, in *struct{ Body resource.KeyInput }) (*one[resource.Key], error) {
	p := peerOf(ctx)
	key := login.Key{Name: in.Body.Name, Scope: directory.Scope(in.Body.Scope)}
	if in.Body.ExpiresAt != nil {
		key.ExpiresAt = *in.Body.ExpiresAt
	}
	if in.Body.Domain != "" {
		d, found := a.cfg.Directory.DomainByName(in.Body.Domain)
		if !found || !sees(p.actor, d.ID) {
			return nil, a.problem(ctx, inField("domain", errors.New("there is no domain "+in.Body.Domain)), "")
		}
		key.DomainID = d.ID
	}
	if in.Body.User != "" {
		user, found := a.cfg.Directory.UserByExtension(key.DomainID, in.Body.User)
		if !found {
			return nil, a.problem(ctx, inField("user", errors.New("there is no user "+in.Body.User+" in the domain")), "")
		}
		key.UserID = user.ID
	}
	made, secret, err := a.cfg.Keys.Add(ctx, login.Maker{Actor: p.actor, Expires: p.expires}, key)
	if err != nil {
		return nil, a.problem(ctx, err, "")
	}
	answer := oneOf(a.viewKey(made))
	answer.Body.Key = secret
	return answer, nil
}

func (a *API) deleteKey(ctx context.Context, in *struct {
	Key string `path:"key" doc:"The ID of the key."`
},
) (*struct{}, error) {
	if err := a.cfg.Keys.Revoke(ctx, peerOf(ctx).actor, in.Key); err != nil {
		return nil, a.problem(ctx, err, "")
	}
	return &struct{}{}, nil
}

func (a *API) viewKey(k login.Key) resource.Key {
	domain, _ := a.cfg.Directory.Domain(k.DomainID)
	return resource.Key{
		ID: k.ID, Start: k.Start, Name: k.Name, Scope: string(k.Scope), Domain: cmp.Or(domain.Name, k.DomainID), User: a.userName(k.UserID),
		CreatedBy: a.userName(k.CreatedBy), CreatedAt: k.CreatedAt, UsedAt: unlessZero(k.UsedAt), ExpiresAt: unlessZero(k.ExpiresAt),
	}
}
