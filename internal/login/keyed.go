package login

import (
	"context"
	"sync"
)

// keyed makes acts on the same key wait for one another, and no others. Its
// zero value is ready for use.
type keyed struct {
	mu    sync.Mutex
	byKey map[string]*turn
}

type turn struct {
	token chan struct{} // full while somebody has the turn
	users int           // guarded by keyed.mu: those who have it or wait
}

// lock waits for a key's turn and returns what gives it back. It fails only
// when the context ends first.
func (k *keyed) lock(ctx context.Context, key string) (unlock func(), err error) {
	t := k.join(key)
	select {
	case t.token <- struct{}{}:
		return func() { <-t.token; k.leave(key, t) }, nil
	case <-ctx.Done():
		k.leave(key, t)
		return nil, ctx.Err()
	}
}

func (k *keyed) join(key string) *turn {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.byKey == nil {
		k.byKey = make(map[string]*turn)
	}
	t := k.byKey[key]
	if t == nil {
		t = &turn{token: make(chan struct{}, 1)}
		k.byKey[key] = t
	}
	t.users++
	return t
}

func (k *keyed) leave(key string, t *turn) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if t.users--; t.users == 0 {
		delete(k.byKey, key)
	}
}
