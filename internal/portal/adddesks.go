package portal

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"strconv"

	"github.com/google/uuid"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/spreadsheet"
)

// mostDesks is how many desks are made at once.
const mostDesks = 200

// addDesksPage shows the form for many desks.
func (v *visit) addDesksPage() error {
	f := newForm(idField, directory.NewID(), seedField, newSeed(), "name", "Desk", "device", "true")
	if free := directory.FreeForDesk(v.domain, v.cfg.Directory.Users(v.domain.ID), 1); len(free) > 0 {
		f.Values.Set("first", free[0])
	}
	if v.user.Scope == directory.ScopeSiteManager {
		f.Values.Set("site", v.user.Site)
	}
	return v.showAddDesks(f)
}

func (v *visit) showAddDesks(f *form) error {
	return v.show(f.status, "Add desks", addDesksForm(v.domain, f, v.sites()))
}

// addDesks makes a range of desk accounts, all of them or none.
func (v *visit) addDesks() error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	extensions := v.readRange(f)
	desks, devices, err := v.readDesks(f, extensions)
	if err != nil {
		return err
	}
	if f.right() {
		if _, found := v.cfg.Directory.User(desks[0].User.ID); found { // by the same form, sent twice
			return v.showDesks(desks)
		}
	}
	v.refuseTaken(f, extensions)
	done, err := v.change(f, "", func(o *directory.Office) error {
		for _, d := range desks {
			o.Users = append(o.Users, d.User)
		}
		o.Devices = append(o.Devices, devices...)
		return nil
	})
	if err != nil {
		return err
	}
	if !done {
		return v.showAddDesks(f)
	}
	return v.showDesks(desks)
}

// readRange are the extensions that a form names.
func (v *visit) readRange(f *form) []string {
	desks := v.domain.HotDesking.DeskRange
	for _, field := range []string{"first", "last"} {
		if !desks.Contains(f.text(field)) {
			f.refuse(field, "this lies outside of the desk range "+desks.String())
		}
	}
	first, _ := strconv.Atoi(f.text("first"))
	last, _ := strconv.Atoi(f.text("last"))
	switch {
	case !f.right():
		return nil
	case last < first:
		f.refuse("last", "the last is below the first")
	case last-first >= mostDesks:
		f.refuse("last", "these are more than "+strconv.Itoa(mostDesks)+" desks; add them in several steps")
	}
	if !f.right() {
		return nil
	}
	var extensions []string
	for n := first; n <= last; n++ {
		e := strconv.Itoa(n)
		for len(e) < len(desks.First) {
			e = "0" + e
		}
		extensions = append(extensions, e)
	}
	return extensions
}

// refuseTaken marks what others have already.
func (v *visit) refuseTaken(f *form, extensions []string) {
	for _, e := range extensions {
		if user, is := v.cfg.Directory.UserByExtension(v.domain.ID, e); is {
			f.refuse("first", e+" is the extension of "+user.Name+". "+v.free(kindDesk, e))
			return
		}
	}
}

// readDesks are the desks that a form describes, with a device each.
func (v *visit) readDesks(f *form, extensions []string) ([]made, []directory.Device, error) {
	id, err := f.newID()
	if err != nil {
		return nil, nil, err
	}
	seed, err := f.seed()
	if err != nil {
		return nil, nil, err
	}
	if f.text("name") == "" {
		f.refuse("name", "the name is missing; give one that the numbers follow")
	}
	var desks []made
	var devices []directory.Device
	for i, e := range extensions {
		m := made{Desk: true, User: directory.User{
			ID: uuid.NewSHA1(uuid.MustParse(id), []byte(e)).String(), Extension: e, Name: f.text("name") + " " + strconv.Itoa(i+1),
			Place: f.text("place"), Site: f.text("site"), Scope: directory.ScopeBasicUser,
		}}
		if f.ticked("device") {
			device, l, err := v.newDevice(seed, e, m.User.ID)
			if err != nil {
				return nil, nil, err
			}
			m.Line = &l
			devices = append(devices, device)
		}
		for of, field := range map[string]string{"extension": "first", "name": "name", "place": "place", "site": "site"} {
			f.holds(field, m.User.ID, of)
		}
		desks = append(desks, m)
	}
	return desks, devices, nil
}

// showDesks shows what was made; the passwords also as a file, which the page
// itself holds.
func (v *visit) showDesks(desks []made) error {
	if desks[0].Line == nil {
		return v.show(http.StatusOK, "Desks", desksMade(v.domain, desks, ""))
	}
	rows := [][]string{{"extension", "name", "device", "password", "domain", "server", "port"}}
	for _, d := range desks {
		rows = append(rows, []string{d.User.Extension, d.User.Name, d.Line.Device, d.Line.Password, d.Line.Domain, d.Line.Server, d.Line.Port})
	}
	file, err := dataURL(rows)
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "Desks", desksMade(v.domain, desks, file))
}

// dataURL is a table that a page holds to be downloaded.
func dataURL(rows [][]string) (string, error) {
	var text bytes.Buffer
	if err := spreadsheet.Write(&text, rows); err != nil {
		return "", err
	}
	return "data:text/csv;charset=utf-8;base64," + base64.StdEncoding.EncodeToString(text.Bytes()), nil
}
