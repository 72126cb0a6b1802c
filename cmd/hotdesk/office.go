package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	api "github.com/hotdesk-pbx/hotdesk/client"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// applyCommand makes a domain as a file says.
type applyCommand struct {
	remote `embed:""`

	File   string `arg:"" help:"The office file; - reads standard input."`
	DryRun bool   `help:"Only tell what would be done."`
}

// Help is printed below the flags.
func (applyCommand) Help() string {
	return `Makes the domain as the file says, all of it or nothing, again and again without
doubling. What the file does not name is removed from the domain. A PIN or
password that the file does not give stays as it is; a new device without one
gets one, which is shown once.

Examples:
  hotdesk apply office.toml --dry-run
  hotdesk apply office.toml
  hotdesk export acme.test | hotdesk apply - --data /var/lib/other`
}

// Run applies the file.
func (c applyCommand) Run(ctx context.Context, con console) error {
	text, name, err := c.read(con)
	if err != nil {
		return err
	}
	server := c.open()
	defer server.Close()
	apply := server.Apply
	if c.DryRun {
		apply = server.Try
	}
	if len(text) == 0 {
		text = []byte("\n") // so that the server gets to say what the file lacks
	}
	result, err := apply(ctx, text)
	if err != nil {
		return inFile(name, err)
	}
	if c.JSON {
		return writeJSON(con.out, result)
	}
	_, err = io.WriteString(con.out, report(result))
	return err
}

func (c applyCommand) read(con console) (text []byte, name string, err error) {
	if c.File == "-" {
		text, err = io.ReadAll(con.in)
		return text, "standard input", err
	}
	text, err = os.ReadFile(c.File)
	return text, c.File, err
}

// inFile puts the file's name before each mistake in it.
func inFile(name string, err error) error {
	problem, is := errors.AsType[*api.ProblemError](err)
	if !is || len(problem.Errors) == 0 {
		return err
	}
	var b strings.Builder
	_, _ = fmt.Fprintf(&b, "nothing was changed; mistakes in %s: %d", name, len(problem.Errors))
	for _, detail := range problem.Errors {
		_, _ = fmt.Fprintf(&b, "\n%s:%s", name, detail.Message)
	}
	return errors.New(b.String())
}

func report(r resource.OfficeResult) string {
	var b strings.Builder
	for _, part := range []struct {
		sign  string
		items []string
	}{{"+", r.Added}, {"~", r.Changed}, {"-", r.Removed}} {
		for _, item := range part.items {
			_, _ = fmt.Fprintf(&b, "%s %s\n", part.sign, item)
		}
	}
	for _, p := range r.Passwords {
		_, _ = fmt.Fprintf(&b, "the password of device %s, shown only now: %s\n", p.Device, p.Password)
	}
	did := "added"
	if r.DryRun {
		did = "to add"
	}
	_, _ = fmt.Fprintf(&b, "%s: %d %s, %d changed, %d removed\n", r.Domain, len(r.Added), did, len(r.Changed), len(r.Removed))
	return b.String()
}

// exportCommand writes a domain as an office file.
type exportCommand struct {
	remote `embed:""`

	Domain string `arg:"" help:"The domain."`
	Output string `short:"o" help:"Write to this file, which only its owner can read." placeholder:"FILE"`
}

// Help is printed below the flags.
func (exportCommand) Help() string {
	return `The file holds no PIN and no password, but hashes that open the office's phones:
keep it secret.

Example:
  hotdesk export acme.test --output office.toml`
}

// Run writes the file.
func (c exportCommand) Run(ctx context.Context, con console) error {
	server := c.open()
	defer server.Close()
	text, err := server.Export(ctx, c.Domain)
	if err != nil {
		return err
	}
	if c.Output != "" {
		return os.WriteFile(c.Output, text, 0o600)
	}
	_, err = con.out.Write(text)
	return err
}
