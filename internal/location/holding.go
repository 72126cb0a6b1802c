package location

import (
	"cmp"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unique"

	"github.com/google/uuid"
)

// holding is a binding in memory. It is never changed but for its mark.
type holding struct {
	Binding

	unreachable atomic.Bool
}

func (h *holding) validAt(now time.Time) bool { return h.ExpiresAt.After(now) }

// renewed is a holding that lasts longer: it shares all texts with the one before.
func (h *holding) renewed(b *Binding) *holding {
	next := &holding{Binding: h.Binding}
	next.CSeq, next.RegisteredAt, next.ExpiresAt = b.CSeq, b.RegisteredAt, b.ExpiresAt
	return next
}

// compact copies a binding's texts but the device's ID, which is its device's: each may be a piece of a whole SIP message,
// which it would keep in memory as long as the binding lasts. Phones of one
// model share the text of their model.
func compact(b Binding) *holding {
	b.ID = strings.Clone(b.ID)
	b.Contact = strings.Clone(b.Contact)
	b.Flow = strings.Clone(b.Flow)
	b.InstanceID = strings.Clone(b.InstanceID)
	b.CallID = strings.Clone(b.CallID)
	b.UserAgent = unique.Make(b.UserAgent).Value()
	if len(b.Path) == 0 {
		b.Path = nil
	}
	// The list is fitted to its length and belongs to nobody else.
	b.Path = slices.Clip(slices.Clone(b.Path))
	for i := range b.Path {
		b.Path[i] = strings.Clone(b.Path[i])
	}
	return &holding{Binding: b}
}

// split parts the valid bindings from the expired ones, in their order.
func split(held []*holding, now time.Time) (valid, expired []*holding) {
	for _, h := range held {
		if h.validAt(now) {
			valid = append(valid, h)
		} else {
			expired = append(expired, h)
		}
	}
	return valid, expired
}

// apply tells which bindings hold after a change, and completes the change:
// with IDs, the device, what is only renewed, and the dropping of what has expired.
func apply(before, expired []*holding, change *Change, deviceID string) []*holding {
	drop := slices.Clone(change.Drop)
	next := make([]*holding, 0, max(len(before), len(change.Put)))
	for _, h := range before {
		if !slices.Contains(drop, h.ID) && !has(expired, h.ID) {
			next = append(next, h)
		}
	}
	put := change.Put
	change.Put, change.Renewed = nil, nil
	for _, b := range put {
		if b.ID == "" {
			b.ID = uuid.Must(uuid.NewV7()).String()
		}
		b.DeviceID = deviceID
		next = slices.DeleteFunc(next, func(h *holding) bool { return h.ID == b.ID })
		if old := find(before, b.ID); old != nil && b.renews(&old.Binding) {
			next = insert(next, old.renewed(&b))
			change.Renewed = append(change.Renewed, b)
		} else {
			next = insert(next, compact(b))
			change.Put = append(change.Put, b)
		}
		// A binding that is dropped and put again stands.
		drop = slices.DeleteFunc(drop, func(id string) bool { return id == b.ID })
	}
	for _, h := range expired {
		if !slices.Contains(drop, h.ID) && !has(next, h.ID) {
			drop = append(drop, h.ID)
		}
	}
	change.Drop = drop
	return next
}

// insert puts a binding where the order of [Service.Lookup] wants it.
func insert(held []*holding, h *holding) []*holding {
	at, _ := slices.BinarySearchFunc(held, h, func(a, b *holding) int {
		return cmp.Or(cmp.Compare(b.Q, a.Q), b.RegisteredAt.Compare(a.RegisteredAt))
	})
	return slices.Insert(held, at, h)
}

func has(held []*holding, id string) bool { return find(held, id) != nil }

// find is the binding with an ID, or nil.
func find(held []*holding, id string) *holding {
	i := slices.IndexFunc(held, func(h *holding) bool { return h.ID == id })
	if i < 0 {
		return nil
	}
	return held[i]
}

func ids(held []*holding) []string {
	list := make([]string, len(held))
	for i, h := range held {
		list[i] = h.ID
	}
	return list
}

func plain(held []*holding) []Binding {
	list := make([]Binding, len(held))
	for i, h := range held {
		list[i] = h.Binding
	}
	return list
}
