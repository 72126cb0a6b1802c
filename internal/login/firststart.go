package login

import (
	"crypto/subtle"
	"sync/atomic"
)

// FirstStart guards the page on which the first super user of a server is
// made: whoever holds its token may open it while there is none.
type FirstStart struct {
	token   string
	managed func() bool
	taken   atomic.Bool
}

// NewFirstStart makes the guard of a server; the function tells whether there
// is a super user.
func NewFirstStart(managed func() bool) (*FirstStart, error) {
	token, err := newToken()
	if err != nil {
		return nil, err
	}
	return &FirstStart{token: token, managed: managed}, nil
}

// Token is for whoever has started the server, alone; "" when there is a super
// user.
func (f *FirstStart) Token() string {
	if f.taken.Load() || f.managed() {
		return ""
	}
	return f.token
}

// Opens tells whether a token opens the page.
func (f *FirstStart) Opens(token string) bool {
	return f.Token() != "" && subtle.ConstantTimeCompare([]byte(token), []byte(f.token)) == 1
}

// Use makes the super user by a function, of which only one runs at a time. It
// reports whether the page was open.
func (f *FirstStart) Use(makes func() error) (open bool, err error) {
	if f.managed() || !f.taken.CompareAndSwap(false, true) {
		return false, nil
	}
	defer f.taken.Store(false)
	return true, makes()
}
