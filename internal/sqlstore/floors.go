package sqlstore

import (
	"context"
	"encoding/base64"
	"fmt"

	"github.com/hotdesk-pbx/hotdesk/internal/floorplan"
)

// Floors is the [floorplan.Store].
type Floors struct{ db *DB }

// Floors returns the store of floor plans.
func (db *DB) Floors() *Floors { return &Floors{db} }

// Floors implements [floorplan.Store].
func (st *Floors) Floors(ctx context.Context, domainID string) ([]floorplan.Floor, error) {
	return collect(ctx, st.db.reader, func(f *floorplan.Floor) []any {
		return []any{&f.ID, &f.DomainID, &f.Name, &f.Type, &f.Width, &f.Height, &f.Version}
	}, "select id, domain_id, name, picture_type, width, height, version from floors where domain_id = $1 order by name", domainID)
}

// Picture implements [floorplan.Store].
func (st *Floors) Picture(ctx context.Context, floorID string) ([]byte, error) {
	found, err := collect(ctx, st.db.reader, func(text *string) []any { return []any{text} }, "select picture from floors where id = $1", floorID)
	switch {
	case err != nil:
		return nil, err
	case len(found) == 0:
		return nil, floorplan.ErrNotFound
	}
	return base64.StdEncoding.DecodeString(found[0])
}

// Put implements [floorplan.Store].
func (st *Floors) Put(ctx context.Context, f floorplan.Floor, picture []byte) error {
	err := st.db.write(ctx, func(ctx context.Context, tx *writeConn) error {
		if picture == nil {
			return tx.do(ctx, "update floors set name = $2 where id = $1", f.ID, f.Name)
		}
		return tx.do(ctx, `insert into floors (id, domain_id, name, picture_type, picture, width, height, version)
			values ($1, $2, $3, $4, $5, $6, $7, $8)
			on conflict (id) do update set name = excluded.name, picture_type = excluded.picture_type, picture = excluded.picture,
			width = excluded.width, height = excluded.height, version = excluded.version where floors.domain_id = excluded.domain_id`,
			f.ID, f.DomainID, f.Name, f.Type, base64.StdEncoding.EncodeToString(picture), f.Width, f.Height, f.Version)
	})
	switch {
	case isConflict(err, "floors_domain_id_name"):
		return floorplan.ErrTaken
	case err != nil:
		return fmt.Errorf("store a floor: %w", err)
	}
	return nil
}

// Drop implements [floorplan.Store].
func (st *Floors) Drop(ctx context.Context, floorID string) error {
	return st.change(ctx, "delete from floors where id = $1", floorID)
}

// Spots implements [floorplan.Store].
func (st *Floors) Spots(ctx context.Context, floorID string) ([]floorplan.Spot, error) {
	return collect(ctx, st.db.reader, func(s *floorplan.Spot) []any { return []any{&s.DeviceID, &s.FloorID, &s.X, &s.Y} },
		"select device_id, floor_id, x, y from floor_desks where floor_id = $1 order by device_id", floorID)
}

// Place implements [floorplan.Store].
func (st *Floors) Place(ctx context.Context, s floorplan.Spot) error {
	if s.FloorID == "" {
		return st.change(ctx, "delete from floor_desks where device_id = $1", s.DeviceID)
	}
	return st.change(ctx, `insert into floor_desks (device_id, floor_id, x, y) values ($1, $2, $3, $4)
		on conflict (device_id) do update set floor_id = excluded.floor_id, x = excluded.x, y = excluded.y`, s.DeviceID, s.FloorID, s.X, s.Y)
}

func (st *Floors) change(ctx context.Context, text string, args ...any) error {
	err := st.db.write(ctx, func(ctx context.Context, tx *writeConn) error { return tx.do(ctx, text, args...) })
	if err != nil {
		return fmt.Errorf("store a floor: %w", err)
	}
	return nil
}
