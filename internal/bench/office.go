package bench

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/hotdesk-pbx/hotdesk/internal/credential"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/events"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/location"
	"github.com/hotdesk-pbx/hotdesk/internal/sqlstore"
)

// Everybody has the same secrets: making a hundred thousand would take longer
// than what is measured.
const (
	password = "a password for all"
	pin      = "470815"
)

// office is what a data folder is filled with. Each domain has perDomain people
// with a device each, and as many desk accounts with a hot desk each.
type office struct {
	domains  int
	bindings bool // every device has registered
	sessions bool // everybody sits at a desk
}

const perDomain = 500

// of is an office with so many devices, whole domains of them.
func of(devices int) office { return office{domains: max((devices+2*perDomain-1)/(2*perDomain), 1)} }

func (o office) name() string {
	name := strconv.Itoa(o.domains) + "-domains"
	if o.bindings {
		name += "-registered"
	}
	if o.sessions {
		name += "-at-desks"
	}
	return name
}

// account is one device and the number of whoever it belongs to.
type account struct{ domain, number string }

// The numbers of people and of desk accounts begin here.
const (
	firstPerson = 10000
	firstDesk   = 50000
)

func (o office) accounts(first int) []account {
	var all []account
	for d := range o.domains {
		for n := range perDomain {
			all = append(all, account{domain: domainName(d), number: strconv.Itoa(first + n)})
		}
	}
	return all
}

// people are the devices of people, domain after domain; desks are the hot desks.
func (o office) people() []account { return o.accounts(firstPerson) }

func (o office) desks() []account { return o.accounts(firstDesk) }

func domainName(n int) string { return fmt.Sprintf("d%03d.bench.test", n) }

// make fills a data folder.
func (o office) make(ctx context.Context, folder string) (err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("make an office: %w", err)
	}
	db, err := sqlstore.Open(ctx, "sqlite", folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	dir, err := directory.Open(ctx, db.Directory(), &events.Bus{}, time.Now)
	if err != nil {
		return err
	}
	hash, err := credential.HashPIN(pin)
	if err != nil {
		return err
	}
	for n := range o.domains {
		made, err := dir.Create(ctx, directory.System(), func(f *directory.Office) error { return fill(f, domainName(n), hash) })
		if err != nil {
			return err
		}
		if o.bindings {
			err = register(ctx, db, made.After)
		}
		if err == nil && o.sessions {
			err = sit(ctx, db, made.After)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// fill makes a domain with its people and desks.
func fill(o *directory.Office, name, pinHash string) error {
	*o = directory.Office{Domain: directory.Defaults(name)}
	o.Domain.TimeZone, o.Domain.Country = "America/Toronto", "CA"
	o.Domain.HotDesking.DeskRange = directory.ExtensionRange{First: "50000", Last: "59999"}
	o.Domain.HotDesking.WhenElsewhere = directory.ElsewhereAllow
	for n := range perDomain {
		for _, first := range []int{firstPerson, firstDesk} {
			u := directory.User{
				ID: directory.NewID(), Extension: strconv.Itoa(first + n), Name: fmt.Sprintf("Number %d of %s", first+n, name), PINHash: pinHash,
			}
			if first == firstDesk {
				u.Place, u.PINHash = fmt.Sprintf("Floor %d, 100 King St W, Toronto", n/100), ""
			}
			d := directory.Device{Name: u.Extension, OwnerID: u.ID}
			if err := directory.SetDevicePassword(&d, name, password); err != nil {
				return err
			}
			o.Users, o.Devices = append(o.Users, u), append(o.Devices, d)
		}
	}
	return nil
}

// register gives each device a binding, as a desk phone makes it.
func register(ctx context.Context, db *sqlstore.DB, o directory.Office) error {
	var change location.Change
	now := time.Now()
	for i, d := range o.Devices {
		addr := netip.AddrPortFrom(hostAddr(i%hosts), 5060).String()
		change.Put = append(change.Put, location.Binding{
			ID: directory.NewID(), DeviceID: d.ID, Contact: "sip:" + d.Name + "@" + addr, Flow: "udp:" + addr,
			InstanceID: "<urn:uuid:" + uuid.NewString() + ">", CallID: uuid.NewString(), CSeq: 1, Q: 1000,
			UserAgent: userAgent, RegisteredAt: now, ExpiresAt: now.Add(time.Hour),
		})
	}
	return db.Bindings().Save(ctx, change)
}

// sit lets each person log in at a desk until tomorrow, without asking the rules.
func sit(ctx context.Context, db *sqlstore.DB, at directory.Office) error {
	var people []directory.User
	for _, u := range at.Users {
		if !u.IsDeskAccount(at.Domain.HotDesking) {
			people = append(people, u)
		}
	}
	errs := make(chan error)
	logins := 0
	for _, d := range at.Devices {
		if owner := at.User(d.OwnerID); owner == nil || !owner.IsDeskAccount(at.Domain.HotDesking) {
			continue
		}
		started := time.Now().Add(-time.Hour)
		session := hotdesk.Session{
			ID: directory.NewID(), DomainID: at.Domain.ID, DeviceID: d.ID, OwnerID: d.OwnerID, UserID: people[logins].ID, Door: hotdesk.DoorStarCode,
			StartedAt: started, UsedAt: started, EndsAt: started.Add(24 * time.Hour), EndsAs: hotdesk.Nightly,
		}
		logins++
		go func() { // at once, so that they share a commit
			_, err := db.Sessions().Commit(ctx, hotdesk.Change{Start: &session})
			errs <- err
		}()
	}
	var all []error
	for range logins {
		all = append(all, <-errs)
	}
	return errors.Join(all...)
}
