package demo

import (
	"context"
	_ "embed"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/client"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/officefile"
)

// officeText is the office, with PASSWORD in the place of its phones' password.
//
//go:embed office.toml
var officeText string

// domainName is that of the office.
const domainName = "demo.test"

// passwordFile keeps the password in the data folder, so that a phone that was
// set up once goes on working.
const passwordFile = "demo-password"

// furnish makes the office as it is at the beginning: nobody sits anywhere.
func (d *demo) furnish(ctx context.Context) error {
	dir := d.server.Directory()
	for _, other := range dir.Domains() {
		if other.Name != domainName {
			return fmt.Errorf("%s is the data folder of %s: give the demonstration a folder of its own", d.folder, other.Name)
		}
	}
	var err error
	if d.password, err = password(filepath.Join(d.folder, passwordFile), d.Random); err != nil {
		return err
	}
	plan, problems := officefile.Read(strings.NewReader(strings.ReplaceAll(officeText, "PASSWORD", d.password)))
	if len(problems) > 0 {
		return &officefile.ProblemsError{Problems: problems}
	}
	if _, err := officefile.Apply(ctx, dir, directory.System(), plan); err != nil {
		return fmt.Errorf("furnish the office: %w", err)
	}
	domain, ok := dir.DomainByName(domainName)
	if !ok {
		return errors.New("furnish the office: its domain is not there")
	}
	zone, err := time.LoadLocation(domain.TimeZone)
	if err != nil {
		return fmt.Errorf("furnish the office: %w", err)
	}
	d.picture = newPicture(d.server, domain, zone)
	d.cast, err = newCast(d.server.SIPAddr(), d.password, d.picture)
	return err
}

// password reads the password of a folder, or makes one that can be typed.
func password(file string, random io.Reader) (string, error) {
	text, err := os.ReadFile(file) //nolint:gosec // in the demonstration's own folder
	if err == nil && len(text) > 0 {
		return strings.TrimSpace(string(text)), nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	var bits [10]byte
	if _, err := io.ReadFull(random, bits[:]); err != nil {
		return "", fmt.Errorf("make a password: %w", err)
	}
	made := strings.ToLower(base32.StdEncoding.EncodeToString(bits[:])[:12])
	return made, os.WriteFile(file, []byte(made+"\n"), 0o600)
}

// clear ends sessions that an earlier demonstration in the same folder left.
func (d *demo) clear(ctx context.Context) error {
	open, err := d.client.Sessions(ctx, domainName, client.SessionFilter{Open: true})
	if err != nil {
		return fmt.Errorf("list the sessions: %w", err)
	}
	for _, s := range open {
		if _, err := d.client.EndSession(ctx, domainName, s.ID); err != nil {
			return fmt.Errorf("end the session at %s: %w", s.Device, err)
		}
	}
	return nil
}

// seat is one person at one desk.
type seat struct{ desk, person string }

// seated checks who sits where by what the API lists: these and nobody else,
// until the next 02:00 in the office.
func (d *demo) seated(ctx context.Context, want ...seat) error {
	open, err := d.client.Sessions(ctx, domainName, client.SessionFilter{Open: true})
	if err != nil {
		return fmt.Errorf("list the sessions: %w", err)
	}
	found := map[seat]*time.Time{}
	for _, s := range open {
		found[seat{s.Device, s.User}] = s.EndsAt
	}
	if len(found) != len(want) {
		return fmt.Errorf("%d desks are held, not %d: %v", len(found), len(want), found)
	}
	for _, s := range want {
		ends, ok := found[s]
		if !ok {
			return fmt.Errorf("%s is not listed at %s: %v", s.person, s.desk, found)
		}
		if err := d.nightly(ends); err != nil {
			return fmt.Errorf("the session at %s: %w", s.desk, err)
		}
	}
	return nil
}

// nightly checks that a session ends when the next night's 02:00 comes.
func (d *demo) nightly(ends *time.Time) error {
	const longest = 25 * time.Hour // on the day the clocks go back
	if ends == nil {
		return errors.New("it has no end")
	}
	local := ends.In(d.picture.zone)
	if left := ends.Sub(d.Now()); local.Format("15:04") != "02:00" || left < 0 || left > longest {
		return fmt.Errorf("it ends at %s, not at the next 02:00", local)
	}
	return nil
}
