package portal

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
)

// userDevices shows a user's own devices and, in a banner for each, the hot
// desks held or lent.
func (v *visit) userDevices() error {
	user, err := v.userOf()
	if err != nil {
		return err
	}
	view := v.viewUser(user)
	var lent []deskView
	held, err := v.held(user)
	if err != nil {
		return err
	}
	for _, d := range v.cfg.Directory.DevicesOf(user.ID) {
		desk, is, err := v.deskOf(v.r.Context(), v.domain, d.ID)
		if err != nil {
			return err
		}
		if is && desk.Session != nil {
			lent = append(lent, desk)
		}
	}
	return v.show(http.StatusOK, user.Name, userDevices(view, v.domain, slices.Concat(held, lent)))
}

// held are the desks at which a user is logged in.
func (v *visit) held(user directory.User) ([]deskView, error) {
	sessions, err := v.cfg.Sessions.Sessions(v.r.Context(), hotdesk.Query{UserID: user.ID, Open: true})
	if err != nil {
		return nil, err
	}
	var desks []deskView
	for _, s := range sessions {
		if device, ok := v.cfg.Directory.Device(s.DeviceID); ok {
			desks = append(desks, v.desk(v.domain, device, &s))
		}
	}
	return desks, nil
}

// endSession ends somebody's session at a desk.
func (v *visit) endSession() error {
	session, err := v.session()
	if err != nil {
		return err
	}
	device, _ := v.cfg.Directory.Device(session.DeviceID)
	if session.DomainID != v.domain.ID || !v.sees(directory.ActManageAccounts, v.cfg.Directory.SiteOf(device)) {
		return errNowhere
	}
	if _, err := v.cfg.Sessions.End(v.r.Context(), session.ID, v.by()); err != nil && !errors.Is(err, hotdesk.ErrNoSession) {
		return err
	}
	return v.say(v.from(domainPath(v.domain)), v.endedNotice(session))
}

// endedNotice says what the end of a session has done.
func (v *visit) endedNotice(session hotdesk.Session) string {
	person, _ := v.cfg.Directory.User(session.UserID)
	device, _ := v.cfg.Directory.Device(session.DeviceID)
	notice := person.Name + " is no longer logged in at " + v.desk(v.domain, device, nil).label() + "."
	if v.cfg.Calls.InCall(device.ID) {
		notice += " The call in progress goes on."
	}
	return notice
}

// session is the one that the address names.
func (v *visit) session() (hotdesk.Session, error) {
	found, err := v.cfg.Sessions.Sessions(v.r.Context(), hotdesk.Query{ID: v.r.PathValue("session"), Limit: 1})
	switch {
	case err != nil:
		return hotdesk.Session{}, err
	case len(found) == 0:
		return hotdesk.Session{}, errNowhere
	}
	return found[0], nil
}

// from is the page from which a step was taken.
func (v *visit) from(otherwise string) string {
	at, err := url.Parse(v.r.Referer())
	if err != nil || at.Host != v.r.Host || !strings.HasPrefix(at.Path, "/") {
		return otherwise
	}
	return local(at.RequestURI())
}

// initials are what stands in a person's circle.
func initials(name string) string {
	var letters []rune
	for word := range strings.FieldsSeq(name) {
		if r, _ := utf8.DecodeRuneInString(word); unicode.IsLetter(r) && len(letters) < 2 {
			letters = append(letters, unicode.ToUpper(r))
		}
	}
	return string(letters)
}
