package restapi

import (
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hotdesk-pbx/hotdesk/internal/checksync"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/floorplan"
	"github.com/hotdesk-pbx/hotdesk/internal/officefile"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
	"github.com/hotdesk-pbx/hotdesk/internal/spreadsheet"
)

const (
	prefix = "/api/v1"
	domain = prefix + "/domains/{domain}"
)

// backupID is the operation that changes nothing, although it is a POST, and
// whose answer is larger than what is kept.
const backupID = "backup"

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

// act describes an operation that makes nothing and answers with what came of it.
func act(id, path, summary string) huma.Operation {
	op := route(id, http.MethodPost, path, summary)
	op.DefaultStatus = http.StatusOK
	return op
}

// export describes an operation that answers with a file that is no JSON.
func export(id, path, contentType, summary string) huma.Operation {
	op := route(id, get, path, summary)
	op.Responses = map[string]*huma.Response{"200": {Content: map[string]*huma.MediaType{contentType: {Schema: &huma.Schema{Type: huma.TypeString}}}}}
	return op
}

// routes is every operation there is.
func (a *API) routes(r router) {
	a.accountRoutes(r)
	a.tableRoutes(r)
	a.lineRoutes(r)
	a.webhookRoutes(r)
	a.reportRoutes(r)
	a.floorRoutes(r)
	a.ownRoutes(r)
	a.serverRoutes(r)
}

// The rights.
const (
	server   = directory.ActManageServer
	settings = directory.ActManageDomain
	accounts = directory.ActManageAccounts
	calls    = directory.ActSeeCalls
	own      = directory.ActUseOwn
)

// The methods.
const (
	get    = http.MethodGet
	post   = http.MethodPost
	patch  = http.MethodPatch
	remove = http.MethodDelete
)

// accountRoutes are the operations on domains, users and what belongs to them.
func (a *API) accountRoutes(r router) {
	add(r, anybody, route("list-domains", get, prefix+"/domains", "List the domains"), a.listDomains)
	add(r, server, route("add-domain", post, prefix+"/domains", "Make a domain"), a.addDomain)
	add(r, accounts, route("get-domain", get, domain, "Show a domain"), a.getDomain)
	add(r, settings, route("set-domain", patch, domain, "Change a domain"), a.setDomain)
	add(r, server, route("delete-domain", remove, domain, "Remove a domain with all that belongs to it"), a.deleteDomain)

	add(r, accounts, route("list-users", get, domain+"/users", "List the users of a domain"), a.listUsers)
	add(r, accounts, route("add-user", post, domain+"/users", "Make a user"), a.addUser)
	add(r, accounts, route("get-user", get, domain+"/users/{extension}", "Show a user"), a.getUser)
	add(r, accounts, route("set-user", patch, domain+"/users/{extension}", "Change a user"), a.setUser)
	add(r, accounts, route("delete-user", remove, domain+"/users/{extension}",
		"Remove a user: a person's devices go too, a desk account's become unassigned"), a.deleteUser)

	add(r, accounts, action("unlock-user", domain+"/users/{extension}/unlock", "Let a user try again who was locked out after wrong PINs or passwords"), a.unlockUser)

	add(r, accounts, route("list-devices", get, domain+"/devices", "List the devices of a domain"), a.listDevices)
	add(r, accounts, route("add-device", post, domain+"/devices", "Make a device"), a.addDevice)
	add(r, accounts, route("get-device", get, domain+"/devices/{name}", "Show a device"), a.getDevice)
	add(r, accounts, route("set-device", patch, domain+"/devices/{name}", "Change a device"), a.setDevice)
	add(r, accounts, route("delete-device", remove, domain+"/devices/{name}", "Remove a device"), a.deleteDevice)

	add(r, accounts, action("unlock-device", domain+"/devices/{name}/unlock", "Let people try again at a device that was locked after wrong PINs"), a.unlockDevice)

	add(r, accounts, act("resync-device", domain+"/devices/{name}/resync", "Have the phones registered as a device fetch their settings"), a.tellDevice(checksync.Resync))
	add(r, accounts, act("reboot-device", domain+"/devices/{name}/reboot", "Have the phones registered as a device start anew"), a.tellDevice(checksync.Reboot))

	add(r, accounts, route("list-phones", get, domain+"/phones", "List the phones of a domain"), a.listPhones)
	add(r, accounts, route("add-phone", post, domain+"/phones", "Put a phone into the inventory"), a.addPhone)
	add(r, accounts, route("get-phone", get, domain+"/phones/{mac}", "Show a phone"), a.getPhone)
	add(r, accounts, route("set-phone", patch, domain+"/phones/{mac}", "Change a phone"), a.setPhone)
	add(r, accounts, route("delete-phone", remove, domain+"/phones/{mac}",
		"Take a phone out of the inventory; its devices stay"), a.deletePhone)
	add(r, accounts, act("resync-phone", domain+"/phones/{mac}/resync", "Have a phone fetch its settings"), a.tellPhone(checksync.Resync))
	add(r, accounts, act("reboot-phone", domain+"/phones/{mac}/reboot", "Have a phone start anew"), a.tellPhone(checksync.Reboot))
}

