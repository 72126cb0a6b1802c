package portal

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// userOf is the user that the address names.
func (v *visit) userOf() (directory.User, error) {
	user, found := v.cfg.Directory.UserByExtension(v.domain.ID, v.r.PathValue("extension"))
	if !found || !v.sees(directory.ActManageAccounts, user.Site) {
		return directory.User{}, errNowhere
	}
	return user, nil
}

// userPage shows a user to be changed.
func (v *visit) userPage() error {
	user, err := v.userOf()
	if err != nil {
		return err
	}
	f := newForm("extension", user.Extension, "name", user.Name, "email", user.Email, "scope", string(user.Scope),
		"site", user.Site, "place", user.Place, "caller_id", user.CallerID, "enabled", strconv.FormatBool(!user.Disabled),
		"hot_desking", strconv.FormatBool(!user.NoHotDesking), tagField, directory.Tag(user))
	return v.showUser(user, f)
}

func (v *visit) showUser(user directory.User, f *form) error {
	return v.show(f.status, user.Name, userForm(v.domain, v.viewUser(user), v.grantable(), v.sites(), f))
}

// saveUser changes a user as a form says. Whoever it would log out is shown first.
func (v *visit) saveUser() error {
	user, err := v.userOf()
	if err != nil {
		return err
	}
	f, err := v.readForm()
	if err != nil {
		return err
	}
	done, err := v.changeAsking(f, user.ID, func(o *directory.Office) error {
		u := o.User(user.ID)
		if u == nil {
			return errNowhere
		}
		if err := f.unchanged(*u); err != nil {
			return err
		}
		u.Extension, u.Name, u.Email, u.Place, u.CallerID = f.text("extension"), f.text("name"), f.text("email"), f.text("place"), f.text("caller_id")
		u.Scope, u.Site = directory.Scope(f.text("scope")), f.text("site")
		u.Disabled, u.NoHotDesking = !f.ticked("enabled"), !f.ticked("hot_desking")
		return nil
	})
	if err != nil {
		return err
	}
	if !done {
		return v.showUser(user, f)
	}
	return v.done("/domains/"+v.domain.Name+"/users/"+f.text("extension"), f.text("name")+" is saved.")
}

// grantable are the scopes that whoever is signed in may give.
func (v *visit) grantable() []choice {
	var choices []choice
	for _, scope := range directory.Scopes() {
		if directory.MayGrant(v.actor(), scope) {
			choices = append(choices, choice{Value: string(scope), Label: scopeName(scope)})
		}
	}
	return choices
}

// sites are those that whoever is signed in may put something into.
func (v *visit) sites() []string {
	return slices.DeleteFunc(v.cfg.Directory.Sites(v.domain.ID), func(site string) bool { return !v.sees(directory.ActManageAccounts, site) })
}

// scopeName is how people call a scope: "Call Center Agent".
func scopeName(scope directory.Scope) string {
	words := strings.Split(string(scope), "_")
	for i, word := range words {
		words[i] = strings.ToUpper(word[:1]) + word[1:]
	}
	return strings.Join(words, " ")
}

// deleteUser removes a user.
func (v *visit) deleteUser() error {
	user, err := v.userOf()
	if err != nil {
		return err
	}
	f := newForm()
	done, err := v.changeAsking(f, user.ID, func(o *directory.Office) error {
		o.RemoveUser(user.ID)
		return nil
	})
	if err != nil {
		return err
	}
	if !done {
		return v.show(http.StatusUnprocessableEntity, user.Name, problems(f))
	}
	return v.done("/domains/"+v.domain.Name+"/users", user.Name+" is removed.")
}
