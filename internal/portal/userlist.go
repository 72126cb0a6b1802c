package portal

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// usersPerPage is how many users stand on one page of their list.
const usersPerPage = 50

// userView is a user in a list.
type userView struct {
	directory.User

	DeskAccount bool
	Devices     []string
	Numbers     []string // public ones that lead to the user
}

// userFilter says which users a list shows.
type userFilter struct {
	Text        string // in the extension, name, e-mail address or place
	Kind        string // kindPerson, kindDesk; "" for both
	Scope, Site string
	Page        int // counted from 1
}

// userPageView is one page of the list of users.
type userPageView struct {
	Domain directory.Domain
	Filter userFilter
	Users  []userView
	Found  int // on all pages
	Total  int // that could be found
	Sites  []string
}

func (p userPageView) pages() int { return max(1, (p.Found+usersPerPage-1)/usersPerPage) }

// path is the address of a page of the same list.
func (p userPageView) path(page int) string {
	query := url.Values{}
	for name, value := range map[string]string{"q": p.Filter.Text, "kind": p.Filter.Kind, "scope": p.Filter.Scope, "site": p.Filter.Site} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if page > 1 {
		query.Set("page", strconv.Itoa(page))
	}
	path := domainPath(p.Domain) + "/users"
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return path
}

// filter reads what the address says of the list.
func (v *visit) filter() userFilter {
	query := v.r.URL.Query()
	page, err := strconv.Atoi(query.Get("page"))
	if err != nil || page < 1 {
		page = 1
	}
	return userFilter{
		Text: strings.TrimSpace(query.Get("q")), Kind: query.Get("kind"), Scope: query.Get("scope"), Site: query.Get("site"), Page: page,
	}
}

// shows tells whether a user belongs to the list.
func (f userFilter) shows(u *directory.User, policy directory.HotDesking) bool {
	if f.Kind != "" && f.Kind != kindOf(*u, policy) || f.Scope != "" && f.Scope != string(u.Scope) || f.Site != "" && f.Site != u.Site {
		return false
	}
	text := strings.ToLower(f.Text)
	for _, in := range []string{u.Extension, u.Name, u.Email, u.Place} {
		if strings.Contains(strings.ToLower(in), text) {
			return true
		}
	}
	return false
}

// users lists the people and desk accounts of a domain.
func (v *visit) users() error {
	page := userPageView{Domain: v.domain, Filter: v.filter(), Sites: v.sites()}
	actor := v.actor()
	from := (page.Filter.Page - 1) * usersPerPage
	all := v.cfg.Directory.Users(v.domain.ID)
	for i := range all {
		u := &all[i]
		if !directory.May(actor, directory.ActManageAccounts, directory.Target{DomainID: v.domain.ID, Site: u.Site}) {
			continue
		}
		page.Total++
		if !page.Filter.shows(u, v.domain.HotDesking) {
			continue
		}
		if page.Found >= from && page.Found < from+usersPerPage {
			page.Users = append(page.Users, v.viewUser(*u))
		}
		page.Found++
	}
	return v.show(http.StatusOK, "Users", userList(page))
}

func (v *visit) viewUser(u directory.User) userView {
	view := userView{User: u, DeskAccount: u.IsDeskAccount(v.domain.HotDesking)}
	for _, d := range v.cfg.Directory.DevicesOf(u.ID) {
		view.Devices = append(view.Devices, d.Name)
	}
	for _, n := range v.cfg.Directory.NumbersOf(u.ID) {
		view.Numbers = append(view.Numbers, n.Number)
	}
	return view
}

// The kinds of account.
const (
	kindPerson = "person"
	kindDesk   = "desk"
)

func kindOf(u directory.User, policy directory.HotDesking) string {
	if u.IsDeskAccount(policy) {
		return kindDesk
	}
	return kindPerson
}
