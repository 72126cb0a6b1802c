package switchboard_test

import (
	"flag"
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	flag.Parse()
	// Calls wait more than they compute.
	if err := flag.Set("test.parallel", "6"); err != nil {
		os.Exit(2)
	}
	goleak.VerifyTestMain(m)
}
