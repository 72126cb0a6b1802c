package restapi

import (
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hotdesk-pbx/hotdesk/internal/officefile"
)

const (
	prefix = "/api/v1"
	domain = prefix + "/domains/{domain}"
)

// route describes an operation. Its success is the status that its method
// usually has.
func route(id, method, path, summary string) huma.Operation {
	op := huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary}
	if method == http.MethodPost {
		op.DefaultStatus = http.StatusCreated
	}
	return op
}

// action describes an operation that makes nothing and answers nothing.
func action(id, path, summary string) huma.Operation {
	op := route(id, http.MethodPost, path, summary)
	op.DefaultStatus = http.StatusNoContent
	return op
}

// routes is every operation there is.
func (a *API) routes(api huma.API) {
	a.accountRoutes(api)
	a.lineRoutes(api)
	a.serverRoutes(api)
}

// The methods.
const (
	get    = http.MethodGet
	post   = http.MethodPost
	patch  = http.MethodPatch
	remove = http.MethodDelete
)

// accountRoutes are the operations on domains, users and what belongs to them.
func (a *API) accountRoutes(api huma.API) {
	huma.Register(api, route("list-domains", get, prefix+"/domains", "List the domains"), a.listDomains)
	huma.Register(api, route("add-domain", post, prefix+"/domains", "Make a domain"), a.addDomain)
	huma.Register(api, route("get-domain", get, domain, "Show a domain"), a.getDomain)
	huma.Register(api, route("set-domain", patch, domain, "Change a domain"), a.setDomain)
	huma.Register(api, route("delete-domain", remove, domain, "Remove a domain with all that belongs to it"), a.deleteDomain)

	huma.Register(api, route("list-users", get, domain+"/users", "List the users of a domain"), a.listUsers)
	huma.Register(api, route("add-user", post, domain+"/users", "Make a user"), a.addUser)
	huma.Register(api, route("get-user", get, domain+"/users/{extension}", "Show a user"), a.getUser)
	huma.Register(api, route("set-user", patch, domain+"/users/{extension}", "Change a user"), a.setUser)
	huma.Register(api, route("delete-user", remove, domain+"/users/{extension}",
		"Remove a user: a person's devices go too, a desk account's become unassigned"), a.deleteUser)

	huma.Register(api, action("unlock-user", domain+"/users/{extension}/unlock", "Let a user try again who was locked out after wrong PINs or passwords"), a.unlockUser)

	huma.Register(api, route("list-devices", get, domain+"/devices", "List the devices of a domain"), a.listDevices)
	huma.Register(api, route("add-device", post, domain+"/devices", "Make a device"), a.addDevice)
	huma.Register(api, route("get-device", get, domain+"/devices/{name}", "Show a device"), a.getDevice)
	huma.Register(api, route("set-device", patch, domain+"/devices/{name}", "Change a device"), a.setDevice)
	huma.Register(api, route("delete-device", remove, domain+"/devices/{name}", "Remove a device"), a.deleteDevice)

	huma.Register(api, action("unlock-device", domain+"/devices/{name}/unlock", "Let people try again at a device that was locked after wrong PINs"), a.unlockDevice)

	huma.Register(api, route("list-phones", get, domain+"/phones", "List the phones of a domain"), a.listPhones)
	huma.Register(api, route("add-phone", post, domain+"/phones", "Put a phone into the inventory"), a.addPhone)
	huma.Register(api, route("get-phone", get, domain+"/phones/{mac}", "Show a phone"), a.getPhone)
	huma.Register(api, route("set-phone", patch, domain+"/phones/{mac}", "Change a phone"), a.setPhone)
	huma.Register(api, route("delete-phone", remove, domain+"/phones/{mac}",
		"Take a phone out of the inventory; its devices stay"), a.deletePhone)
}

// lineRoutes are the operations on the lines to the public telephone network.
func (a *API) lineRoutes(api huma.API) {
	huma.Register(api, route("list-numbers", get, domain+"/numbers", "List the public numbers of a domain"), a.listNumbers)
	huma.Register(api, route("add-number", post, domain+"/numbers", "Add a public number"), a.addNumber)
	huma.Register(api, route("get-number", get, domain+"/numbers/{number}", "Show a public number"), a.getNumber)
	huma.Register(api, route("set-number", patch, domain+"/numbers/{number}", "Change a public number"), a.setNumber)
	huma.Register(api, route("delete-number", remove, domain+"/numbers/{number}", "Remove a public number"), a.deleteNumber)

	huma.Register(api, route("list-trunks", get, domain+"/trunks", "List the trunks of a domain in the order in which they are tried"), a.listTrunks)
	huma.Register(api, route("add-trunk", post, domain+"/trunks", "Add a trunk"), a.addTrunk)
	huma.Register(api, route("get-trunk", get, domain+"/trunks/{trunk}", "Show a trunk"), a.getTrunk)
	huma.Register(api, route("set-trunk", patch, domain+"/trunks/{trunk}", "Change a trunk"), a.setTrunk)
	huma.Register(api, route("delete-trunk", remove, domain+"/trunks/{trunk}", "Remove a trunk"), a.deleteTrunk)
}

// serverRoutes are the operations on what goes on, and on the data as a whole.
func (a *API) serverRoutes(api huma.API) {
	huma.Register(api, route("list-sessions", get, domain+"/sessions", "List sessions, newest first"), a.listSessions)
	huma.Register(api, route("start-session", post, domain+"/sessions", "Log a person in at a hot desk"), a.startSession)
	huma.Register(api, route("end-session", remove, domain+"/sessions/{session}", "End a session"), a.endSession)
	huma.Register(api, route("list-calls", get, domain+"/calls", "List calls, newest first"), a.listCalls)
	huma.Register(api, route("export-calls", get, domain+"/calls.csv", "Write calls as a file for spreadsheets (RFC 4180), newest first"), a.exportCalls)

	huma.Register(api, route("list-audit", get, domain+"/audit", "List who did what, newest first"), a.listAudit)

	backup := route("backup", post, prefix+"/backup", "Copy the data of the whole server, as a tar archive to unpack into an empty data folder")
	backup.DefaultStatus = http.StatusOK
	huma.Register(api, backup, a.backup)

	apply := route("apply-office", http.MethodPut, prefix+"/office", "Make a domain as an office file says")
	apply.MaxBodyBytes, apply.BodyReadTimeout = officefile.MaxSize, time.Minute
	huma.Register(api, apply, a.applyOffice)
	huma.Register(api, route("export-office", get, domain+"/office", "Write a domain as an office file"), a.exportOffice)
}
