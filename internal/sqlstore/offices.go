package sqlstore

import (
	"context"
	"slices"
	"unique"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// Offices implements [directory.Store].
func (st *Directory) Offices(ctx context.Context) ([]directory.Office, error) {
	var offices []directory.Office
	err := st.db.snapshot(ctx, func(q querier) (err error) {
		offices, err = readOffices(ctx, q, "")
		return err
	})
	return offices, err
}

// Office implements [directory.Store].
func (st *Directory) Office(ctx context.Context, domainID string) (directory.Office, error) {
	var offices []directory.Office
	err := st.db.snapshot(ctx, func(q querier) (err error) {
		offices, err = readOffices(ctx, q, domainID)
		return err
	})
	if err != nil {
		return directory.Office{}, err
	}
	if domainID == "" || len(offices) == 0 {
		return directory.Office{}, directory.ErrNotFound
	}
	return offices[0], nil
}

// readOffices reads one domain, or all when domainID is "", with what belongs
// to it, in the order of creation.
func readOffices(ctx context.Context, q querier, domainID string) ([]directory.Office, error) {
	var one selection
	one.where("id = $", domainID)
	domains, err := collect(ctx, q, domainFields, selectDomains()+one.end("id", 0), one.args...)
	if err != nil {
		return nil, err
	}
	offices := make([]directory.Office, len(domains))
	byID := make(map[string]*directory.Office, len(domains))
	for i, d := range domains {
		offices[i].Domain = d
		byID[d.ID] = &offices[i]
	}
	if err := readUsersAndDevices(ctx, q, domainID, byID); err != nil {
		return nil, err
	}
	if err := readPhones(ctx, q, domainID, byID); err != nil {
		return nil, err
	}
	return offices, readLines(ctx, q, domainID, byID)
}

func readUsersAndDevices(ctx context.Context, q querier, domainID string, offices map[string]*directory.Office) error {
	var within selection
	within.where("domain_id = $", domainID)
	end := within.end("id", 0)
	users, err := collect(ctx, q, userFields, `select id, domain_id, extension, name, email, scope, site, place, caller_id,
		pin_hash, password_hash, disabled, no_hot_desking, ring_seconds, do_not_disturb, forward_all, forward_busy,
		forward_no_answer, ring_here_only, no_mailbox, mailbox_without_pin, class, created_at from users`+end, within.args...)
	if err != nil {
		return err
	}
	ids := make(map[string]string, len(users))
	for _, u := range users {
		o := offices[u.DomainID]
		u.DomainID = o.Domain.ID // one text for all, not one for each
		u.Scope, u.Site = unique.Make(u.Scope).Value(), unique.Make(u.Site).Value()
		ids[u.ID] = u.ID
		o.Users = append(o.Users, u)
	}
	devices, err := collect(ctx, q, deviceFields, `select id, domain_id, owner_id, name, ha1_md5, ha1_sha256,
		full_ha1_md5, full_ha1_sha256, disabled, created_at from devices`+end, within.args...)
	if err != nil {
		return err
	}
	for _, d := range devices {
		o := offices[d.DomainID]
		d.DomainID = o.Domain.ID
		if owner, ok := ids[d.OwnerID]; ok {
			d.OwnerID = owner
		}
		o.Devices = append(o.Devices, d)
	}
	for _, o := range offices { // they stay, and are fitted
		o.Users, o.Devices = slices.Clone(o.Users), slices.Clone(o.Devices)
	}
	return nil
}

func userFields(u *directory.User) []any {
	a := &u.Answering
	return []any{
		&u.ID, &u.DomainID, &u.Extension, &u.Name, &u.Email, &u.Scope, &u.Site, &u.Place, &u.CallerID,
		&u.PINHash, &u.PasswordHash, &u.Disabled, &u.NoHotDesking,
		&a.RingSeconds, &a.DoNotDisturb, &a.ForwardAll, &a.ForwardBusy, &a.ForwardNoAnswer,
		&a.RingHereOnly, &a.NoMailbox, &a.MailboxWithoutPIN, &u.Class,
		instant{&u.CreatedAt},
	}
}

func deviceFields(d *directory.Device) []any {
	return []any{
		&d.ID, &d.DomainID,
		optionalText{&d.OwnerID},
		&d.Name, &d.HA1MD5, &d.HA1SHA256, &d.FullHA1MD5, &d.FullHA1SHA256,
		&d.Disabled,
		instant{&d.CreatedAt},
	}
}

func readPhones(ctx context.Context, q querier, domainID string, offices map[string]*directory.Office) error {
	var within selection
	within.where("domain_id = $", domainID)
	phones, err := collect(ctx, q, phoneFields,
		"select id, domain_id, mac, model, name, site, place from phones"+within.end("id", 0), within.args...)
	if err != nil {
		return err
	}
	type line struct{ phoneID, device string }
	all, err := collect(ctx, q, func(l *line) []any { return []any{&l.phoneID, &l.device} },
		`select phone_id, device_name from phone_devices join phones on phones.id = phone_id`+
			within.end("phone_id, line", 0), within.args...)
	if err != nil {
		return err
	}
	devices := map[string][]string{}
	for _, l := range all {
		devices[l.phoneID] = append(devices[l.phoneID], l.device)
	}
	for _, p := range phones {
		p.Devices = devices[p.ID]
		offices[p.DomainID].Phones = append(offices[p.DomainID].Phones, p)
	}
	return nil
}

func phoneFields(p *directory.Phone) []any {
	return []any{&p.ID, &p.DomainID, &p.MAC, &p.Model, &p.Name, &p.Site, &p.Place}
}
