// Package floorplan keeps the pictures of an office's floors and where its desks
// stand on them. It knows nothing of SQL or HTTP.
package floorplan

import (
	"bytes"
	"context"
	"errors"
	"image"
	_ "image/jpeg" // a kind of picture that is taken
	_ "image/png"  // a kind of picture that is taken
	"strings"

	_ "golang.org/x/image/webp" // a kind of picture that is taken

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// The bounds of a picture: of its file in bytes, and of each side in pixels, so
// that no small file makes a browser run out of memory.
const (
	MaxBytes = 5 << 20
	MaxSide  = 6000
)

// maxName is how many bytes a floor's name has at most.
const maxName = 60

// Whole is the far edge of a picture, in which places on it are measured.
const Whole = 10_000

// What is wrong with a floor or its picture, in words for whoever made it.
var (
	ErrNoPicture = errors.New("this is no picture; use a PNG, JPEG or WebP file")
	ErrTooLarge  = errors.New("the file is too large; 5 MB are the most")
	ErrTooWide   = errors.New("the picture is too large; 6000 pixels a side are the most")
	ErrName      = errors.New("a floor needs a name of 60 letters at most")
	ErrTaken     = errors.New("another floor has this name")
	ErrNotFound  = errors.New("there is no such floor")
	ErrNoDesk    = errors.New("there is no such desk")
)

// Floor is one picture with a name.
type Floor struct {
	Picture

	ID       string
	DomainID string
	Name     string
	Version  int64 // counts the pictures
}

// Picture is what is known of a picture.
type Picture struct {
	Type          string // "image/png"
	Width, Height int    // in pixels
}

// Spot is where a desk stands: in parts of [Whole] from the left and the upper
// edge of the picture.
type Spot struct {
	DeviceID, FloorID string
	X, Y              int
}

// Store keeps floors. What belongs to a domain or device goes with it.
type Store interface {
	Floors(ctx context.Context, domainID string) ([]Floor, error)
	Picture(ctx context.Context, floorID string) ([]byte, error)
	// Put stores a floor, new or again; no picture leaves the one it has. It
	// fails with [ErrTaken].
	Put(ctx context.Context, floor Floor, picture []byte) error
	Drop(ctx context.Context, floorID string) error
	Spots(ctx context.Context, floorID string) ([]Spot, error)
	// Place puts a desk on a floor and off any other, or off all when the spot
	// has no floor.
	Place(ctx context.Context, spot Spot) error
}

// Directory is what a [Service] asks of the directory.
type Directory interface {
	Device(id string) (directory.Device, bool)
	IsHotDesk(device directory.Device) bool
}

// Service keeps the floors of all domains.
type Service struct {
	store     Store
	directory Directory
}

// New makes a service.
func New(store Store, desks Directory) *Service {
	return &Service{store: store, directory: desks}
}

// Look tells what a picture is, by its first bytes and without unpacking it. It
// fails with [ErrTooLarge], [ErrNoPicture] or [ErrTooWide].
func Look(picture []byte) (Picture, error) {
	if len(picture) > MaxBytes {
		return Picture{}, ErrTooLarge
	}
	config, format, err := image.DecodeConfig(bytes.NewReader(picture))
	switch {
	case err != nil, config.Width <= 0, config.Height <= 0:
		return Picture{}, ErrNoPicture
	case config.Width > MaxSide, config.Height > MaxSide:
		return Picture{}, ErrTooWide
	}
	return Picture{Type: "image/" + format, Width: config.Width, Height: config.Height}, nil
}

// Floors lists the floors of a domain by name.
func (s *Service) Floors(ctx context.Context, domainID string) ([]Floor, error) {
	return s.store.Floors(ctx, domainID)
}

// Floor finds a floor of a domain, or fails with [ErrNotFound].
func (s *Service) Floor(ctx context.Context, domainID, id string) (Floor, error) {
	floors, err := s.store.Floors(ctx, domainID)
	if err != nil {
		return Floor{}, err
	}
	for _, f := range floors {
		if f.ID == id {
			return f, nil
		}
	}
	return Floor{}, ErrNotFound
}

// Show is the picture of a floor.
func (s *Service) Show(ctx context.Context, floor Floor) ([]byte, error) {
	return s.store.Picture(ctx, floor.ID)
}

// Save makes a floor or changes it; no picture leaves the one it has. It fails
// with what [Look] says, [ErrName] or [ErrTaken].
func (s *Service) Save(ctx context.Context, floor Floor, picture []byte) error {
	if floor.Name = strings.TrimSpace(floor.Name); floor.Name == "" || len(floor.Name) > maxName {
		return ErrName
	}
	if picture != nil || floor.Version == 0 {
		var err error
		if floor.Picture, err = Look(picture); err != nil {
			return err
		}
		floor.Version++
	}
	return s.store.Put(ctx, floor, picture)
}

// Drop removes a floor; its desks stand on none then.
func (s *Service) Drop(ctx context.Context, floor Floor) error { return s.store.Drop(ctx, floor.ID) }

// Spots tells where desks stand on a floor.
func (s *Service) Spots(ctx context.Context, floor Floor) ([]Spot, error) {
	return s.store.Spots(ctx, floor.ID)
}

// Place puts a desk of the domain on a floor, and off any other. What lies
// outside the picture is brought to its edge. It fails with [ErrNoDesk].
func (s *Service) Place(ctx context.Context, floor Floor, deviceID string, x, y int) error {
	device, found := s.directory.Device(deviceID)
	if !found || device.DomainID != floor.DomainID || !s.directory.IsHotDesk(device) {
		return ErrNoDesk
	}
	return s.store.Place(ctx, Spot{DeviceID: deviceID, FloorID: floor.ID, X: min(max(x, 0), Whole), Y: min(max(y, 0), Whole)})
}

// Clear takes a desk of the domain off its floor. It fails with [ErrNoDesk].
func (s *Service) Clear(ctx context.Context, floor Floor, deviceID string) error {
	device, found := s.directory.Device(deviceID)
	if !found || device.DomainID != floor.DomainID {
		return ErrNoDesk
	}
	return s.store.Place(ctx, Spot{DeviceID: deviceID})
}
