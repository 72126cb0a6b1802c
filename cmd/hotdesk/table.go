package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	api "github.com/hotdesk-pbx/hotdesk/client"
	"github.com/hotdesk-pbx/hotdesk/internal/client"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// userImport adds and changes what a table names.
type userImport struct {
	inDomain `embed:""`

	File   string `arg:"" help:"The CSV file; - reads standard input."`
	DryRun bool   `help:"Only tell what would be done."`
}

// Help is printed below the flags.
func (userImport) Help() string {
	return `The first line names the columns. People and desks: extension, name, email, scope,
site, place, caller_id, hot_desking, disabled, devices, pin, password,
device_password. Phones: mac, model, name, site, place, devices. The word "new" in
pin, password or device_password makes one, which is shown once; a new device gets a
password in any case. What the table does not name stays as it is.

Examples:
  hotdesk user import people.csv --dry-run
  hotdesk user export | hotdesk user import -`
}

// Run imports the table.
func (c userImport) Run(ctx context.Context, con console) error {
	text, name, err := applyCommand{File: c.File}.read(con)
	if err != nil {
		return err
	}
	server, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer server.Close()
	if len(text) == 0 {
		text = []byte("\n") // so that the server gets to say what the table lacks
	}
	result, err := server.Import(ctx, server.domain, text, c.DryRun)
	if problem, is := errors.AsType[*api.ProblemError](err); is && len(problem.Errors) > 0 {
		return fmt.Errorf("nothing was changed; mistakes in %s: %d\n%w", name, len(problem.Errors), messages(problem))
	}
	if err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(con.out, result)
	}
	return tellImport(con.out, result)
}

// messages are what is wrong, each on a line.
func messages(problem *api.ProblemError) error {
	all := make([]error, len(problem.Errors))
	for i, detail := range problem.Errors {
		all[i] = errors.New(detail.Message)
	}
	return errors.Join(all...)
}

func tellImport(to io.Writer, r resource.ImportResult) error {
	for _, part := range []struct {
		sign  string
		items []string
	}{{"+", r.Added}, {"~", r.Changed}} {
		for _, item := range part.items {
			_, _ = fmt.Fprintf(to, "%s %s\n", part.sign, item)
		}
	}
	for _, s := range r.Secrets {
		_, _ = fmt.Fprintf(to, "of %s, shown only now:", s.Extension)
		for _, part := range [][2]string{{"PIN", s.PIN}, {"password", s.Password}, {"password of device " + s.Device, s.DevicePassword}} {
			if part[1] != "" {
				_, _ = fmt.Fprintf(to, " %s %s", part[0], part[1])
			}
		}
		_, _ = fmt.Fprintln(to)
	}
	did := "added"
	if r.DryRun {
		did = "to add"
	}
	_, err := fmt.Fprintf(to, "%d %s, %d changed, %d lines change nothing\n", len(r.Added), did, len(r.Changed), r.Same)
	return err
}

// userExport writes people and desks.
type userExport struct {
	inDomain `embed:""`

	Output string `short:"o" help:"Write to this file." placeholder:"FILE"`
}

// Help is printed below the flags.
func (userExport) Help() string {
	return `Example:
  hotdesk user export --output people.csv`
}

// Run writes the table.
func (c userExport) Run(ctx context.Context, con console) error {
	return exportTable(ctx, con, c.inDomain, c.Output, (*client.Client).ExportUsers)
}

// phoneExport writes the inventory.
type phoneExport struct {
	inDomain `embed:""`

	Output string `short:"o" help:"Write to this file." placeholder:"FILE"`
}

// Help is printed below the flags.
func (phoneExport) Help() string {
	return `Example:
  hotdesk phone export --output phones.csv`
}

// Run writes the table.
func (c phoneExport) Run(ctx context.Context, con console) error {
	return exportTable(ctx, con, c.inDomain, c.Output, (*client.Client).ExportPhones)
}

func exportTable(
	ctx context.Context, con console, in inDomain, output string, export func(*client.Client, context.Context, string) ([]byte, error),
) error {
	server, err := in.open(ctx)
	if err != nil {
		return err
	}
	defer server.Close()
	text, err := export(server.Client, ctx, server.domain)
	if err != nil {
		return err
	}
	if output != "" {
		return os.WriteFile(output, text, 0o600)
	}
	_, err = con.out.Write(text)
	return err
}
