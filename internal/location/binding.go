// Package location knows where each device answers now: the bindings that
// REGISTER makes (RFC 3261 10.3). It knows nothing of SQL.
package location

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Binding is where a device answers now.
type Binding struct {
	ID           string // of this binding, made at its first save
	DeviceID     string
	Contact      string   // the contact URI as the phone gave it
	Path         []string // RFC 3327, topmost first
	Flow         string   // the way it came, "udp:192.0.2.1:5060": a [sip.Flow] as text
	InstanceID   string   // RFC 5626 +sip.instance, or ""
	RegID        int      // RFC 5626 reg-id, or 0
	CallID       string
	CSeq         uint32
	Q            int // thousandths, 0 to 1000
	UserAgent    string
	NAT          bool // the source was not the contact's address
	RegisteredAt time.Time
	ExpiresAt    time.Time
}

// Since is when the device came to answer here, which the ID tells (RFC 9562
// 5.7); RegisteredAt is when it last said so.
func (b *Binding) Since() time.Time {
	id, err := uuid.Parse(b.ID)
	if err != nil || id.Version() != 7 {
		return b.RegisteredAt
	}
	return time.Unix(id.Time().UnixTime()).UTC()
}

// Change is what one REGISTER does to a device's bindings.
type Change struct {
	Put     []Binding
	Renewed []Binding // known before, and new only in CSeq, RegisteredAt and ExpiresAt: nearly every REGISTER. [Service.Apply] takes them out of Put
	Drop    []string  // binding IDs
}

// renews tells whether a binding only lasts longer than before.
func (b *Binding) renews(before *Binding) bool {
	return b.Contact == before.Contact && b.Flow == before.Flow && b.InstanceID == before.InstanceID && b.RegID == before.RegID &&
		b.CallID == before.CallID && b.Q == before.Q && b.UserAgent == before.UserAgent && b.NAT == before.NAT &&
		slices.Equal(b.Path, before.Path)
}

// Store keeps bindings on disk. Save returns when the change is on disk; many
// changes share one sync.
type Store interface {
	// Bindings reads every binding, for the start of the server.
	Bindings(ctx context.Context) ([]Binding, error)
	Save(ctx context.Context, c Change) error
}
