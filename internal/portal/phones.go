package portal

import (
	"errors"
	"net/http"
	"slices"

	"github.com/a-h/templ"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/events"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/switchboard"
)

// phoneView is a phone of a person: a device of the person's own, or the hot
// desk that the person holds.
type phoneView struct {
	deskView

	Registered bool
}

// phones shows a person's own devices and the hot desks held.
func (v *visit) phones() error {
	mine, err := v.phonesOf(v.user)
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "Phones", phonesPage(v.domain, mine, v.activationForm(), v.managers()))
}

// phonesLive keeps the list of a person's phones up to date.
func (v *visit) phonesLive() error {
	return v.keepUp(v.concernsPhones, func() (templ.Component, bool, error) {
		mine, err := v.phonesOf(v.user)
		return phonesNow(v.domain, mine), false, err
	})
}

// concernsPhones tells whether a fact may change what a person's phones do.
func (v *visit) concernsPhones(fact events.Fact) bool {
	switch f := fact.(type) {
	case hotdesk.LoggedIn:
		return f.Session.UserID == v.user.ID
	case hotdesk.Extended:
		return f.Session.UserID == v.user.ID
	case hotdesk.Ended:
		return f.Session.UserID == v.user.ID
	case switchboard.CallsChanged:
		return slices.Contains(f.Of, v.user.ID) || slices.ContainsFunc(f.Of, v.owns)
	case directory.Changed:
		return f.DomainID == v.user.DomainID
	}
	// A desk that is held registers as the desk's, so each of the domain's is
	// looked at.
	device, found := v.cfg.Directory.Device(deskIn(fact))
	return found && device.DomainID == v.user.DomainID
}

func (v *visit) owns(deviceID string) bool {
	device, found := v.cfg.Directory.Device(deviceID)
	return found && device.OwnerID == v.user.ID
}

// phonesOf are the hot desks that a person holds, and then the person's own devices.
func (v *visit) phonesOf(user directory.User) ([]phoneView, error) {
	held, err := v.held(user)
	if err != nil {
		return nil, err
	}
	for _, d := range v.cfg.Directory.DevicesOf(user.ID) {
		held = append(held, v.desk(v.domain, d, nil))
	}
	var mine []phoneView
	for _, d := range held {
		mine = append(mine, phoneView{deskView: d, Registered: len(v.cfg.Locations.Lookup(d.DeviceID)) > 0})
	}
	return mine, nil
}

// managers are the people to ask for a phone.
func (v *visit) managers() []directory.User {
	office, found := v.cfg.Directory.Office(v.domain.ID)
	if !found {
		return nil
	}
	return slices.DeleteFunc(office.Users, func(u directory.User) bool { return u.Disabled || u.Scope != directory.ScopeOfficeManager })
}

// addPhone says how a person comes to a phone: devices are made by managers, as
// each has a password and may cost money.
func (v *visit) addPhone() error {
	return v.show(http.StatusOK, "Add Phone", addPhonePage(v.domain, v.managers()))
}

// release gives back a desk of whoever is signed in.
func (v *visit) release() error {
	session, err := v.session()
	if err != nil {
		return err
	}
	if session.UserID != v.user.ID {
		return errNowhere
	}
	name := "The desk"
	if device, found := v.cfg.Directory.Device(session.DeviceID); found {
		name = v.desk(v.domain, device, nil).label()
	}
	if _, err := v.cfg.Sessions.End(v.r.Context(), session.ID, v.by()); err != nil && !errors.Is(err, hotdesk.ErrNoSession) {
		return err
	}
	return v.done("/phones", name+" is released. Calls to you no longer ring there; a call in progress goes on.")
}
