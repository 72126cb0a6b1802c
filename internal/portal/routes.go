package portal

import (
	"net/http"
	"slices"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// route is one thing a browser may ask for.
type route struct {
	Pattern string
	needs   directory.Act // "" for what needs none
	open    bool          // also to who is not signed in
	do      func(*visit) error
}

// routes is every address there is. A route whose pattern names a domain is
// open to who may do the act there, and "not found" to everybody else.
func routes() []route {
	const domain = "/domains/{domain}"
	return slices.Concat(inventoryRoutes(domain+"/inventory"), lineRoutes(domain+"/inventory"), settingsRoutes(domain+"/settings"), ownRoutes(), []route{
		{Pattern: "GET /{$}", do: (*visit).home},
		{Pattern: "GET /sign-in", open: true, do: (*visit).signInPage},
		{Pattern: "POST /sign-in", open: true, do: (*visit).signIn},
		{Pattern: "GET /first-start/{token}", open: true, do: (*visit).firstStartPage},
		{Pattern: "POST /first-start/{token}", open: true, do: (*visit).firstStart},
		{Pattern: "GET /forgotten", open: true, do: (*visit).forgottenPage},
		{Pattern: "POST /forgotten", open: true, do: (*visit).forgotten},
		{Pattern: "GET " + NewPasswordPath + "{token}", open: true, do: (*visit).newPasswordPage},
		{Pattern: "POST " + NewPasswordPath + "{token}", open: true, do: (*visit).newPassword},
		{Pattern: "GET " + SignOnPath, open: true, do: (*visit).signOnPage},
		{Pattern: "GET " + SignOnBack, open: true, do: (*visit).signOnBack},
		{Pattern: "POST /sign-out", do: (*visit).signOut},

		{Pattern: "GET /domains", do: (*visit).domains},
		{Pattern: "GET /add-domain", needs: directory.ActManageServer, do: (*visit).addDomainPage},
		{Pattern: "POST /add-domain", needs: directory.ActManageServer, do: (*visit).addDomain},
		{Pattern: "GET " + domain + "/reseller", needs: directory.ActManageServer, do: (*visit).resellerPage},
		{Pattern: "POST " + domain + "/reseller", needs: directory.ActManageServer, do: (*visit).saveReseller},
		{Pattern: "GET " + domain, needs: directory.ActSeeCalls, do: (*visit).board},
		{Pattern: "GET " + domain + "/live", needs: directory.ActSeeCalls, do: (*visit).boardLive},
		{Pattern: "GET " + domain + "/floors/add", needs: directory.ActManageDomain, do: (*visit).addFloorPage},
		{Pattern: "POST " + domain + "/floors/add", needs: directory.ActManageDomain, do: (*visit).addFloor},
		{Pattern: "GET " + domain + "/floors/{floor}", needs: directory.ActSeeCalls, do: (*visit).floor},
		{Pattern: "GET " + domain + "/floors/{floor}/picture", needs: directory.ActSeeCalls, do: (*visit).floorPicture},
		{Pattern: "POST " + domain + "/floors/{floor}", needs: directory.ActManageDomain, do: (*visit).changeFloor},
		{Pattern: "POST " + domain + "/floors/{floor}/delete", needs: directory.ActManageDomain, do: (*visit).deleteFloor},
		{Pattern: "POST " + domain + "/floors/{floor}/desks", needs: directory.ActManageDomain, do: (*visit).placeDesk},
		{Pattern: "GET " + domain + "/reports", needs: directory.ActSeeCalls, do: (*visit).reports},
		{Pattern: "GET " + domain + "/reports/desks", needs: directory.ActSeeCalls, do: (*visit).deskReport},
		{Pattern: "GET " + domain + "/reports/people", needs: directory.ActSeeCalls, do: (*visit).peopleReport},
		{Pattern: "GET " + domain + "/reports/timeline", needs: directory.ActSeeCalls, do: (*visit).timeline},
		{Pattern: "GET " + domain + "/reports/csv/{table}", needs: directory.ActSeeCalls, do: (*visit).reportCSV},
		{Pattern: "GET " + domain + "/users", needs: directory.ActManageAccounts, do: (*visit).users},
		{Pattern: "GET " + domain + "/users/import", needs: directory.ActManageAccounts, do: (*visit).importPage},
		{Pattern: "POST " + domain + "/users/import", needs: directory.ActManageAccounts, do: (*visit).importTable},
		{Pattern: "GET " + domain + "/users.csv", needs: directory.ActManageAccounts, do: (*visit).exportUsers},
		{Pattern: "GET " + domain + "/phones.csv", needs: directory.ActManageAccounts, do: (*visit).exportPhones},
		{Pattern: "GET " + domain + "/users/add", needs: directory.ActManageAccounts, do: (*visit).addUserPage},
		{Pattern: "GET " + domain + "/users/add/extension", needs: directory.ActManageAccounts, do: (*visit).addUserHint},
		{Pattern: "POST " + domain + "/users/add", needs: directory.ActManageAccounts, do: (*visit).addUser},
		{Pattern: "GET " + domain + "/users/add-desks", needs: directory.ActManageAccounts, do: (*visit).addDesksPage},
		{Pattern: "POST " + domain + "/users/add-desks", needs: directory.ActManageAccounts, do: (*visit).addDesks},
		{Pattern: "GET " + domain + "/users/{extension}", needs: directory.ActManageAccounts, do: (*visit).userPage},
		{Pattern: "POST " + domain + "/users/{extension}", needs: directory.ActManageAccounts, do: (*visit).saveUser},
		{Pattern: "POST " + domain + "/users/{extension}/delete", needs: directory.ActManageAccounts, do: (*visit).deleteUser},
		{Pattern: "GET " + domain + "/users/{extension}/answering", needs: directory.ActManageAccounts, do: (*visit).answeringPage},
		{Pattern: "POST " + domain + "/users/{extension}/answering", needs: directory.ActManageAccounts, do: (*visit).saveAnswering},
		{Pattern: "GET " + domain + "/users/{extension}/security", needs: directory.ActManageAccounts, do: (*visit).securityPage},
		{Pattern: "POST " + domain + "/users/{extension}/secrets", needs: directory.ActManageAccounts, do: (*visit).renewSecrets},
		{Pattern: "POST " + domain + "/users/{extension}/unlock", needs: directory.ActManageAccounts, do: (*visit).unlock},
		{Pattern: "GET " + domain + "/users/{extension}/devices", needs: directory.ActManageAccounts, do: (*visit).userDevices},
		{Pattern: "POST " + domain + "/sessions/{session}/end", needs: directory.ActManageAccounts, do: (*visit).endSession},
		{Pattern: "GET " + domain + "/calls", needs: directory.ActSeeCalls, do: (*visit).allCalls},
		{Pattern: "GET " + domain + "/calls.csv", needs: directory.ActSeeCalls, do: (*visit).allCallsCSV},
	})
}

// ownRoutes lead to what is somebody's own.
func ownRoutes() []route {
	routes := []route{
		{Pattern: "GET /home", do: (*visit).ownHome},
		{Pattern: "GET /phones", do: (*visit).phones},
		{Pattern: "GET /phones/live", do: (*visit).phonesLive},
		{Pattern: "GET /phones/add", do: (*visit).addPhone},
		{Pattern: "POST /phones/{session}/release", do: (*visit).release},
		{Pattern: "GET /phones/activate", do: (*visit).activatePage},
		{Pattern: "POST /phones/activate", do: (*visit).activate},
		{Pattern: "GET /phones/activate/live", do: (*visit).activateLive},
		{Pattern: "POST /phones/activate/{activation}/cancel", do: (*visit).cancelActivation},

		{Pattern: "GET /messages", do: (*visit).messages},
		{Pattern: "GET /messages/live", do: (*visit).messagesLive},
		{Pattern: "GET /messages/{message}/sound", do: (*visit).messageSound},
		{Pattern: "POST /messages/{message}/saved", do: (*visit).markSaved},
		{Pattern: "POST /messages/{message}/new", do: (*visit).markNew},
		{Pattern: "POST /messages/{message}/delete", do: (*visit).deleteMessage},

		{Pattern: "GET /calls", do: (*visit).ownCalls},
		{Pattern: "GET /calls.csv", do: (*visit).ownCallsCSV},

		{Pattern: "GET /profile", do: (*visit).profile},
		{Pattern: "POST /profile", do: (*visit).saveProfile},
		{Pattern: "POST /profile/pin", do: (*visit).changePIN},
		{Pattern: "POST /profile/password", do: (*visit).changePassword},
		{Pattern: "POST /profile/browsers/{browser}/end", do: (*visit).endBrowser},
		{Pattern: "POST /profile/browsers/end-others", do: (*visit).endOtherBrowsers},

		{Pattern: "GET /desks/{domain}/{device}", do: (*visit).deskByLabel},
	}
	for i := range routes {
		routes[i].needs = directory.ActUseOwn
	}
	return routes
}

// Patterns are the method and path of every route, for a test that says who may
// use each.
func Patterns() []string {
	var patterns []string
	for _, r := range routes() {
		patterns = append(patterns, r.Pattern)
	}
	return patterns
}

// open makes the handler of a route: it finds out who asks, and whether they may.
func (p *Portal) open(r route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		v := &visit{Portal: p, w: w, r: req}
		if err := v.serve(r); err != nil {
			v.failed(err)
		}
	})
}
