package hotdesk

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"
)

// Used notes that the desk of a session was used: that a call began or ended
// there, or a key was pressed. A login that was tried there is no use of it. It returns at once; the note is
// stored within seconds. Without a session (nil) there is nothing to note.
func (s *Service) Used(session *Session) {
	if session != nil {
		s.uses.note(session.ID, s.cfg.Now())
	}
}

// storeUses writes down the uses noted so far.
func (s *Service) storeUses(ctx context.Context) error {
	noted := s.uses.all()
	if len(noted) == 0 {
		return nil
	}
	ids := make([]string, 0, len(noted))
	var last time.Time
	for id, at := range noted {
		ids = append(ids, id)
		if at.After(last) {
			last = at
		}
	}
	if err := s.cfg.Store.Use(ctx, ids, last); err != nil {
		return fmt.Errorf("store the use of desks: %w", err)
	}
	s.uses.forget(noted)
	return nil
}

// uses holds when sessions were used, until that is stored. One that is being
// stored is still held, so that no decision misses it in between.
type uses struct {
	mu sync.Mutex
	at map[string]time.Time // by session ID
}

func (u *uses) note(sessionID string, at time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.at == nil {
		u.at = make(map[string]time.Time)
	}
	u.at[sessionID] = at
}

// latest is when a session was used, whether that is stored or not.
func (u *uses) latest(s Session) time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	if at, noted := u.at[s.ID]; noted && at.After(s.UsedAt) {
		return at
	}
	return s.UsedAt
}

func (u *uses) all() map[string]time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	return maps.Clone(u.at)
}

// forget drops what has been stored and was not noted anew meanwhile.
func (u *uses) forget(stored map[string]time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for id, at := range stored {
		if u.at[id].Equal(at) {
			delete(u.at, id)
		}
	}
}
