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

// compact copies a binding's texts: each may be a piece of a whole SIP message,
// which it would keep in memory as long as the binding lasts. Phones of one
// model share the text of their model.
func compact(b Binding) *holding {
	b.ID = strings.Clone(b.ID)
	b.DeviceID = strings.Clone(b.DeviceID)
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
// with IDs, the device, and the dropping of what has expired.
func apply(before, expired []*holding, change *Change, deviceID string) []*holding {
	change.Put = slices.Clone(change.Put)
	change.Drop = slices.Clone(change.Drop)
	next := slices.DeleteFunc(slices.Clone(before), func(h *holding) bool {
		return slices.Contains(change.Drop, h.ID) || has(expired, h.ID)
	})
	for i := range change.Put {
		put := &change.Put[i]
		if put.ID == "" {
			put.ID = uuid.Must(uuid.NewV7()).String()
		}
		put.DeviceID = deviceID
		next = slices.DeleteFunc(next, func(h *holding) bool { return h.ID == put.ID })
		next = insert(next, compact(*put))
		// A binding that is dropped and put again stands.
		change.Drop = slices.DeleteFunc(change.Drop, func(id string) bool { return id == put.ID })
	}
	for _, id := range ids(expired) {
		if !slices.Contains(change.Drop, id) && !has(next, id) {
			change.Drop = append(change.Drop, id)
		}
	}
	return next
}

// insert puts a binding where the order of [Service.Lookup] wants it, into a
// list of its own.
func insert(held []*holding, h *holding) []*holding {
	at, _ := slices.BinarySearchFunc(held, h, func(a, b *holding) int {
		return cmp.Or(cmp.Compare(b.Q, a.Q), b.RegisteredAt.Compare(a.RegisteredAt))
	})
	list := make([]*holding, 0, len(held)+1)
	list = append(list, held[:at]...)
	list = append(list, h)
	return append(list, held[at:]...)
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
