// Package bench puts load on a server, from outside as phones do, and measures
// what that costs it. The server is another process, so that its processor
// time is its own: the figures hold also on a machine that is busy otherwise.
// It knows nothing of how the server does its work, but how to fill a data folder.
package bench

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Config says what is measured and how long.
type Config struct {
	Binaries []string      // the programs to measure, one after the other in each round
	Measures []string      // of [Names]; none: all
	Rounds   int           // how often each is measured; the median counts
	Time     time.Duration // of each steady load
	Devices  int           // that register, and hot desks that are released
	Calls    int           // that are relayed, and messages that are recorded
	Parallel int           // requests and calls under way at once
	Profiles string        // folder for profiles of the server: LOAD.cpu, LOAD.heap and LOAD.allocs; "" makes none
	Scratch  string        // folder for the servers' data; "" is the system's
	Serve    []string      // further flags of serve
	Out      io.Writer     // gets what is done and then the table
}

// measure is one thing to be measured.
type measure struct {
	name string
	run  func(context.Context, *round) error
}

func measures() []measure {
	return []measure{
		{"register", measureRegister},
		{"calls", measureCalls},
		{"relay", measureRelay},
		{"record", measureRecord},
		{"login", measureLogin},
		{"lamps", measureLamps},
		{"start", measureStart},
		{"release", measureRelease},
	}
}

// Names lists what can be measured.
func Names() []string {
	var names []string
	for _, m := range measures() {
		names = append(names, m.name)
	}
	return names
}

// Run measures and writes the table of the figures.
func Run(ctx context.Context, cfg Config) error {
	scratch, err := os.MkdirTemp(cfg.Scratch, "hotdesk-bench-")
	if err != nil {
		return fmt.Errorf("make the folder for the servers' data: %w", err)
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	cfg.Scratch = scratch
	s := &sheet{}
	for _, m := range measures() {
		if len(cfg.Measures) > 0 && !slices.Contains(cfg.Measures, m.name) {
			continue
		}
		for n := range cfg.Rounds {
			for _, binary := range cfg.Binaries {
				r := &round{Config: cfg, measure: m.name, binary: binary, number: n, sheet: s}
				r.say("round %d of %d, %s", n+1, cfg.Rounds, binary)
				if err := m.run(ctx, r); err != nil {
					return fmt.Errorf("measure %s with %s: %w", m.name, binary, err)
				}
			}
		}
	}
	return s.write(cfg.Out, cfg.Binaries)
}

// round is one measuring of one program.
type round struct {
	Config

	measure string
	binary  string
	number  int
	sheet   *sheet
}

func (r *round) say(format string, args ...any) {
	_, _ = fmt.Fprintf(r.Out, "%s: %s\n", r.measure, fmt.Sprintf(format, args...))
}

// note takes a figure down.
func (r *round) note(figure string, value float64) {
	r.say("%s %s", figure, plain(value))
	r.sheet.add(figure, r.binary, value)
}

// rate notes how many of something the server does in a second of one
// processor, and what a thousand of them cost.
func (r *round) rate(what string, count, cpuSeconds float64) {
	r.note(what+" per CPU second", count/cpuSeconds)
	r.note("CPU seconds for 1000 "+what, cpuSeconds/count*1000)
}

// profiling takes the server's processor profile, in the last round, while a
// load runs; the function it returns waits for the end of that.
func (r *round) profiling(ctx context.Context, s *server, load string) (wait func() error) {
	if r.Profiles == "" || r.number != r.Rounds-1 {
		return func() error { return nil }
	}
	name := load
	if len(r.Binaries) > 1 {
		name = filepath.Base(r.binary) + "-" + name
	}
	done := make(chan error, 1)
	go func() { done <- s.profile(ctx, r.Time, filepath.Join(r.Profiles, name)) }()
	return func() error { return <-done }
}

// folder is a new data folder with an office in it.
func (r *round) folder(ctx context.Context, o office) (string, error) {
	template := filepath.Join(r.Scratch, o.name())
	if _, err := os.Stat(template); err != nil {
		r.say("making an office: %s", strings.ReplaceAll(o.name(), "-", " "))
		if err := o.make(ctx, template); err != nil {
			return "", err
		}
	}
	data, err := os.MkdirTemp(r.Scratch, "data-")
	if err != nil {
		return "", fmt.Errorf("make a data folder: %w", err)
	}
	if err := os.CopyFS(data, os.DirFS(template)); err != nil {
		return "", fmt.Errorf("copy the office: %w", err)
	}
	return data, nil
}

// serve starts the server on a new folder with an office in it.
func (r *round) serve(ctx context.Context, o office) (*server, error) {
	data, err := r.folder(ctx, o)
	if err != nil {
		return nil, err
	}
	return start(ctx, r.binary, data, r.Serve)
}
