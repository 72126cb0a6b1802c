package sqlstore

import (
	"context"
	"fmt"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// putDomain writes the domain's row, guarded by its version, and raises that.
func putDomain(ctx context.Context, tx *writeConn, d directory.Domain) error {
	text := `insert into domains (id, name, time_zone, country, language, is_default, hot_desking, activate_phone,
		desk_first, desk_last, login_code, release_code, mailbox_code, any_mailbox_code, release_at, max_hours,
		idle_minutes, when_taken, take_over_idle, when_elsewhere, version)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21 + 1)
		on conflict (id) do nothing`
	if d.Version > 0 {
		text = `update domains set name = $2, time_zone = $3, country = $4, language = $5, is_default = $6,
		hot_desking = $7, activate_phone = $8, desk_first = $9, desk_last = $10, login_code = $11, release_code = $12,
		mailbox_code = $13, any_mailbox_code = $14, release_at = $15, max_hours = $16, idle_minutes = $17,
		when_taken = $18, take_over_idle = $19, when_elsewhere = $20, version = version + 1
		where id = $1 and version = $21`
	}
	h := d.HotDesking
	changed, err := tx.exec(ctx, text, d.ID, d.Name, d.TimeZone, d.Country, d.Language, d.Default, h.Enabled,
		h.ActivatePhone, h.DeskRange.First, h.DeskRange.Last, h.LoginCode, h.ReleaseCode, h.MailboxCode,
		h.AnyMailboxCode, minutes(h.ReleaseAt), h.MaxHours, h.IdleMinutes, string(h.WhenTaken), h.TakeOverIdle,
		string(h.WhenElsewhere), d.Version)
	switch {
	case isConflict(err, "domains_name"):
		return fmt.Errorf("the domain name is %w", directory.ErrTaken)
	case isConflict(err, "domains_is_default"):
		return fmt.Errorf("the mark of the default domain is %w", directory.ErrTaken)
	case err == nil && changed == 0:
		return directory.ErrStale
	}
	return err
}

const selectDomains = `select id, name, time_zone, country, language, is_default, hot_desking, activate_phone,
	desk_first, desk_last, login_code, release_code, mailbox_code, any_mailbox_code, release_at, max_hours,
	idle_minutes, when_taken, take_over_idle, when_elsewhere, version from domains`

func domainFields(d *directory.Domain) []any {
	h := &d.HotDesking
	return []any{
		&d.ID, &d.Name, &d.TimeZone, &d.Country, &d.Language, &d.Default, &h.Enabled,
		&h.ActivatePhone, &h.DeskRange.First, &h.DeskRange.Last, &h.LoginCode, &h.ReleaseCode, &h.MailboxCode,
		&h.AnyMailboxCode,
		clock{&h.ReleaseAt},
		&h.MaxHours, &h.IdleMinutes, &h.WhenTaken, &h.TakeOverIdle,
		&h.WhenElsewhere, &d.Version,
	}
}

// minutes is a time of day as it is stored: null for never.
func minutes(t directory.ClockTime) any {
	if !t.Set {
		return nil
	}
	return t.Hour*60 + t.Minute
}

// clock scans what [minutes] stored.
type clock struct{ at *directory.ClockTime }

// Scan implements [database/sql.Scanner].
func (c clock) Scan(src any) error {
	switch m := src.(type) {
	case nil:
		*c.at = directory.ClockTime{}
	case int64:
		*c.at = directory.ClockTime{Set: true, Hour: int(m) / 60, Minute: int(m) % 60}
	default:
		return fmt.Errorf("a time of day is stored as %T", src)
	}
	return nil
}
