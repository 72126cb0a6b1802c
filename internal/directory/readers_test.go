package directory_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// Readers never wait for, or see half of, an edit.
func TestReadersBesideEdits(t *testing.T) {
	t.Parallel()
	s, _ := open(t, &memory{})
	made := create(t, s)
	ana := made.UserByExtension("1001").ID
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				u, ok := s.User(ana)
				v, same := s.UserByExtension(made.Domain.ID, u.Extension)
				if !ok || same && v.ID != ana {
					t.Errorf("the user is %+v, %v", u, ok)
					return
				}
			}
		})
	}
	for n := range 100 {
		_, err := s.Edit(t.Context(), directory.CLI(), made.Domain.ID, func(o *directory.Office) error {
			o.User(ana).Extension = fmt.Sprint(1000 + n%7)
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	close(stop)
	wg.Wait()
}
