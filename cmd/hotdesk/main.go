// Command hotdesk is the phone system for shared desks: the server, the
// commands that manage it, a softphone and a demonstration, in one binary.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/hotdesk-pbx/hotdesk/internal/app"
	"github.com/hotdesk-pbx/hotdesk/internal/bench"
)

// commands is every command there is; a new one is a line here and a file.
type commands struct {
	Serve   serveCommand   `cmd:"" help:"Run the server."`
	Demo    demoCommand    `cmd:"" help:"Show what it does: an office with simulated phones."`
	Apply   applyCommand   `cmd:"" help:"Make a domain as an office file says."`
	Export  exportCommand  `cmd:"" help:"Write a domain as an office file."`
	Domain  domainCommand  `cmd:"" help:"Manage domains."`
	User    userCommand    `cmd:"" help:"Manage users: people and desk accounts."`
	Device  deviceCommand  `cmd:"" help:"Manage devices: the SIP lines."`
	Phone   phoneCommand   `cmd:"" help:"Manage the inventory of phones; a softphone for the terminal."`
	Number  numberCommand  `cmd:"" help:"Manage public telephone numbers and whom they lead to."`
	Trunk   trunkCommand   `cmd:"" help:"Manage trunks: the lines to the public telephone network."`
	Session sessionCommand `cmd:"" help:"See and change who sits where."`
	Calls   callsCommand   `cmd:"" help:"See who called whom."`
	Key     keyCommand     `cmd:"" help:"Manage API keys, with which programs use the API over the network."`
	Webhook webhookCommand `cmd:"" help:"Manage webhooks: programs that are told of events."`
	Audit   auditCommand   `cmd:"" help:"See who did what."`
	Backup  backupCommand  `cmd:"" help:"Save the data of the running server."`
	Bench   benchCommand   `cmd:"" hidden:"" help:"Measure how much a server carries."`

	Version kong.VersionFlag `env:"-" help:"Print the version, and do nothing else."`
}

// console is where a command reads and writes.
type console struct {
	in       io.Reader
	out, err io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	os.Exit(run(ctx, os.Args[1:], console{in: os.Stdin, out: os.Stdout, err: os.Stderr}))
}

// run executes one command line and returns the exit status: 0 done, 1 it
// failed, 2 the command line was wrong.
func run(ctx context.Context, args []string, con console) int {
	exit := -1
	parser, err := kong.New(&commands{},
		kong.Name("hotdesk"),
		kong.Description("The open-source phone system for shared desks."),
		kong.UsageOnError(),
		kong.Help(explain),
		kong.Writers(con.out, con.err),
		kong.Exit(func(status int) { exit = status }),
		kong.DefaultEnvars("HOTDESK"),
		kong.PostBuild(keepSettings),
		kong.Vars{"benchmarks": strings.Join(bench.Names(), ", "), "version": app.Version()},
		kong.Configuration(readConfigFile),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(con),
	)
	if err != nil {
		_, _ = fmt.Fprintln(con.err, "hotdesk:", err)
		return 2
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(args)
	if exit >= 0 { // the help or the version has been printed
		return exit
	}
	if err != nil {
		_, _ = fmt.Fprintf(con.err, "hotdesk: %v; see \"%s\"\n", err, helpFor(err))
		return 2
	}
	if err := command.Run(); err != nil {
		_, _ = fmt.Fprintln(con.err, "hotdesk:", err)
		return 1
	}
	return 0
}

// keepSettings takes the HOTDESK_… variable from each flag that changes what is
// stored: one that is set for the softphone, HOTDESK_PASSWORD, must not change
// the password of a user.
func keepSettings(k *kong.Kong) error {
	for _, leaf := range k.Model.Leaves(false) {
		if leaf.Parent == k.Model.Node || leaf.Name == "use" { // serve, demo, …; and the softphone
			continue
		}
		for _, flag := range leaf.Flags {
			if !slices.Contains([]string{"data", "json", "domain"}, flag.Name) {
				flag.Envs, flag.Tag.Envs = nil, nil
			}
		}
	}
	return nil
}

// explain prints the help of a command. One such as "user set" shows those
// examples of "user" that are its own.
func explain(options kong.HelpOptions, ctx *kong.Context) error {
	if c := ctx.Selected(); c != nil && c.Detail == "" && c.Parent != nil {
		c.Detail = "Examples:"
		for line := range strings.Lines(c.Parent.Detail) {
			if strings.HasPrefix(line, "  hotdesk "+c.Parent.Name+" "+c.Name) {
				c.Detail += "\n" + strings.TrimRight(line, "\n")
			}
		}
	}
	return kong.DefaultHelpPrinter(options, ctx)
}

// helpFor is the command line that explains the command which was misspelt.
func helpFor(err error) string {
	words := []string{"hotdesk"}
	if wrong, is := errors.AsType[*kong.ParseError](err); is {
		for _, p := range wrong.Context.Path {
			if p.Command != nil {
				words = append(words, p.Command.Name)
			}
		}
	}
	return strings.Join(append(words, "--help"), " ")
}
