package sqlstore

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// domainColumns lists the columns of a domain, except for its id and version.
func domainColumns(d *directory.Domain) []column {
	columns := []column{
		{"name", &d.Name},
		{"time_zone", &d.TimeZone},
		{"country", &d.Country},
		{"language", &d.Language},
		{"is_default", &d.Default},
		{"reseller_id", &d.ResellerID},
		{"main_number", &d.MainNumber},
		{"keep_calls", &d.KeepCalls},
	}
	for _, c := range d.Codes.Named() {
		columns = append(columns, column{c.Name + "_code", c.Code})
	}
	columns = append(columns, hotDeskingColumns(&d.HotDesking)...)
	return append(
		columns,
		column{"mailboxes", &d.Mailboxes.Enabled}, column{"mailbox_messages", &d.Mailboxes.MaxMessages},
		column{"mailbox_seconds", &d.Mailboxes.MaxSeconds},
		column{"class", (*string)(&d.Outside.Class)}, column{"desk_class", (*string)(&d.Outside.DeskClass)},
		column{"premium", &d.Outside.Premium}, column{"max_calls", &d.Outside.MaxCalls}, column{"user_calls", &d.Outside.UserCalls},
		column{"emergency_extension", &d.Emergency.NotifyExtension}, column{"emergency_email", &d.Emergency.NotifyEmail},
		column{"mail_address", &d.Mail.Address}, column{"mail_from", &d.Mail.From},
		column{"mail_user", &d.Mail.User}, column{"mail_password", &d.Mail.Password},
		column{"sign_on_issuer", &d.SignOn.Issuer}, column{"sign_on_client_id", &d.SignOn.ClientID},
		column{"sign_on_client_secret", &d.SignOn.ClientSecret},
	)
}

func hotDeskingColumns(h *directory.HotDesking) []column {
	return []column{
		{"hot_desking", &h.Enabled},
		{"activate_phone", &h.ActivatePhone},
		{"desk_first", &h.DeskRange.First},
		{"desk_last", &h.DeskRange.Last},
		{"login_code", &h.LoginCode},
		{"release_code", &h.ReleaseCode},
		{"mailbox_code", &h.MailboxCode},
		{"any_mailbox_code", &h.AnyMailboxCode},
		{"ask_ringing", &h.AskRinging},
		{"warn_minutes", &h.WarnMinutes},
		{"release_at", &h.ReleaseAt},
		{"max_hours", &h.MaxHours},
		{"idle_minutes", &h.IdleMinutes},
		{"when_taken", (*string)(&h.WhenTaken)},
		{"take_over_idle", &h.TakeOverIdle},
		{"when_elsewhere", (*string)(&h.WhenElsewhere)},
	}
}

// putDomain writes the domain's row, guarded by its version, and raises that.
func putDomain(ctx context.Context, tx *writeConn, d directory.Domain) error {
	columns := domainColumns(&d)
	parameters, assignments := make([]string, len(columns)), make([]string, len(columns))
	args := []any{d.ID, d.Version}
	for i, c := range columns {
		args = append(args, c.stored())
		parameters[i] = "$" + strconv.Itoa(len(args))
		assignments[i] = c.name + " = " + parameters[i]
	}
	text := "insert into domains (id, version, " + names(columns) + ") values ($1, $2 + 1, " +
		strings.Join(parameters, ", ") + ") on conflict (id) do nothing"
	if d.Version > 0 {
		text = "update domains set version = version + 1, " + strings.Join(assignments, ", ") + " where id = $1 and version = $2"
	}
	changed, err := tx.exec(ctx, text, args...)
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

// selectDomains is the beginning of a statement whose rows [domainFields] reads.
func selectDomains() string {
	return "select id, version, " + names(domainColumns(&directory.Domain{})) + " from domains"
}

func domainFields(d *directory.Domain) []any {
	fields := []any{&d.ID, &d.Version}
	for _, c := range domainColumns(d) {
		fields = append(fields, c.scanned())
	}
	return fields
}
