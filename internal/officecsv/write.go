package officecsv

import (
	"io"
	"strings"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/spreadsheet"
)

// WriteUsers writes the people and desks of an office, but for their secrets, as
// a table that [Read] reads. Those of sites that are not seen are left out.
func WriteUsers(to io.Writer, o directory.Office, sees func(site string) bool) error {
	columns := userColumns()[:10]
	rows := [][]string{columns}
	devicesOf := make(map[string][]string, len(o.Users))
	for _, d := range o.Devices {
		devicesOf[d.OwnerID] = append(devicesOf[d.OwnerID], d.Name)
	}
	for _, u := range o.Users {
		if !sees(u.Site) {
			continue
		}
		rows = append(rows, []string{
			u.Extension, u.Name, u.Email, string(u.Scope), u.Site, u.Place, u.CallerID, yesNo(!u.NoHotDesking), yesNo(u.Disabled),
			strings.Join(devicesOf[u.ID], " "),
		})
	}
	return spreadsheet.Write(to, rows)
}

// WritePhones writes the phones of an office as [WriteUsers] does its people.
func WritePhones(to io.Writer, o directory.Office, sees func(site string) bool) error {
	rows := [][]string{phoneColumns()}
	for _, p := range o.Phones {
		if sees(p.Site) {
			rows = append(rows, []string{directory.FormatMAC(p.MAC), p.Model, p.Name, p.Site, p.Place, strings.Join(p.Devices, " ")})
		}
	}
	return spreadsheet.Write(to, rows)
}

func yesNo(is bool) string { return map[bool]string{true: "yes", false: "no"}[is] }

// SecretRows are generated secrets as a table to keep.
func SecretRows(secrets []Secret) [][]string {
	rows := [][]string{{"extension", "name", "pin", "password", "device", "device_password"}}
	for _, s := range secrets {
		rows = append(rows, []string{s.Extension, s.Name, s.PIN, s.Password, s.Device, s.DevicePassword})
	}
	return rows
}
