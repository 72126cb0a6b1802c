package directory

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/hotdesk-pbx/hotdesk/internal/events"
)

// Service answers questions about the directory from memory, without a lock or
// an allocation, and is the only way to change it.
type Service struct {
	store  Store
	bus    *events.Bus
	now    func() time.Time
	index  atomic.Pointer[index]
	owners owners
}

// Open reads every office of a store. Changes are published on the bus as
// [Changed].
func Open(ctx context.Context, store Store, bus *events.Bus, now func() time.Time) (*Service, error) {
	all, err := store.Offices(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the directory: %w", err)
	}
	s := &Service{store: store, bus: bus, now: now}
	x := &index{byID: make(map[string]*cell, len(all)), byName: make(map[string]*cell, len(all))}
	for _, o := range all {
		o.order()
		c, n := &cell{}, newOffice(o)
		c.office.Store(n)
		x.byID[o.Domain.ID], x.byName[o.Domain.Name] = c, c
	}
	s.index.Store(x.settle())
	s.fillOwners(x)
	return s, nil
}

// fillOwners builds each shard once; adding office by office would copy them
// for each domain.
func (s *Service) fillOwners(x *index) {
	var shards [len(s.owners.shards)]map[string]*cell
	for _, c := range x.byID {
		c.office.Load().ids(func(id string) {
			i := shardOf(id)
			if shards[i] == nil {
				shards[i] = make(map[string]*cell)
			}
			shards[i][id] = c
		})
	}
	for i, shard := range shards {
		if shard != nil {
			s.owners.shards[i].Store(&shard)
		}
	}
}

// NewID makes an ID for whatever an office holds: a UUID of version 7.
func NewID() string { return uuid.Must(uuid.NewV7()).String() }

// Domains lists the domains by name.
func (s *Service) Domains() []Domain {
	x := s.index.Load()
	domains := make([]Domain, 0, len(x.byName))
	for _, name := range slices.Sorted(maps.Keys(x.byName)) {
		if d, ok := domainIn(x.byName[name]); ok {
			domains = append(domains, d)
		}
	}
	return domains
}

// Domain finds a domain by ID.
func (s *Service) Domain(id string) (Domain, bool) { return domainIn(s.index.Load().byID[id]) }

// DomainByName finds a domain by its name, in any case.
func (s *Service) DomainByName(name string) (Domain, bool) {
	return domainIn(s.index.Load().byName[strings.ToLower(name)])
}

// ForHost finds the domain that a request belongs to by the host of its
// address. A host that is no domain's name, such as the server's own address,
// belongs to the only domain there is, else to the one marked default.
func (s *Service) ForHost(host string) (Domain, bool) {
	x := s.index.Load()
	if c := x.byName[strings.TrimSuffix(strings.ToLower(host), ".")]; c != nil {
		return domainIn(c)
	}
	return domainIn(x.fallback)
}

// ForLogin finds the domain and the device's name for a user name as a phone
// sends it and the host it sends it to. "5401@acme.test" as user name works
// whatever the host is.
func (s *Service) ForLogin(userName, host string) (domain Domain, deviceName string, ok bool) {
	if local, name, found := strings.Cut(userName, "@"); found {
		domain, ok = s.DomainByName(name)
		return domain, strings.ToLower(local), ok
	}
	domain, ok = s.ForHost(host)
	return domain, strings.ToLower(userName), ok
}

func domainIn(c *cell) (Domain, bool) {
	if c == nil {
		return Domain{}, false
	}
	if o := c.office.Load(); o != nil {
		return o.Domain, true
	}
	return Domain{}, false
}

// officeOf is the newest version of an office; nil when there is none.
func (s *Service) officeOf(domainID string) *office {
	if c := s.index.Load().byID[domainID]; c != nil {
		return c.office.Load()
	}
	return nil
}

// Office is a copy of a whole office: users by extension, devices by name,
// phones by MAC address, trunks as [Service.Trunks] has them.
func (s *Service) Office(domainID string) (Office, bool) {
	if o := s.officeOf(domainID); o != nil {
		return o.Clone(), true
	}
	return Office{}, false
}

// User finds a user by ID.
func (s *Service) User(id string) (User, bool) {
	if o := s.owners.find(id); o != nil {
		return value(o.users[id])
	}
	return User{}, false
}

// Users lists the users of a domain by extension. The list belongs to the
// directory and must not be changed.
func (s *Service) Users(domainID string) []User {
	if o := s.officeOf(domainID); o != nil {
		return o.Users
	}
	return nil
}

// UserByExtension finds a user of a domain.
func (s *Service) UserByExtension(domainID, extension string) (User, bool) {
	if o := s.officeOf(domainID); o != nil {
		return value(o.extensions[extension])
	}
	return User{}, false
}

// Device finds a device by ID.
func (s *Service) Device(id string) (Device, bool) {
	if o := s.owners.find(id); o != nil {
		return value(o.devices[id])
	}
	return Device{}, false
}

// DeviceByName finds a device of a domain by its SIP user name, lower case.
func (s *Service) DeviceByName(domainID, name string) (Device, bool) {
	if o := s.officeOf(domainID); o != nil {
		return value(o.names[name])
	}
	return Device{}, false
}

// DevicesOf lists the devices a user owns. The list belongs to the directory
// and must not be changed.
func (s *Service) DevicesOf(userID string) []Device {
	if o := s.owners.find(userID); o != nil {
		return o.devicesOf[userID]
	}
	return nil
}

// PhoneOf finds the phone a device is on. Its list of devices belongs to the
// directory and must not be changed.
func (s *Service) PhoneOf(deviceID string) (Phone, bool) {
	if o := s.owners.find(deviceID); o != nil {
		return value(o.phoneOf[deviceID])
	}
	return Phone{}, false
}

// Numbers lists the public numbers of a domain. The list belongs to the
// directory and must not be changed.
func (s *Service) Numbers(domainID string) []Number {
	if o := s.officeOf(domainID); o != nil {
		return o.Numbers
	}
	return nil
}

// NumberByE164 finds a public number, such as "+14165550101", in any domain.
func (s *Service) NumberByE164(number string) (Number, bool) {
	if o := s.owners.find(number); o != nil {
		return value(o.numbers[number])
	}
	return Number{}, false
}

// NumbersOf lists the public numbers that lead to a user. The list belongs to
// the directory and must not be changed.
func (s *Service) NumbersOf(userID string) []Number {
	if o := s.owners.find(userID); o != nil {
		return o.numbersOf[userID]
	}
	return nil
}

// Trunks lists the trunks of a domain in the order in which they are tried.
// The list belongs to the directory and must not be changed.
func (s *Service) Trunks(domainID string) []Trunk {
	if o := s.officeOf(domainID); o != nil {
		return o.Trunks
	}
	return nil
}

// Trunk finds a trunk by ID.
func (s *Service) Trunk(id string) (Trunk, bool) {
	if o := s.owners.find(id); o != nil {
		return value(o.trunks[id])
	}
	return Trunk{}, false
}

// IsHotDesk reports whether a device can be borrowed: whether nobody owns it,
// or a desk account does.
func (s *Service) IsHotDesk(device Device) bool {
	if device.OwnerID == "" {
		return true
	}
	o := s.officeOf(device.DomainID)
	if o == nil {
		return false
	}
	owner := o.users[device.OwnerID]
	return owner != nil && owner.IsDeskAccount(o.Domain.HotDesking)
}

func value[T any](p *T) (T, bool) {
	if p == nil {
		var none T
		return none, false
	}
	return *p, true
}
