package portal

import (
	"strings"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// shownDomains is how many domains the picker in the bar offers at once; the
// page of all of them has the rest.
const shownDomains = 10

// entry is a place that the bar or a menu leads to.
type entry struct {
	Name, Path string
	Icon       string // of icons.svg
	Here       bool
}

// frame is what stands around the content of a page.
type frame struct {
	Title   string
	Notice  string         // what the step before has done
	User    directory.User // zero: nobody is signed in
	Domain  directory.Domain
	Bar     []entry
	Own     []entry // a manager's own things, in the account's menu
	Domains []entry // to pick from; empty for who sees one domain only
}

// managed are the places of a domain, as paths of routes.
func managed() []entry {
	const domain = "/domains/{domain}"
	return []entry{
		{Name: "Home", Path: domain, Icon: "home"},
		{Name: "Users", Path: domain + "/users", Icon: "users"},
		{Name: "Inventory", Path: domain + "/inventory", Icon: "inventory"},
		{Name: "Calls", Path: domain + "/calls", Icon: "calls"},
		{Name: "Reports", Path: domain + "/reports", Icon: "reports"},
		{Name: "Settings", Path: domain + "/settings", Icon: "settings"},
	}
}

// personal are the places of a person.
func personal() []entry {
	return []entry{
		{Name: "Home", Path: "/home", Icon: "home"},
		{Name: "Phones", Path: "/phones", Icon: "phones"},
		{Name: "Messages", Path: "/messages", Icon: "messages"},
		{Name: "Calls", Path: "/calls", Icon: "calls"},
		{Name: "Profile", Path: "/profile", Icon: "profile"},
	}
}

func (v *visit) frame(title string) frame {
	f := frame{Title: title, Notice: v.notice(), User: v.user, Domain: v.domain}
	if v.user.ID == "" {
		return f
	}
	f.Bar, f.Own = v.reachable(managed()), v.reachable(personal())
	if len(f.Bar) == 0 {
		f.Bar, f.Own = f.Own, nil
	}
	v.markHere(f.Bar)
	v.markHere(f.Own)
	f.Domains = v.pick(f.Bar)
	return f
}

// reachable are the entries that lead to a page which whoever is signed in may see.
func (v *visit) reachable(entries []entry) []entry {
	var reached []entry
	for _, e := range entries {
		if needs, is := v.pages[e.Path]; is && (needs == "" || v.may(needs)) {
			e.Path = strings.ReplaceAll(e.Path, "{domain}", v.domain.Name)
			reached = append(reached, e)
		}
	}
	return reached
}

// markHere marks the entry that the page which is open belongs to.
func (v *visit) markHere(entries []entry) {
	longest := -1
	for i, e := range entries {
		within := v.r.URL.Path == e.Path || strings.HasPrefix(v.r.URL.Path, e.Path+"/")
		if within && (longest < 0 || len(e.Path) > len(entries[longest].Path)) {
			longest = i
		}
	}
	if longest >= 0 {
		entries[longest].Here = true
	}
}

// pick leads to the same place in other domains, for who sees several or may add one.
func (v *visit) pick(bar []entry) []entry {
	domains := v.visible()
	if len(domains) < 2 && !v.may(directory.ActManageServer) {
		return nil
	}
	place := ""
	for _, e := range bar {
		if e.Here {
			place = strings.TrimPrefix(e.Path, domainPath(v.domain))
		}
	}
	var picks []entry
	for _, d := range domains[:min(len(domains), shownDomains)] {
		picks = append(picks, entry{Name: d.Name, Path: domainPath(d) + place, Here: d.ID == v.domain.ID})
	}
	return picks
}

// visible are the domains in which whoever is signed in may see something.
func (v *visit) visible() []directory.Domain {
	actor := v.actor()
	var mine []directory.Domain
	for _, d := range v.cfg.Directory.Domains() {
		if directory.MayWithin(actor, directory.ActSeeCalls, d.ID) {
			mine = append(mine, d)
		}
	}
	return mine
}
