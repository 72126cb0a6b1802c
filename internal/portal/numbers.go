package portal

import (
	"net/http"
	"strings"

	"github.com/hotdesk-pbx/hotdesk/internal/dialplan"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// numberView is a public number and whom it leads to.
type numberView struct {
	directory.Number

	DomainName string
	User       directory.User // zero: nobody
}

func (n numberView) path() string {
	return "/domains/" + n.DomainName + "/inventory/numbers/" + n.Number.Number
}

func (v *visit) viewNumber(n directory.Number) numberView {
	view := numberView{Number: n, DomainName: v.domain.Name}
	view.User, _ = v.cfg.Directory.User(n.UserID)
	return view
}

// numbers lists the public numbers of a domain.
func (v *visit) numbers() error {
	l := v.listing(domainPath(v.domain) + "/inventory/numbers")
	var rows []numberView
	for _, n := range v.cfg.Directory.Numbers(v.domain.ID) {
		view := v.viewNumber(n)
		shown := v.sees(directory.ActManageAccounts, view.User.Site) && (l.Only != onlyUnassigned || n.UserID == "")
		if shown && (l.finds(n.Number, view.User.Name, view.User.Extension) || strings.Contains(n.Number, directory.NormalNumber(l.Search))) {
			rows = append(rows, view)
		}
	}
	return v.show(http.StatusOK, "Phone Numbers", numberList(v.inventory(), l, cut(&l, rows)))
}

// numberNamed is the number that the address names.
func (v *visit) numberNamed() (numberView, error) {
	n, found := v.cfg.Directory.NumberByE164(v.r.PathValue("number"))
	view := v.viewNumber(n)
	if !found || n.DomainID != v.domain.ID || !v.sees(directory.ActManageAccounts, view.User.Site) {
		return numberView{}, errNowhere
	}
	return view, nil
}

// addNumberPage shows an empty form.
func (v *visit) addNumberPage() error {
	return v.showNumber(numberView{DomainName: v.domain.Name}, newForm(idField, directory.NewID()))
}

// numberPage shows a number to be changed.
func (v *visit) numberPage() error {
	n, err := v.numberNamed()
	if err != nil {
		return err
	}
	return v.showNumber(n, newForm("number", n.Number.Number, "user", n.User.Extension, tagField, directory.Tag(n.Number)))
}

func (v *visit) showNumber(n numberView, f *form) error {
	title := n.Number.Number
	if title == "" {
		title = "Add number"
	}
	return v.show(f.status, title, numberForm(v.domain, title, n, v.offers(), f))
}

// addNumber adds a number.
func (v *visit) addNumber() error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	id, err := f.newID()
	if err != nil {
		return err
	}
	done, err := v.change(f, id, func(o *directory.Office) error {
		if o.Number(id) != nil {
			return nil // it is made already
		}
		o.Numbers = append(o.Numbers, directory.Number{ID: id})
		return fillNumber(o, &o.Numbers[len(o.Numbers)-1], f)
	})
	return v.numberSaved(numberView{DomainName: v.domain.Name}, f, done, err)
}

// saveNumber changes a number as a form says.
func (v *visit) saveNumber() error {
	view, err := v.numberNamed()
	if err != nil {
		return err
	}
	f, err := v.readForm()
	if err != nil {
		return err
	}
	done, err := v.change(f, view.ID, func(o *directory.Office) error {
		n := o.Number(view.ID)
		if n == nil {
			return errNowhere
		}
		if err := f.unchanged(*n); err != nil {
			return err
		}
		return fillNumber(o, n, f)
	})
	return v.numberSaved(view, f, done, err)
}

func (v *visit) numberSaved(view numberView, f *form, done bool, err error) error {
	switch {
	case err != nil:
		return err
	case !done:
		return v.showNumber(view, f)
	default:
		return v.done(domainPath(v.domain)+"/inventory/numbers", f.text("number")+" is saved.")
	}
}

// fillNumber writes a form into a number of an office. It may be written as
// people dial it in the domain's country.
func fillNumber(o *directory.Office, n *directory.Number, f *form) (err error) {
	n.Number = directory.NormalNumber(f.text("number"))
	if e164, _ := dialplan.Public(n.Number, o.Domain.Country); e164 != "" {
		n.Number = e164
	}
	n.UserID, err = userIn(o, f, "user")
	return err
}

// deleteNumber removes a number.
func (v *visit) deleteNumber() error {
	view, err := v.numberNamed()
	if err != nil {
		return err
	}
	f := newForm()
	done, err := v.change(f, view.ID, func(o *directory.Office) error {
		o.RemoveNumber(view.ID)
		return nil
	})
	switch {
	case err != nil:
		return err
	case !done:
		return v.showNumber(view, f)
	default:
		return v.done(domainPath(v.domain)+"/inventory/numbers", view.Number.Number+" is removed.")
	}
}
