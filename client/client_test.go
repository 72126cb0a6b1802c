package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hotdesk-pbx/hotdesk/client"
	"github.com/hotdesk-pbx/hotdesk/internal/apptest"
	local "github.com/hotdesk-pbx/hotdesk/internal/client"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// start runs a server with the domain acme.test, and makes a client of it that
// speaks over the network, with a key.
func start(t *testing.T) (*client.ClientWithResponses, string) {
	t.Helper()
	office := apptest.Start(t)
	office.Apply(t, "[domain]\nname = \"acme.test\"\ntimezone = \"America/Toronto\"\ncountry = \"CA\"\n")
	cli := local.New(office.Config.Data)
	t.Cleanup(cli.Close)
	made, err := cli.Keys().Add(t.Context(), resource.KeyInput{Name: "wallboard", Scope: "office_manager", Domain: "acme.test"})
	if err != nil {
		t.Fatal(err)
	}
	address := "http://" + office.App.HTTPAddr()
	return client.New(address, made.Key), address
}

// addUser adds a user and tells the ETag of the new one.
func addUser(t *testing.T, c *client.ClientWithResponses, extension string) string {
	t.Helper()
	added, err := c.AddUserWithResponse(t.Context(), "acme.test", nil, client.UserInput{Extension: &extension, Name: new("Ana Ruiz")})
	if err != nil {
		t.Fatal(err)
	}
	if u := added.JSON201; u.Extension != extension || u.Name != "Ana Ruiz" || u.ID == "" {
		t.Errorf("added %+v", u)
	}
	return *added.Headers201.ETag
}

func TestListByThePage(t *testing.T) {
	t.Parallel()
	c, _ := start(t)
	for _, extension := range []string{"1003", "1001", "1002"} {
		addUser(t, c, extension)
	}
	var found []string
	params := &client.ListUsersParams{Limit: new(int64(2)), Q: new("ana ruiz")}
	for sizes := []int{2, 1}; ; sizes = sizes[1:] {
		page, err := c.ListUsersWithResponse(t.Context(), "acme.test", params)
		if err != nil || len(page.JSON200.Items) != sizes[0] {
			t.Fatalf("%+v, want %d users; %v", page, sizes[0], err)
		}
		for _, u := range page.JSON200.Items {
			found = append(found, u.Extension)
		}
		if params.After = page.JSON200.Next; params.After == nil {
			break
		}
	}
	if d := cmp.Diff([]string{"1001", "1002", "1003"}, found); d != "" {
		t.Error(d)
	}
}

func TestConditions(t *testing.T) {
	t.Parallel()
	c, _ := start(t)
	tag := addUser(t, c, "1001")
	same, err := c.GetUserWithResponse(t.Context(), "acme.test", "1001", &client.GetUserParams{IfNoneMatch: &tag})
	if err != nil || same.StatusCode() != http.StatusNotModified || same.JSON200 != nil {
		t.Errorf("what has not changed: %+v %v", same, err)
	}
	change := &client.SetUserParams{IfMatch: &tag}
	if _, err = c.SetUserWithResponse(t.Context(), "acme.test", "1001", change, client.UserInput{Name: new("Ana Maria")}); err != nil {
		t.Fatal(err)
	}
	_, err = c.SetUserWithResponse(t.Context(), "acme.test", "1001", change, client.UserInput{Name: new("Anita")})
	if problem, is := errors.AsType[*client.ProblemError](err); !is || problem.Status != http.StatusPreconditionFailed {
		t.Errorf("a change of what has changed: %v", err)
	}
	now, err := c.GetUserWithResponse(t.Context(), "acme.test", "1001", nil)
	if err != nil || now.JSON200.Name != "Ana Maria" || *now.Headers200.ETag == tag {
		t.Errorf("after that: %+v %v", now, err)
	}
}

