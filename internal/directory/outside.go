package directory

import (
	"cmp"
	"errors"

	"github.com/hotdesk-pbx/hotdesk/internal/dialplan"
)

// Why a number outside may not be called.
var (
	ErrInsideOnly   = errors.New("calls outside are not allowed")
	ErrNationalOnly = errors.New("calls to other countries are not allowed")
	ErrNoPremium    = errors.New("calls to premium rate numbers are not allowed")
)

// Permit decides whether a number outside may be called with a class of
// service. It fails with [ErrInsideOnly], [ErrNationalOnly] or [ErrNoPremium].
func (o Outside) Permit(class Class, reach dialplan.Reach) error {
	switch {
	case class != ClassNational && class != ClassAll:
		return ErrInsideOnly
	case reach == dialplan.Premium && !o.Premium:
		return ErrNoPremium
	case reach == dialplan.International && class != ClassAll:
		return ErrNationalOnly
	default:
		return nil
	}
}

// ClassOf is the class of service of whoever a device acts for: the user's
// own, else the domain's for people or for desks that nobody holds. Who acts
// for nobody, the zero User, calls inside only.
func (d Domain) ClassOf(holder User) Class {
	switch {
	case holder.ID == "":
		return ClassInside
	case holder.IsDeskAccount(d.HotDesking):
		return cmp.Or(holder.Class, d.Outside.DeskClass)
	default:
		return cmp.Or(holder.Class, d.Outside.Class)
	}
}

// CallerIDOf is the number in E.164 that a user shows outside, of the numbers
// that lead to the user: the user's caller ID, else such a number, else the
// domain's main number; "" where there is none of these. The network is told
// it also of a user who withholds it from whom is called.
func (d Domain) CallerIDOf(user User, leading []Number) string {
	return cmp.Or(user.number(), first(leading), d.MainNumber)
}

// number is the user's caller ID where that is a number.
func (u User) number() string {
	if u.CallerID == Withheld {
		return ""
	}
	return u.CallerID
}

// EmergencyNumberOf is the number that an emergency call shows from a device
// of an owner, the zero User for an unassigned device: first of all one at
// which calling back leads to the owner.
func (d Domain) EmergencyNumberOf(owner User, leading []Number) string {
	return cmp.Or(first(leading), owner.number(), d.MainNumber)
}

func first(numbers []Number) string {
	if len(numbers) == 0 {
		return ""
	}
	return numbers[0].Number
}

// PlaceOf is where a device stands: the place of the phone it is on, else that
// of the desk account that owns it. Where a person is says nothing of that.
func (d Domain) PlaceOf(phone Phone, owner User) string {
	if phone.Place == "" && owner.IsDeskAccount(d.HotDesking) {
		return owner.Place
	}
	return phone.Place
}