// floorRoutes are the operations on the pictures of floors.
func (a *API) floorRoutes(r router) {
	const floor = domain + "/floors/{floor}"
	add(r, calls, route("list-floors", get, domain+"/floors", "List the floors of a domain, with where desks stand on them"), a.listFloors)
	sized := func(op huma.Operation) huma.Operation {
		op.MaxBodyBytes, op.BodyReadTimeout = 2*floorplan.MaxBytes, time.Minute // the picture comes in base64
		return op
	}
	add(r, settings, sized(route("add-floor", post, domain+"/floors", "Add a floor with its picture")), a.addFloor)
	add(r, calls, route("get-floor", get, floor, "Show a floor"), a.getFloor)
	add(r, settings, sized(route("set-floor", patch, floor, "Change a floor")), a.setFloor)
	add(r, settings, route("delete-floor", remove, floor, "Remove a floor; its desks stand on none then"), a.deleteFloor)
	add(r, calls, route("get-floor-picture", get, floor+"/picture", "Read the picture of a floor"), a.getFloorPicture)
	add(r, settings, route("place-desk", http.MethodPut, floor+"/desks/{device}", "Put a desk on a floor, and off any other"), a.placeDesk)
	add(r, settings, route("clear-desk", remove, floor+"/desks/{device}", "Take a desk off its floor"), a.clearDesk)
}

// tableRoutes are the operations on people, desks and phones as tables of a spreadsheet.
func (a *API) tableRoutes(r router) {
	table := route("import-table", post, domain+"/import", "Add and change people, desks or phones as a CSV table says, all of it or nothing")
	table.DefaultStatus, table.MaxBodyBytes, table.BodyReadTimeout = http.StatusOK, spreadsheet.MaxSize+1, time.Minute
	add(r, accounts, table, a.importTable)
	add(r, accounts, export("export-users", domain+"/users.csv", "text/csv", "Write the people and desks of a domain as a CSV table, without their secrets"), a.exportUsers)
	add(r, accounts, export("export-phones", domain+"/phones.csv", "text/csv", "Write the phones of a domain as a CSV table"), a.exportPhones)
}

// lineRoutes are the operations on the lines to the public telephone network.
func (a *API) lineRoutes(r router) {
	add(r, accounts, route("list-numbers", get, domain+"/numbers", "List the public numbers of a domain"), a.listNumbers)
	add(r, accounts, route("add-number", post, domain+"/numbers", "Add a public number"), a.addNumber)
	add(r, accounts, route("get-number", get, domain+"/numbers/{number}", "Show a public number"), a.getNumber)
	add(r, accounts, route("set-number", patch, domain+"/numbers/{number}", "Change a public number"), a.setNumber)
	add(r, accounts, route("delete-number", remove, domain+"/numbers/{number}", "Remove a public number"), a.deleteNumber)

	add(r, settings, route("list-trunks", get, domain+"/trunks", "List the trunks of a domain in the order in which they are tried"), a.listTrunks)
	add(r, settings, route("add-trunk", post, domain+"/trunks", "Add a trunk"), a.addTrunk)
	add(r, settings, route("get-trunk", get, domain+"/trunks/{trunk}", "Show a trunk"), a.getTrunk)
	add(r, settings, route("set-trunk", patch, domain+"/trunks/{trunk}", "Change a trunk"), a.setTrunk)
	add(r, settings, route("delete-trunk", remove, domain+"/trunks/{trunk}", "Remove a trunk"), a.deleteTrunk)
}

// webhookRoutes are the operations on programs that are told of events.
func (a *API) webhookRoutes(r router) {
	const hooks = domain + "/webhooks"
	add(r, settings, route("list-webhooks", get, hooks, "List the webhooks of a domain"), a.listWebhooks)
	add(r, settings, route("add-webhook", post, hooks, "Have a program told of events; its secret is shown this once"), a.addWebhook)
	add(r, settings, route("get-webhook", get, hooks+"/{webhook}", "Show a webhook"), a.getWebhook)
	add(r, settings, route("set-webhook", patch, hooks+"/{webhook}", "Change a webhook"), a.setWebhook)
	add(r, settings, route("delete-webhook", remove, hooks+"/{webhook}", "Remove a webhook, with what was still to be sent to it"), a.deleteWebhook)
	add(r, settings, route("test-webhook", post, hooks+"/{webhook}/test", "Send a test event to a webhook now, and tell how that went"), a.testWebhook)
	add(r, settings, route("list-deliveries", get, hooks+"/{webhook}/deliveries", "List what was sent to a webhook in the last week, newest first"), a.listDeliveries)
	add(r, settings, route("replay-delivery", post, hooks+"/{webhook}/deliveries/{delivery}/replay", "Send to a webhook again what was sent before"), a.replayWebhook)
}

