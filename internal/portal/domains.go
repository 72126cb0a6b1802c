package portal

import (
	"net/http"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// domainView is a domain in the list of them.
type domainView struct {
	directory.Domain

	Reseller string
	Users    int
}

// domains lists those in which somebody may see something.
func (v *visit) domains() error {
	var views []domainView
	for _, d := range v.visible() {
		views = append(views, domainView{Domain: d, Reseller: v.cfg.Directory.AccountName(d.ResellerID), Users: len(v.cfg.Directory.Users(d.ID))})
	}
	return v.show(http.StatusOK, "Domains", domainList(views, v.may(directory.ActManageServer)))
}

func (v *visit) addDomainPage() error {
	return v.showAddDomain(newForm(idField, directory.NewID()))
}

func (v *visit) showAddDomain(f *form) error {
	return v.show(f.status, "Add Domain", addDomainForm(f, v.resellers()))
}

// resellers are the accounts that a domain can be given to.
func (v *visit) resellers() []string {
	var names []string
	for _, d := range v.cfg.Directory.Domains() {
		for _, u := range v.cfg.Directory.Users(d.ID) {
			if u.Scope == directory.ScopeReseller {
				names = append(names, u.Extension+"@"+d.Name)
			}
		}
	}
	return names
}

// reseller is the ID of the account that a form names; "" for none.
func (v *visit) reseller(f *form) string {
	name := f.text("reseller")
	if name == "" {
		return ""
	}
	user, found := v.cfg.Directory.Account(name)
	if !found {
		f.refuse("reseller", "there is no user "+name+"; write the reseller's extension and domain, such as 1001@sales.test")
	}
	return user.ID
}

// addDomain makes a domain.
func (v *visit) addDomain() error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	id, err := f.newID()
	if err != nil {
		return err
	}
	if made, found := v.cfg.Directory.Domain(id); found { // by the same form, sent twice
		return v.done(domainPath(made)+"/users", made.Name+" is added already.")
	}
	reseller := v.reseller(f)
	if !f.right() {
		return v.showAddDomain(f)
	}
	e, err := v.cfg.Directory.Create(v.r.Context(), v.actor(), func(o *directory.Office) error {
		o.Domain = directory.Defaults(f.text("name"))
		o.Domain.ID, o.Domain.TimeZone, o.Domain.Country, o.Domain.ResellerID = id, f.text("timezone"), f.text("country"), reseller
		return nil
	})
	if err != nil {
		if err := f.take(err, id); err != nil {
			return err
		}
		return v.showAddDomain(f)
	}
	made := e.After.Domain
	return v.done(domainPath(made)+"/users", made.Name+" is added. Now add its people and desks.")
}

// resellerPage shows who manages the domain as a reseller.
func (v *visit) resellerPage() error {
	return v.showReseller(newForm("reseller", v.cfg.Directory.AccountName(v.domain.ResellerID), tagField, directory.Tag(v.domain.ResellerID)))
}

func (v *visit) showReseller(f *form) error {
	return v.show(f.status, "Reseller", resellerForm(v.domain, f, v.resellers()))
}

// saveReseller gives the domain to a reseller, or takes it back.
func (v *visit) saveReseller() error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	reseller := v.reseller(f)
	done, err := v.change(f, v.domain.ID, func(o *directory.Office) error {
		if err := f.unchanged(o.Domain.ResellerID); err != nil {
			return err
		}
		o.Domain.ResellerID = reseller
		return nil
	})
	if err != nil {
		return err
	}
	if !done {
		return v.showReseller(f)
	}
	if reseller == "" {
		return v.done("/domains", "No reseller manages "+v.domain.Name+".")
	}
	return v.done("/domains", f.text("reseller")+" manages "+v.domain.Name+".")
}
