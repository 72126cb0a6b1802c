package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	api "github.com/hotdesk-pbx/hotdesk/client"
	"github.com/hotdesk-pbx/hotdesk/internal/client"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// serve answers on the socket of a new data folder.
func serve(t *testing.T, handler http.HandlerFunc) *client.Client {
	t.Helper()
	folder := t.TempDir()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "unix", filepath.Join(folder, resource.SocketName))
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Second}
	go func() { _ = server.Serve(listener) }()
	c := client.New(folder)
	t.Cleanup(func() {
		c.Close()
		_ = server.Close()
	})
	return c
}

func TestRequests(t *testing.T) {
	t.Parallel()
	var got string
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got = strings.TrimSpace(r.Method + " " + r.URL.EscapedPath() + "?" + r.URL.Query().Encode() + " " + r.Header.Get("Content-Type") + " " + string(body))
		_, _ = w.Write([]byte(`{"items":[]}`))
	})
	ctx, name := t.Context(), "Ana"
	for want, send := range map[string]func() error{
		"GET /api/v1/domains?limit=1000":                                func() error { _, err := c.Domains().List(ctx); return err },
		"GET /api/v1/domains/a%2Fb/users/..%2F1001?":                    func() error { _, err := c.Users("a/b").Get(ctx, "../1001"); return err },
		`POST /api/v1/domains/d/users? application/json {"name":"Ana"}`: func() error { _, err := c.Users("d").Add(ctx, resource.UserInput{Name: &name}); return err },
		`PATCH /api/v1/domains/d/devices/5401? application/json {}`:     func() error { _, err := c.Devices("d").Set(ctx, "5401", resource.DeviceInput{}); return err },
		"DELETE /api/v1/domains/d/phones/80:5e?":                        func() error { return c.Phones("d").Delete(ctx, "80:5e") },
		"GET /api/v1/domains/d/sessions?device=5401&limit=1000&open=true&user=1001": func() error {
			_, err := c.Sessions(ctx, "d", client.SessionFilter{Device: "5401", User: "1001", Open: true})
			return err
		},
		"DELETE /api/v1/domains/d/sessions/5401?": func() error { _, err := c.EndSession(ctx, "d", "5401"); return err },
		"GET /api/v1/domains/d/calls?limit=5&open=true&text=Ana+%26": func() error {
			_, err := c.Calls(ctx, "d", client.CallFilter{Text: "Ana &", Open: true}, 5)
			return err
		},
		"GET /api/v1/domains/d/calls.csv?device=5401&from=2026-11-25&result=busy": func() error {
			return c.ExportCalls(ctx, "d", client.CallFilter{Device: "5401", From: "2026-11-25", Result: "busy"}, io.Discard)
		},
		"GET /api/v1/domains/d/audit?limit=1000": func() error { _, err := c.Audit(ctx, "d", client.AuditFilter{}); return err },
		"GET /api/v1/domains/d/audit?action=a&device=5401&limit=7&user=1001": func() error {
			_, err := c.Audit(ctx, "d", client.AuditFilter{User: "1001", Device: "5401", Action: "a", Limit: 7})
			return err
		},
		"POST /api/v1/domains/d/users/1001/unlock?":              func() error { return c.UnlockUser(ctx, "d", "1001") },
		"POST /api/v1/domains/d/devices/5401/resync?":            func() error { _, err := c.Resync(ctx, "d", "5401"); return err },
		"POST /api/v1/domains/d/devices/5401/reboot?":            func() error { _, err := c.Reboot(ctx, "d", "5401"); return err },
		"POST /api/v1/domains/d/devices/5401/unlock?":            func() error { return c.UnlockDevice(ctx, "d", "5401") },
		"GET /api/v1/domains/d/office?":                          func() error { _, err := c.Export(ctx, "d"); return err },
		"PUT /api/v1/office? application/toml x = 1":             func() error { _, err := c.Apply(ctx, []byte("x = 1")); return err },
		"PUT /api/v1/office?dry_run=true application/toml x = 1": func() error { _, err := c.Try(ctx, []byte("x = 1")); return err },
		`POST /api/v1/domains/d/sessions? application/json {"device":"5401","user":"1001"}`: func() error {
			_, err := c.StartSession(ctx, "d", resource.SessionInput{Device: "5401", User: "1001"})
			return err
		},
	} {
		if err := send(); err != nil || got != want {
			t.Errorf("sent %q, want %q; %v", got, want, err)
		}
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	answer, status := "", 422
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(answer))
	})
	for text, want := range map[string]string{
		`{"detail":"nobody is logged in"}`: "nobody is logged in",
		`{"detail":"x","errors":[{"message":"too short","location":"body.pin"},{"message":"12: wrong","location":"body"},{"message":"m","location":"query.limit"},{"message":"n","location":"domain a.test: country"}]}`: "pin: too short\n12: wrong\nlimit: m\ndomain a.test: country: n",
		`<html>`: "the server answered 422 Unprocessable Entity",
		``:       "the server answered 422 Unprocessable Entity",
	} {
		answer = text
		_, err := c.Domains().List(t.Context())
		problem, is := errors.AsType[*api.ProblemError](err)
		if !is || problem.Status != 422 && text[0] != '{' || problem.Error() != want {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	answer, status = "{", 200
	var syntax *json.SyntaxError
	if _, err := c.Domains().List(t.Context()); !errors.As(err, &syntax) {
		t.Errorf("half an answer: %v", err)
	}
}

func TestNoServer(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if _, err := client.New(folder).Domains().List(t.Context()); !errors.Is(err, client.ErrNotRunning) || !strings.Contains(err.Error(), "hotdesk serve --data "+folder) {
		t.Errorf("no socket: %v", err)
	}
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "unix", filepath.Join(folder, resource.SocketName))
	if err != nil {
		t.Fatal(err)
	}
	if unix, is := listener.(*net.UnixListener); is {
		unix.SetUnlinkOnClose(false) // as a killed server leaves it
	}
	_ = listener.Close()
	if _, err := client.New(folder).Domains().List(t.Context()); !errors.Is(err, client.ErrNotRunning) {
		t.Errorf("a socket that nobody listens at: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := client.New(folder).Domains().List(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v", err)
	}
	if err := os.Remove(filepath.Join(folder, resource.SocketName)); err != nil {
		t.Error(err)
	}
}