func TestSendTwiceDoOnce(t *testing.T) {
	t.Parallel()
	c, _ := start(t)
	var ids []string
	for range 2 {
		added, err := c.AddUserWithResponse(t.Context(), "acme.test", &client.AddUserParams{IdempotencyKey: new("one")}, client.UserInput{Extension: new("1001"), Name: new("Ana")})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, added.JSON201.ID)
	}
	if ids[0] != ids[1] {
		t.Errorf("done twice: %q", ids)
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	c, address := start(t)
	addUser(t, c, "1001")
	for name, test := range map[string]struct {
		send     func() error
		status   int
		location string
		message  string
	}{
		"an extension that is taken": {func() error {
			_, err := c.AddUserWithResponse(t.Context(), "acme.test", nil, client.UserInput{Extension: new("1001"), Name: new("Cy")})
			return err
		}, 422, "body.extension", "extension: 1001 is the extension of Ana Ruiz already"},
		"a page too long": {func() error {
			_, err := c.ListUsersWithResponse(t.Context(), "acme.test", &client.ListUsersParams{Limit: new(int64(1001))})
			return err
		}, 422, "query.limit", "limit: "},
		"a domain of others": {func() error {
			_, err := c.GetUserWithResponse(t.Context(), "beta.test", "../acme.test", nil)
			return err
		}, 404, "", "beta.test"},
		"more than the key may": {func() error {
			_, err := c.BackupWithResponse(t.Context())
			return err
		}, 403, "", "manage_server"},
		"a wrong key": {func() error {
			_, err := client.New(address+"/", "hdk_wrong").GetMeWithResponse(t.Context(), nil)
			return err
		}, 401, "", "key"},
		"no key": {func() error {
			_, err := client.New(address, "").ListKeysWithResponse(t.Context(), nil)
			return err
		}, 401, "", "send an API key"},
	} {
		problem, is := errors.AsType[*client.ProblemError](test.send())
		if !is || problem.Status != test.status || !strings.Contains(problem.Error(), test.message) {
			t.Errorf("%s: %+v", name, problem)
			continue
		}
		if test.location != "" && (len(problem.Errors) != 1 || problem.Errors[0].Location != test.location) {
			t.Errorf("%s: %+v, want %s", name, problem.Errors, test.location)
		}
	}
}

// However many things are wrong, each is told.
func TestProblemOfManyErrors(t *testing.T) {
	t.Parallel()
	office := apptest.Start(t)
	cli := local.New(office.Config.Data)
	t.Cleanup(cli.Close)
	const many = 5000
	var text strings.Builder
	text.WriteString("[domain]\nname = \"acme.test\"\ntimezone = \"UTC\"\ncountry = \"CA\"\n")
	for i := range many {
		fmt.Fprintf(&text, "[[user]]\nextension = \"%d\"\nname = \"Ana\"\nscope = %q\n", 10000+i, strings.Repeat("x", 200))
	}
	_, err := cli.Apply(t.Context(), []byte(text.String()))
	if problem, is := errors.AsType[*client.ProblemError](err); !is || len(problem.Errors) < many {
		t.Errorf("%.200v", err)
	}
}

// A proxy on the way answers in its own words, and a server that is not there not at all.
func TestNoAnswer(t *testing.T) {
	t.Parallel()
	answer := ""
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadGateway)
		_, _ = w.Write([]byte(answer))
	}))
	defer proxy.Close()
	for _, answer = range []string{"", "<html>", "{}", `"no"`} {
		_, err := client.New(proxy.URL, "hdk_").GetMeWithResponse(t.Context(), nil)
		problem, is := errors.AsType[*client.ProblemError](err)
		if !is || problem.Status != http.StatusBadGateway || problem.Error() != "the server answered 502 Bad Gateway" {
			t.Errorf("%q: %v", answer, err)
		}
	}
	proxy.Close()
	for _, address := range []string{proxy.URL, "localhost:8080", "no address", ":"} {
		if _, err := client.New(address, "hdk_").GetMeWithResponse(t.Context(), nil); err == nil {
			t.Errorf("%s: no error", address)
		}
	}
}

func ExampleNew() {
	server := httptest.NewServer(http.HandlerFunc(taken)) // in place of https://pbx.example.com
	defer server.Close()

	c := client.New(server.URL, "hdk_K7QX…")
	added, err := c.AddUserWithResponse(context.Background(), "acme.test", nil, client.UserInput{
		Extension: new("1003"), Name: new("Cy Young"),
	})
	if problem, is := errors.AsType[*client.ProblemError](err); is {
		for _, wrong := range problem.Errors {
			fmt.Printf("%d, %s: %s\n", problem.Status, wrong.Location, wrong.Message)
		}
		return
	}
	if err != nil {
		fmt.Println("the server was not reached:", err)
		return
	}
	fmt.Println(added.JSON201.Name, "is there, as", *added.Headers201.ETag)
	// Output: 422, body.extension: 1003 is the extension of Ana Ruiz already
}

// taken refuses an extension as a server does.
func taken(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(http.StatusUnprocessableEntity)
	_, _ = w.Write([]byte(`{"title": "Unprocessable Entity", "status": 422, "detail": "…",
		"errors": [{"message": "1003 is the extension of Ana Ruiz already", "location": "body.extension"}]}`))
}
