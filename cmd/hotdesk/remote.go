package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/hotdesk-pbx/hotdesk/internal/client"
	"github.com/hotdesk-pbx/hotdesk/internal/credential"
)

// remote is what every command has that speaks to a running server.
type remote struct {
	Data string `help:"The data folder of the running server." default:"data" placeholder:"DIR"`
	JSON bool   `name:"json" help:"Write JSON."`
}

// open makes a client.
func (r remote) open() *client.Client { return client.New(r.Data) }

// inDomain is what a command has besides that works in one domain.
type inDomain struct {
	remote `embed:""`

	Domain string `help:"The domain; may be left out while there is only one." placeholder:"NAME"`
}

// office is a client that works in one domain.
type office struct {
	*client.Client

	domain string
}

// open makes a client and finds the domain.
func (d inDomain) open(ctx context.Context) (office, error) {
	o := office{Client: d.remote.open(), domain: d.Domain}
	if o.domain != "" {
		return o, nil
	}
	all, err := o.Domains().List(ctx)
	if err == nil && len(all) == 1 {
		o.domain = all[0].Name
		return o, nil
	}
	o.Close()
	switch {
	case err != nil:
		return office{}, err
	case len(all) == 0:
		return office{}, errors.New("there is no domain yet: make one with \"hotdesk domain add\" or \"hotdesk apply\"")
	}
	names := make([]string, len(all))
	for i, one := range all {
		names[i] = one.Name
	}
	return office{}, fmt.Errorf("there are %d domains: name one with --domain: %s", len(all), strings.Join(names, ", "))
}

// table is a list for people: a heading, and a line for each thing.
type table struct {
	heading string // words with tabs between them
	lines   []string
}

func (t *table) add(cells ...string) {
	for i, cell := range cells {
		if cell == "" {
			cells[i] = "-"
		}
	}
	t.lines = append(t.lines, strings.Join(cells, "\t"))
}

// show writes a value as JSON where that is asked for, else the table.
func (r remote) show(con console, value any, t table) error {
	if r.JSON {
		return writeJSON(con.out, value)
	}
	if len(t.lines) == 0 {
		_, err := fmt.Fprintln(con.out, "none")
		return err
	}
	w := tabwriter.NewWriter(con.out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, t.heading)
	for _, line := range t.lines {
		_, _ = fmt.Fprintln(w, line)
	}
	return w.Flush()
}

// tell writes a value as JSON where that is asked for, else a sentence.
func (r remote) tell(con console, value any, format string, args ...any) error {
	if r.JSON {
		return writeJSON(con.out, value)
	}
	_, err := fmt.Fprintf(con.out, format+"\n", args...)
	return err
}

func writeJSON(to io.Writer, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	_, err = fmt.Fprintf(to, "%s\n", text)
	return err
}

// errNoChange: nothing is told to be changed that was not.
var errNoChange = errors.New("nothing was told to change: --help lists what can be")

func yes(is bool) string { return map[bool]string{true: "yes"}[is] }

// The words that stand for a secret on the command line, where everybody on
// the machine can read it. Neither is long enough to be one.
const (
	askWord = "ask" // ask for it on the terminal
	newWord = "new" // make one, and show it once
)

// secret is a PIN or password as it was asked for; nil when it was not.
func (con console) secret(given *string, what string) (*string, error) {
	if given == nil || *given != askWord {
		return given, nil
	}
	text, err := con.ask(what)
	return &text, err
}

// newSecrets are PINs and passwords made here. They are shown when the server
// has taken them: one that it refused opens nothing.
type newSecrets struct {
	console

	lines []string
}

// secret is as [console.secret], and makes one where that is asked for.
func (s *newSecrets) secret(given *string, what string, generate func() (string, error)) (*string, error) {
	if given == nil || *given != newWord {
		return s.console.secret(given, what)
	}
	text, err := generate()
	s.lines = append(s.lines, "The new "+what+", shown only now: "+text)
	return &text, err
}

// show shows them, beside what the command itself writes.
func (s *newSecrets) show() error {
	for _, line := range s.lines {
		if _, err := fmt.Fprintln(s.err, line); err != nil {
			return err
		}
	}
	return nil
}

// ask reads a secret from the terminal without showing it.
func (con console) ask(what string) (string, error) {
	_, _ = fmt.Fprintf(con.err, "%s: ", what)
	show := hideInput(con.in)
	line, err := bufio.NewReader(con.in).ReadString('\n')
	show()
	_, _ = fmt.Fprintln(con.err)
	line = strings.TrimRight(line, "\r\n")
	if line == "" {
		if err == nil || errors.Is(err, io.EOF) {
			err = errors.New("no " + what + " was given")
		}
		return "", err
	}
	return line, nil
}

func newPassword() (string, error) { return credential.DevicePassword(rand.Reader) }
