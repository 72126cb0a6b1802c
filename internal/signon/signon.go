// Package signon asks a domain's OpenID Connect provider who somebody is, by
// the authorization code flow with PKCE (OpenID Connect Core 3.1, RFC 7636). It
// knows nothing of pages or accounts.
package signon

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// ErrRefused says that the provider, or what it answers, vouches for nobody.
var ErrRefused = errors.New("the provider does not vouch for an e-mail address")

// patience is how long a provider may take to answer a request.
const patience = 10 * time.Second

// keepProvider is how long what a provider says of itself is believed.
const keepProvider = time.Hour

// Pending is a sign-on that has begun. It is the browser's own: who has it can
// finish only what that browser began.
type Pending struct {
	State    string `json:"state"`
	Nonce    string `json:"nonce"`
	Verifier string `json:"verifier"`
}

// Service asks providers. It is safe for concurrent use.
type Service struct {
	back   func() string // where providers send browsers to
	client *http.Client
	now    func() time.Time

	mu    sync.Mutex
	known map[string]provider // by issuer
}

type provider struct {
	*oidc.Provider

	read time.Time
}

// New makes a service; providers send browsers back to an address.
func New(back func() string, now func() time.Time) *Service {
	return &Service{back: back, client: &http.Client{Timeout: patience}, now: now, known: map[string]provider{}}
}

// Back is where providers send browsers to.
func (s *Service) Back() string { return s.back() }

// Begin is where a browser must go, and what it must keep until it comes back.
func (s *Service) Begin(ctx context.Context, on directory.SignOn) (location string, p Pending, err error) {
	config, _, err := s.config(ctx, on)
	if err != nil {
		return "", Pending{}, err
	}
	p = Pending{State: oauth2.GenerateVerifier(), Nonce: oauth2.GenerateVerifier(), Verifier: oauth2.GenerateVerifier()}
	return config.AuthCodeURL(p.State, oidc.Nonce(p.Nonce), oauth2.S256ChallengeOption(p.Verifier)), p, nil
}

// Finish is the e-mail address of whoever has come back with a state and a code.
// It fails with [ErrRefused] where the provider vouches for none.
func (s *Service) Finish(ctx context.Context, on directory.SignOn, p Pending, state, code string) (email string, err error) {
	if p.State == "" || subtle.ConstantTimeCompare([]byte(state), []byte(p.State)) != 1 || code == "" {
		return "", ErrRefused
	}
	config, known, err := s.config(ctx, on)
	if err != nil {
		return "", err
	}
	ctx = oidc.ClientContext(ctx, s.client)
	tokens, err := config.Exchange(ctx, code, oauth2.VerifierOption(p.Verifier))
	if err != nil {
		return "", errors.Join(ErrRefused, err)
	}
	raw, _ := tokens.Extra("id_token").(string)
	token, err := known.VerifierContext(ctx, &oidc.Config{ClientID: on.ClientID, Now: s.now}).Verify(ctx, raw)
	if err != nil {
		return "", errors.Join(ErrRefused, err)
	}
	if token.Nonce != p.Nonce {
		return "", ErrRefused
	}
	return emailIn(token)
}

// emailIn is the address that a token vouches for. Not every provider says that
// it has verified it; what one calls not verified counts for nothing.
func emailIn(token *oidc.IDToken) (string, error) {
	var claims struct {
		Email    string `json:"email"`
		Verified *bool  `json:"email_verified"`
	}
	if err := token.Claims(&claims); err != nil {
		return "", errors.Join(ErrRefused, err)
	}
	if claims.Email == "" || claims.Verified != nil && !*claims.Verified {
		return "", ErrRefused
	}
	return strings.ToLower(claims.Email), nil
}

func (s *Service) config(ctx context.Context, on directory.SignOn) (*oauth2.Config, *oidc.Provider, error) {
	known, err := s.provider(ctx, on.Issuer)
	if err != nil {
		return nil, nil, err
	}
	return &oauth2.Config{
		ClientID: on.ClientID, ClientSecret: on.ClientSecret, Endpoint: known.Endpoint(), RedirectURL: s.back(),
		Scopes: []string{oidc.ScopeOpenID, "email"},
	}, known, nil
}

// provider reads what a provider says of itself, or remembers it.
func (s *Service) provider(ctx context.Context, issuer string) (*oidc.Provider, error) {
	s.mu.Lock()
	known, found := s.known[issuer]
	s.mu.Unlock()
	if found && s.now().Sub(known.read) < keepProvider {
		return known.Provider, nil
	}
	read, err := oidc.NewProvider(oidc.ClientContext(ctx, s.client), issuer)
	if err != nil {
		return nil, fmt.Errorf("ask the provider %s about itself: %w", issuer, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known[issuer] = provider{Provider: read, read: s.now()}
	return read, nil
}
