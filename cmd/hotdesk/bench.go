package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/bench"
)

// benchCommand measures how much a server carries; see docs/performance.md.
type benchCommand struct {
	Measures []string      `arg:"" optional:"" help:"What to measure: ${benchmarks}. (default all)" placeholder:"WHAT"`
	Binary   []string      `help:"Programs to measure against each other. (default this one)" placeholder:"FILE"`
	Rounds   int           `help:"How often each is measured; the median counts. (default ${default})" default:"3" placeholder:"N"`
	Time     time.Duration `help:"How long each steady load lasts. (default ${default})" default:"10s" placeholder:"TIME"`
	Devices  int           `help:"Devices that register, and desks that are released. (default ${default})" default:"100000" placeholder:"N"`
	Calls    int           `help:"Calls that are relayed, and messages that are recorded at once. (default ${default})" default:"250" placeholder:"N"`
	Parallel int           `help:"Requests and calls under way at once. (default ${default})" default:"200" placeholder:"N"`
	Profiles string        `help:"Folder for profiles of the server, of processor time, heap and allocations." placeholder:"DIR"`
	Scratch  string        `help:"Folder for the servers' data." placeholder:"DIR"`
	Serve    []string      `help:"Further flags of serve." sep:"none" placeholder:"FLAG"`
}

// Run measures.
func (c *benchCommand) Run(ctx context.Context, con console) error {
	if len(c.Binary) == 0 {
		self, err := os.Executable()
		if err != nil {
			return fmt.Errorf("find this program: %w", err)
		}
		c.Binary = []string{self}
	}
	return bench.Run(ctx, bench.Config{
		Binaries: c.Binary, Measures: c.Measures, Rounds: c.Rounds, Time: c.Time, Devices: c.Devices, Calls: c.Calls,
		Parallel: c.Parallel, Profiles: c.Profiles, Scratch: c.Scratch, Serve: c.Serve, Out: con.out,
	})
}
