package sqltest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
)

// The keeper makes the cluster, says that it is ready, and removes it when its
// input ends, which happens also when the test process is killed. $1 is the
// folder of the programs, $2 that of the cluster, $3 its settings.
const keeper = `
trap '' INT TERM HUP PIPE
if "$1/initdb" -D "$2/data" -U hotdesk -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$2/log" 2>&1 &&
   "$1/pg_ctl" -D "$2/data" -l "$2/log" -o "-c unix_socket_directories='$2' $3" -w start >>"$2/log" 2>&1
then echo ready; else tail -n 5 "$2/log" | tr '\n' ' '; echo; fi
cat >/dev/null
"$1/pg_ctl" -D "$2/data" -m immediate stop >/dev/null 2>&1
rm -rf "$2"
`

// errNoPostgres tells what to do about a machine without PostgreSQL.
var errNoPostgres = errors.New("PostgreSQL is not installed: apt-get install postgresql, or set " + URLVariable +
	" to the URL of a cluster in which databases may be created")

// private is a cluster of this process alone, reached by a Unix socket.
type private struct {
	dir    string
	keeper *exec.Cmd
	input  io.Closer
}

func startPrivate(settings string) (*private, error) {
	programs, err := findPrograms()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "hotdesk-pg") // short: a socket's path has 107 bytes at most
	if err != nil {
		return nil, err
	}
	args := []string{"sh", "-c", keeper, "keeper", programs, dir, settings}
	if os.Geteuid() == 0 {
		// PostgreSQL refuses to run as root; its package has made a user for it.
		if err := giveToPostgres(dir); err != nil {
			return nil, errors.Join(err, os.RemoveAll(dir))
		}
		args = append([]string{"setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"}, args...)
	}
	p := &private{dir: dir, keeper: exec.CommandContext(context.Background(), args[0], args[1:]...)} //nolint:gosec // for tests
	p.keeper.Dir = dir
	if err := p.run(); err != nil {
		return nil, errors.Join(fmt.Errorf("start a PostgreSQL cluster: %w", err), p.stop(), os.RemoveAll(dir))
	}
	return p, nil
}

// run starts the keeper and waits until the cluster answers.
func (p *private) run() error {
	input, err := p.keeper.StdinPipe()
	if err != nil {
		return err
	}
	p.input = input
	output, err := p.keeper.StdoutPipe()
	if err != nil {
		return err
	}
	if err := p.keeper.Start(); err != nil {
		return err
	}
	said, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		return err
	}
	if said != "ready\n" {
		return errors.New(said)
	}
	return nil
}

func (p *private) stop() error {
	if p.keeper.Process == nil {
		return nil
	}
	return errors.Join(p.input.Close(), p.keeper.Wait())
}

func (p *private) url() *url.URL {
	at := url.Values{"host": {p.dir}, "user": {"hotdesk"}}
	return &url.URL{Scheme: "postgres", Path: "/postgres", RawQuery: at.Encode()}
}

// findPrograms returns the folder of the newest PostgreSQL on the machine.
func findPrograms() (string, error) {
	if found, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(found), nil
	}
	all, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	if len(all) == 0 {
		return "", errNoPostgres
	}
	slices.Sort(all)
	return filepath.Dir(all[len(all)-1]), nil
}

func giveToPostgres(dir string) error {
	owner, err := user.Lookup("postgres")
	if err != nil {
		return err
	}
	uid, err := strconv.Atoi(owner.Uid)
	if err != nil {
		return err
	}
	gid, err := strconv.Atoi(owner.Gid)
	if err != nil {
		return err
	}
	return os.Chown(dir, uid, gid)
}
