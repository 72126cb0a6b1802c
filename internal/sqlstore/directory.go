package sqlstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// Directory is the [directory.Store].
type Directory struct{ db *DB }

// Directory returns the store of offices.
func (db *DB) Directory() *Directory { return &Directory{db} }

// errElsewhere guards the wall between domains.
var errElsewhere = errors.New("an id in the change belongs to another domain")

// Save implements [directory.Store]. The order of the steps lets one change
// pass an extension, a device name or a MAC address from one row to another.
func (st *Directory) Save(ctx context.Context, c directory.Change) error {
	err := st.db.write(ctx, func(ctx context.Context, tx *writeConn) error {
		if err := saveOffice(ctx, tx, c); err != nil {
			return err
		}
		return insertAudit(ctx, tx, c.Audit)
	})
	if err != nil {
		return fmt.Errorf("store the office %s: %w", c.Domain.Name, err)
	}
	return nil
}

func saveOffice(ctx context.Context, tx *writeConn, c directory.Change) error {
	if c.DropDomain {
		return dropDomain(ctx, tx, c.Domain)
	}
	if err := putDomain(ctx, tx, c.Domain); err != nil {
		return err
	}
	steps := []func(context.Context, *writeConn, directory.Change) error{
		freeNames, dropPhonesAndDevices, putUsers, putDevices, putPhones, dropUsers,
	}
	for _, step := range steps {
		if err := step(ctx, tx, c); err != nil {
			return err
		}
	}
	return nil
}

func dropDomain(ctx context.Context, tx *writeConn, d directory.Domain) error {
	changed, err := tx.exec(ctx, "delete from domains where id = $1 and version = $2", d.ID, d.Version)
	if err == nil && changed == 0 {
		return directory.ErrStale
	}
	return err
}

// freeNames gives the rows that leave, or get another name, one that is in
// nobody's way: their own id.
func freeNames(ctx context.Context, tx *writeConn, c directory.Change) error {
	if c.Domain.Version == 0 {
		return nil // a new domain has no rows
	}
	for _, id := range c.DropUsers {
		if err := tx.do(ctx, "update users set extension = id where id = $1 and domain_id = $2", id, c.Domain.ID); err != nil {
			return err
		}
	}
	for _, u := range c.PutUsers {
		if err := tx.do(ctx, "update users set extension = id where id = $1 and domain_id = $2 and extension <> $3",
			u.ID, c.Domain.ID, u.Extension); err != nil {
			return err
		}
	}
	for _, d := range c.PutDevices {
		if err := tx.do(ctx, "update devices set name = id where id = $1 and domain_id = $2 and name <> $3",
			d.ID, c.Domain.ID, d.Name); err != nil {
			return err
		}
	}
	for _, p := range c.PutPhones {
		if err := tx.do(ctx, "update phones set mac = id where id = $1 and domain_id = $2 and mac <> $3",
			p.ID, c.Domain.ID, p.MAC); err != nil {
			return err
		}
	}
	return nil
}

func dropPhonesAndDevices(ctx context.Context, tx *writeConn, c directory.Change) error {
	for _, id := range c.DropPhones {
		if err := tx.do(ctx, "delete from phones where id = $1 and domain_id = $2", id, c.Domain.ID); err != nil {
			return err
		}
	}
	for _, id := range c.DropDevices {
		if err := tx.do(ctx, "delete from devices where id = $1 and domain_id = $2", id, c.Domain.ID); err != nil {
			return err
		}
	}
	return nil
}

// dropUsers comes last: the devices of a dropped user must have another owner
// by then, or the foreign key refuses the change.
func dropUsers(ctx context.Context, tx *writeConn, c directory.Change) error {
	for _, id := range c.DropUsers {
		if err := tx.do(ctx, "delete from users where id = $1 and domain_id = $2", id, c.Domain.ID); err != nil {
			return err
		}
	}
	return nil
}

func putUsers(ctx context.Context, tx *writeConn, c directory.Change) error {
	rows := make([][]any, len(c.PutUsers))
	for i, u := range c.PutUsers {
		rows[i] = []any{
			u.ID, c.Domain.ID, u.Extension, u.Name, u.Email, string(u.Scope), u.Place, u.CallerID,
			u.PINHash, u.PasswordHash, u.Disabled, u.NoHotDesking, millis(u.CreatedAt),
		}
	}
	return put(ctx, tx, `insert into users (id, domain_id, extension, name, email, scope, place, caller_id,
		pin_hash, password_hash, disabled, no_hot_desking, created_at) values %s
		on conflict (id) do update set extension = excluded.extension, name = excluded.name,
		email = excluded.email, scope = excluded.scope, place = excluded.place, caller_id = excluded.caller_id,
		pin_hash = excluded.pin_hash, password_hash = excluded.password_hash, disabled = excluded.disabled,
		no_hot_desking = excluded.no_hot_desking, created_at = excluded.created_at
		where users.domain_id = excluded.domain_id`, rows)
}

func putDevices(ctx context.Context, tx *writeConn, c directory.Change) error {
	rows := make([][]any, len(c.PutDevices))
	for i, d := range c.PutDevices {
		rows[i] = []any{
			d.ID, c.Domain.ID, reference(d.OwnerID), d.Name, d.HA1MD5, d.HA1SHA256,
			d.FullHA1MD5, d.FullHA1SHA256, d.Disabled, millis(d.CreatedAt),
		}
	}
	return put(ctx, tx, `insert into devices (id, domain_id, owner_id, name, ha1_md5, ha1_sha256,
		full_ha1_md5, full_ha1_sha256, disabled, created_at)
		values %s
		on conflict (id) do update set owner_id = excluded.owner_id, name = excluded.name,
		ha1_md5 = excluded.ha1_md5, ha1_sha256 = excluded.ha1_sha256,
		full_ha1_md5 = excluded.full_ha1_md5, full_ha1_sha256 = excluded.full_ha1_sha256, disabled = excluded.disabled,
		created_at = excluded.created_at
		where devices.domain_id = excluded.domain_id`, rows)
}

func putPhones(ctx context.Context, tx *writeConn, c directory.Change) error {
	rows := make([][]any, len(c.PutPhones))
	var devices [][]any
	for i, p := range c.PutPhones {
		rows[i] = []any{p.ID, c.Domain.ID, p.MAC, p.Model, p.Name, p.Place}
		for line, name := range p.Devices {
			devices = append(devices, []any{p.ID, line, name})
		}
	}
	err := put(ctx, tx, `insert into phones (id, domain_id, mac, model, name, place) values %s
		on conflict (id) do update set mac = excluded.mac, model = excluded.model, name = excluded.name,
		place = excluded.place
		where phones.domain_id = excluded.domain_id`, rows)
	if isConflict(err, "phones_mac") {
		return fmt.Errorf("a MAC address is %w", directory.ErrTaken)
	}
	if err != nil {
		return err
	}
	for _, p := range c.PutPhones {
		if err := tx.do(ctx, "delete from phone_devices where phone_id = $1", p.ID); err != nil {
			return err
		}
	}
	_, err = tx.insert(ctx, "insert into phone_devices (phone_id, line, device_name) values %s", devices)
	return err
}

// put writes rows that must all be of the change's own domain.
func put(ctx context.Context, tx *writeConn, text string, rows [][]any) error {
	changed, err := tx.insert(ctx, text, rows)
	if err == nil && changed != int64(len(rows)) {
		return errElsewhere
	}
	return err
}
