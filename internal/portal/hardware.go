package portal

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/events"
	"github.com/hotdesk-pbx/hotdesk/internal/location"
)

// The choices of the list of phones.
const (
	onlyRegistered   = "registered"
	onlyUnregistered = "unregistered"
	onlyUnassigned   = "unassigned"
)

func phoneChoices() []choice {
	return []choice{{"", "All phones"}, {onlyRegistered, "Registered"}, {onlyUnregistered, "Not registered"}, {onlyUnassigned, "Nobody's (shared)"}}
}

// hardwareView is a phone of the inventory as the pages show it.
type hardwareView struct {
	directory.Phone

	DomainName   string
	Owners       []directory.User // of its devices, each once
	Stands       string           // where it does: its own place, else that of its desk
	Registration *registrationView
}

// registrationView is where and since when a device answers.
type registrationView struct {
	Since, From, Firmware string
}

// label names a phone for people: its name, else its model, else its address.
func (p hardwareView) label() string {
	switch {
	case p.Name != "":
		return p.Name
	case p.Model != "":
		return p.Model
	default:
		return directory.FormatMAC(p.MAC)
	}
}

// viewPhone looks up what is known of a phone now.
func (p *Portal) viewPhone(domain directory.Domain, phone directory.Phone) hardwareView {
	view := hardwareView{Phone: phone, DomainName: domain.Name, Stands: phone.Place}
	for _, name := range phone.Devices {
		device, found := p.cfg.Directory.DeviceByName(domain.ID, name)
		if !found {
			continue
		}
		if view.Registration == nil {
			view.Registration = p.registration(domain, device.ID)
		}
		owner, owned := p.cfg.Directory.User(device.OwnerID)
		view.Stands = cmp.Or(view.Stands, domain.PlaceOf(phone, owner))
		if owned && !slices.ContainsFunc(view.Owners, func(u directory.User) bool { return u.ID == owner.ID }) {
			view.Owners = append(view.Owners, owner)
		}
	}
	return view
}

// registration is where a device answers now; nil when it does not.
func (p *Portal) registration(domain directory.Domain, deviceID string) *registrationView {
	bindings := p.cfg.Locations.Lookup(deviceID)
	if len(bindings) == 0 {
		return nil
	}
	transport, from, _ := strings.Cut(bindings[0].Flow, ":")
	return &registrationView{
		Since: p.clock(domain, bindings[0].Since()), From: from + " (" + strings.ToUpper(transport) + ")", Firmware: bindings[0].UserAgent,
	}
}

// shows tells whether a phone belongs into a list.
func (p hardwareView) shows(l *listing) bool {
	texts := []string{directory.FormatMAC(p.MAC), p.MAC, p.Model, p.Name, p.Site, p.Stands, strings.Join(p.Devices, " ")}
	for _, owner := range p.Owners {
		texts = append(texts, owner.Name, owner.Extension)
	}
	switch l.Only {
	case onlyRegistered:
		return p.Registration != nil && l.finds(texts...)
	case onlyUnregistered:
		return p.Registration == nil && l.finds(texts...)
	case onlyUnassigned:
		return len(p.Owners) == 0 && l.finds(texts...)
	default:
		return l.finds(texts...)
	}
}

// hardwareRows are the phones of a page of the list.
func (v *visit) hardwareRows() (listing, []hardwareView) {
	l := v.listing(domainPath(v.domain) + "/inventory")
	office, _ := v.cfg.Directory.Office(v.domain.ID)
	var rows []hardwareView
	for _, phone := range office.Phones {
		if view := v.viewPhone(v.domain, phone); v.sees(directory.ActManageAccounts, phone.Site) && view.shows(&l) {
			rows = append(rows, view)
		}
	}
	return l, cut(&l, rows)
}

// hardware lists the phones of a domain.
func (v *visit) hardware() error {
	l, rows := v.hardwareRows()
	return v.show(http.StatusOK, "Phone Hardware", hardwareList(v.inventory(), l, rows))
}

// hardwareLive keeps an open list up to date.
func (v *visit) hardwareLive() error {
	return v.keepUp(v.movesInventory, func() (templ.Component, bool, error) {
		_, rows := v.hardwareRows()
		return hardwareNow(rows), false, nil
	})
}

// movesInventory tells whether a fact may change what a list of the inventory shows.
func (v *visit) movesInventory(fact events.Fact) bool {
	if changed, is := fact.(directory.Changed); is {
		return changed.DomainID == v.domain.ID
	}
	device, found := v.cfg.Directory.Device(registrationOf(fact))
	return found && device.DomainID == v.domain.ID
}

// registrationOf is the device that a fact about registrations concerns; "" for
// another fact.
func registrationOf(fact events.Fact) string {
	switch f := fact.(type) {
	case location.Registered:
		return f.Binding.DeviceID
	case location.Moved:
		return f.Binding.DeviceID
	case location.Unregistered:
		return f.Binding.DeviceID
	case location.Expired:
		return f.Binding.DeviceID
	default:
		return ""
	}
}
