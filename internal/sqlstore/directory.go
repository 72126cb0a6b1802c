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
// pass an extension, a MAC address or any other name from one row to another.
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
		freeNames, dropAllButUsers, putUsers, putDevices, putPhones, putNumbers, putTrunks, dropUsers,
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
	free := func(text, id, name string) error { return tx.do(ctx, text, id, c.Domain.ID, name) }
	var errs []error
	for _, id := range c.DropUsers {
		errs = append(errs, free("update users set extension = id where id = $1 and domain_id = $2 and extension <> $3", id, id))
	}
	for _, u := range c.PutUsers {
		errs = append(errs, free("update users set extension = id where id = $1 and domain_id = $2 and extension <> $3", u.ID, u.Extension))
	}
	for _, d := range c.PutDevices {
		errs = append(errs, free("update devices set name = id where id = $1 and domain_id = $2 and name <> $3", d.ID, d.Name))
	}
	for _, p := range c.PutPhones {
		errs = append(errs, free("update phones set mac = id where id = $1 and domain_id = $2 and mac <> $3", p.ID, p.MAC))
	}
	for _, n := range c.PutNumbers {
		errs = append(errs, free("update numbers set number = id where id = $1 and domain_id = $2 and number <> $3", n.ID, n.Number))
	}
	for _, t := range c.PutTrunks {
		errs = append(errs, free("update trunks set name = id where id = $1 and domain_id = $2 and name <> $3", t.ID, t.Name))
	}
	return errors.Join(errs...)
}

// dropAllButUsers makes room for what is put.
func dropAllButUsers(ctx context.Context, tx *writeConn, c directory.Change) error {
	for _, d := range []struct {
		text string
		ids  []string
	}{
		{"delete from phones where id = $1 and domain_id = $2", c.DropPhones},
		{"delete from devices where id = $1 and domain_id = $2", c.DropDevices},
		{"delete from numbers where id = $1 and domain_id = $2", c.DropNumbers},
		{"delete from trunks where id = $1 and domain_id = $2", c.DropTrunks},
	} {
		for _, id := range d.ids {
			if err := tx.do(ctx, d.text, id, c.Domain.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// dropUsers comes last: the devices and numbers of a dropped user must have
// another by then, or the foreign key refuses the change.
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
		a := u.Answering
		rows[i] = []any{
			u.ID, c.Domain.ID, u.Extension, u.Name, u.Email, string(u.Scope), u.Site, u.Place, u.CallerID,
			u.PINHash, u.PasswordHash, u.Disabled, u.NoHotDesking, a.RingSeconds, a.DoNotDisturb, a.ForwardAll, a.ForwardBusy,
			a.ForwardNoAnswer, a.RingHereOnly, a.NoMailbox, a.MailboxWithoutPIN, string(u.Class), millis(u.CreatedAt),
		}
	}
	return put(ctx, tx, `insert into users (id, domain_id, extension, name, email, scope, site, place, caller_id,
		pin_hash, password_hash, disabled, no_hot_desking, ring_seconds, do_not_disturb, forward_all, forward_busy,
		forward_no_answer, ring_here_only, no_mailbox, mailbox_without_pin, class, created_at) values %s
		on conflict (id) do update set extension = excluded.extension, name = excluded.name,
		email = excluded.email, scope = excluded.scope, site = excluded.site, place = excluded.place, caller_id = excluded.caller_id,
		pin_hash = excluded.pin_hash, password_hash = excluded.password_hash, disabled = excluded.disabled,
		no_hot_desking = excluded.no_hot_desking, ring_seconds = excluded.ring_seconds, do_not_disturb = excluded.do_not_disturb,
		forward_all = excluded.forward_all, forward_busy = excluded.forward_busy, forward_no_answer = excluded.forward_no_answer,
		ring_here_only = excluded.ring_here_only, no_mailbox = excluded.no_mailbox,
		mailbox_without_pin = excluded.mailbox_without_pin, class = excluded.class, created_at = excluded.created_at
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
		rows[i] = []any{p.ID, c.Domain.ID, p.MAC, p.Model, p.Name, p.Site, p.Place}
		for line, name := range p.Devices {
			devices = append(devices, []any{p.ID, line, name})
		}
	}
	err := put(ctx, tx, `insert into phones (id, domain_id, mac, model, name, site, place) values %s
		on conflict (id) do update set mac = excluded.mac, model = excluded.model, name = excluded.name,
		site = excluded.site, place = excluded.place
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
