package directory

import (
	"context"
	"errors"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
)

// Errors of a [Store].
var (
	ErrStale    = errors.New("the office was changed by someone else meanwhile")
	ErrNotFound = errors.New("not found")
	ErrTaken    = errors.New("already in use in another domain")
)

// Change is what one save writes, in one transaction.
type Change struct {
	Domain      Domain // Version is the one the change was made from; the store writes Version+1. 0 makes the domain
	DropDomain  bool
	PutUsers    []User
	PutDevices  []Device
	PutPhones   []Phone
	PutNumbers  []Number
	PutTrunks   []Trunk
	DropUsers   []string
	DropDevices []string
	DropPhones  []string
	DropNumbers []string
	DropTrunks  []string
	Audit       []audit.Entry
}

// Store keeps offices. The database's unique indexes are the guard against two
// servers changing one office at once.
type Store interface {
	// Offices reads every office, for the start of the server.
	Offices(ctx context.Context) ([]Office, error)
	// Office reads one office, or fails with [ErrNotFound].
	Office(ctx context.Context, domainID string) (Office, error)
	// Save writes a change: all of it or nothing. It fails with [ErrStale] when
	// the domain's version is no longer the change's, with [ErrTaken] when a
	// domain name, MAC address or public number belongs to another domain.
	Save(ctx context.Context, change Change) error
}