// ownRoutes are the operations of people on what is their own.
func (a *API) ownRoutes(r router) {
	const me = prefix + "/me"
	add(r, own, route("get-me", get, me, "Show the user for whom you act"), a.getMe)
	add(r, own, route("set-me", patch, me, "Change your PIN, password, forwards, do-not-disturb, and what callers see"), a.setMe)
	add(r, own, route("list-my-devices", get, me+"/devices", "List your devices"), a.listMyDevices)
	add(r, own, route("list-my-sessions", get, me+"/sessions", "List your sessions at hot desks, newest first"), a.listMySessions)
	add(r, own, route("end-my-session", remove, me+"/sessions/{session}", "Give back a hot desk"), a.endMySession)
	add(r, own, route("list-my-calls", get, me+"/calls", "List your calls, newest first"), a.listMyCalls)
	add(r, own, export("export-my-calls", me+"/calls.csv", "text/csv", "Write your calls as a file for spreadsheets (RFC 4180), newest first"), a.exportMyCalls)
	add(r, own, route("list-browsers", get, me+"/browsers", "List the browsers in which you are signed in to the portal, newest first"), a.listBrowsers)
	add(r, own, route("end-browser", remove, me+"/browsers/{browser}", "Sign yourself out in a browser"), a.endBrowser)

	add(r, own, route("list-messages", get, me+"/messages", "List your voicemail messages, oldest first"), a.listMessages)
	add(r, own, route("get-message", get, me+"/messages/{message}", "Show a message"), a.getMessage)
	add(r, own, route("get-message-sound", get, me+"/messages/{message}/sound", "Read a message as a WAV file"), a.getSound)
	add(r, own, route("set-message", patch, me+"/messages/{message}", "Mark a message as new or saved"), a.setMessage)
	add(r, own, route("delete-message", remove, me+"/messages/{message}", "Remove a message"), a.deleteMessage)

	add(r, own, route("activate-phone", post, me+"/activations", "Have a hot desk ring, at which you log in by keying in your PIN"), a.activate)
	add(r, own, route("get-activation", get, me+"/activations/{activation}", "Show how far that is"), a.getActivation)
	add(r, own, route("cancel-activation", remove, me+"/activations/{activation}", "Let it ring no longer"), a.cancelActivation)
}

// serverRoutes are the operations on what goes on, and on the data as a whole.
func (a *API) serverRoutes(r router) {
	add(r, accounts, route("list-sessions", get, domain+"/sessions", "List sessions, newest first"), a.listSessions)
	add(r, accounts, route("start-session", post, domain+"/sessions", "Log a person in at a hot desk"), a.startSession)
	add(r, accounts, route("end-session", remove, domain+"/sessions/{session}", "End a session"), a.endSession)
	add(r, calls, route("list-calls", get, domain+"/calls", "List calls, newest first"), a.listCalls)
	add(r, calls, export("export-calls", domain+"/calls.csv", "text/csv", "Write calls as a file for spreadsheets (RFC 4180), newest first"), a.exportCalls)

	add(r, accounts, route("list-audit", get, domain+"/audit", "List who did what, newest first"), a.listAudit)

	events := route("watch-events", get, prefix+"/events", "Tell what happens, as server-sent events: of your domain or site, or of what is your own")
	events.Description = "Each event has its type as the name, an id to go on behind with Last-Event-ID for 24 hours, and an Event as data. " +
		"An event named reset says that what you name is older, or unknown: read the state of things anew."
	events.Responses = map[string]*huma.Response{"200": {
		Description: "OK", Content: map[string]*huma.MediaType{"text/event-stream": {Schema: huma.SchemaFromType(r.api.OpenAPI().Components.Schemas, reflect.TypeFor[resource.Event]())}},
	}}
	add(r, anybody, events, a.watch)

	add(r, anybody, route("list-keys", get, prefix+"/keys", "List the API keys that are yours or in your care"), a.listKeys)
	add(r, anybody, route("add-key", post, prefix+"/keys", "Make an API key, which is shown this once"), a.addKey)
	add(r, anybody, route("delete-key", remove, prefix+"/keys/{key}", "Revoke an API key at once"), a.deleteKey)

	backup := route(backupID, post, prefix+"/backup", "Copy the data of the whole server, as a tar archive to unpack into an empty data folder")
	backup.DefaultStatus = http.StatusOK
	add(r, server, backup, a.backup)

	apply := route("apply-office", http.MethodPut, prefix+"/office", "Make a domain as an office file says")
	apply.MaxBodyBytes, apply.BodyReadTimeout = officefile.MaxSize, time.Minute
	add(r, anybody, apply, a.applyOffice)
	add(r, settings, export("export-office", domain+"/office", "application/toml", "Write a domain as an office file"), a.exportOffice)
}
