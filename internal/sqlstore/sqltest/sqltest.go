// Package sqltest gives tests databases: SQLite's with the tables in it, and
// PostgreSQL's without, in a private cluster that it starts from Debian's
// packages and that ends with the test process, or in the cluster that the
// environment names.
package sqltest

import (
	"context"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// URLVariable names the environment variable with the URL of a cluster to use
// instead of a private one. Its user must be allowed to create databases.
const URLVariable = "HOTDESK_TEST_POSTGRES"

// Cluster is a PostgreSQL cluster for the tests of one package. Its zero value
// is ready; it starts when the first test asks for a database.
type Cluster struct {
	// Durable makes commits wait for the disk, for benchmarks.
	Durable bool

	start   sync.Once
	url     *url.URL // of any database of the cluster
	err     error    // why there is no cluster
	private *private // nil: it is not ours to stop
}

// Database makes an empty database and returns its URL; it does not outlive the
// test process. Without PostgreSQL on the machine the test is skipped, or fails
// when the environment has CI set, so that nothing is skipped unseen.
func (c *Cluster) Database(tb testing.TB) string {
	tb.Helper()
	c.start.Do(c.open)
	if c.err != nil && os.Getenv("CI") == "" {
		tb.Skip(c.err)
	}
	if c.err != nil {
		tb.Fatal(c.err)
	}
	name := "hotdesk_test_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	c.do(tb, "create database "+name+" template template0 encoding 'UTF8'")
	if c.private == nil { // a private cluster goes as a whole, which is quicker
		tb.Cleanup(func() { c.do(tb, "drop database if exists "+name+" with (force)") })
	}
	database := *c.url
	database.Path = "/" + name
	return database.String()
}

// Stop ends a private cluster and removes it; for TestMain, after the tests.
func (c *Cluster) Stop() error {
	if c.private == nil {
		return nil
	}
	return c.private.stop()
}

func (c *Cluster) open() {
	if given := os.Getenv(URLVariable); given != "" {
		c.url, c.err = url.Parse(given)
		return
	}
	settings := "-c listen_addresses= -c max_connections=200"
	if !c.Durable {
		settings += " -c fsync=off -c full_page_writes=off"
	}
	if c.private, c.err = startPrivate(settings); c.err == nil {
		c.url = c.private.url()
	}
}

// do runs a statement beside all tests.
func (c *Cluster) do(tb testing.TB, text string) {
	tb.Helper()
	ctx := context.WithoutCancel(tb.Context())
	conn, err := pgx.Connect(ctx, c.url.String())
	if err != nil {
		tb.Fatal(err)
	}
	defer func() {
		if err := conn.Close(ctx); err != nil {
			tb.Error(err)
		}
	}()
	if _, err := conn.Exec(ctx, text); err != nil {
		tb.Fatal(err)
	}
}
