package sqlstore_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/events"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
)

// pairs is how often two people reach for one desk.
const pairs = 1000

// together runs two logins for each pair, all of them at once, and counts how
// many won and how many lost.
func together(login func(pair, side int) error, lost func(error) bool) (won, beaten int, odd []error) {
	var (
		group          sync.WaitGroup
		start          = make(chan struct{})
		wins, beatings atomic.Int64
		mu             sync.Mutex
	)
	for i := range 2 * pairs {
		group.Go(func() {
			<-start
			switch err := login(i/2, i%2); {
			case err == nil:
				wins.Add(1)
			case lost(err):
				beatings.Add(1)
			default:
				mu.Lock()
				odd = append(odd, err)
				mu.Unlock()
			}
		})
	}
	close(start)
	group.Wait()
	return int(wins.Load()), int(beatings.Load()), odd
}

// servers are two stores as two servers have them: on SQLite there is only one.
func servers(t *testing.T, db *database) [2]*database {
	t.Helper()
	if db.url == "sqlite" {
		return [2]*database{db, db}
	}
	return [2]*database{db, open(t, db.url, "")}
}

func assertOneSessionEach(t *testing.T, db *database) {
	t.Helper()
	for _, count := range []string{"*", "distinct device_id"} {
		if n := db.number(t, "select count("+count+") from sessions where ended_at is null"); n != pairs {
			t.Errorf("open sessions, count(%s): %d, want %d", count, n, pairs)
		}
	}
}

// The index alone decides between logins that nothing else keeps apart.
func TestThousandPairsAtTheStore(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			stores := servers(t, db)
			won, beaten, odd := together(func(pair, side int) error {
				s := session(fmt.Sprint("desk", pair), fmt.Sprint("person", side), 0)
				_, err := stores[side].Sessions().Commit(t.Context(), hotdesk.Change{Start: s})
				return err
			}, func(err error) bool { return errors.Is(err, hotdesk.ErrTaken) })
			if won != pairs || beaten != pairs || odd != nil {
				t.Errorf("%d won, %d lost, want %d each; %v", won, beaten, pairs, errors.Join(odd...))
			}
			assertOneSessionEach(t, db)
		})
	}
}

// The same through the service, two of them on one database: the loser is told
// who holds the desk.
func TestThousandPairsOfLogins(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			office := crowd(t, db)
			stores := servers(t, db)
			services := [2]*hotdesk.Service{service(t, stores[0]), service(t, stores[1])}
			won, beaten, odd := together(func(pair, side int) error {
				_, err := services[side].Login(t.Context(), hotdesk.LoginRequest{
					DeviceID: office.Devices[pair].ID, UserID: office.Users[2*pair+side].ID,
					By: hotdesk.By{Door: hotdesk.DoorStarCode},
				})
				return err
			}, func(err error) bool {
				_, taken := errors.AsType[*hotdesk.TakenError](err)
				return taken
			})
			if won != pairs || beaten != pairs || odd != nil {
				t.Errorf("%d won, %d lost, want %d each; %v", won, beaten, pairs, errors.Join(odd...))
			}
			assertOneSessionEach(t, db)
			for action, want := range map[string]int{"session.login": pairs, "session.refused": pairs} {
				if n := db.number(t, "select count(*) from audit_entries where action = '"+action+"'"); n != want {
					t.Errorf("%d audit entries %s, want %d", n, action, want)
				}
			}
		})
	}
}

// crowd is an office with a hot desk for each pair of people.
func crowd(t *testing.T, db *database) directory.Office {
	t.Helper()
	id := newID()
	change := directory.Change{Domain: directory.Domain{
		ID: id, Name: "acme.test", TimeZone: "America/Toronto",
		HotDesking: directory.HotDesking{Enabled: true, WhenTaken: directory.TakenRefuse, WhenElsewhere: directory.ElsewhereMove},
	}}
	for i := range pairs {
		change.PutDevices = append(change.PutDevices, directory.Device{ID: newID(), DomainID: id, Name: fmt.Sprint("desk", i)})
	}
	for i := range 2 * pairs {
		change.PutUsers = append(change.PutUsers, directory.User{
			ID: newID(), DomainID: id, Extension: fmt.Sprint(10_000 + i), Scope: directory.ScopeBasicUser, PINHash: "proven elsewhere",
		})
	}
	if err := db.Directory().Save(t.Context(), change); err != nil {
		t.Fatal(err)
	}
	return directory.Office{Domain: change.Domain, Users: change.PutUsers, Devices: change.PutDevices}
}

// service is a server's own hot desking on a store that it may share.
func service(t *testing.T, db *database) *hotdesk.Service {
	t.Helper()
	bus := &events.Bus{}
	office, err := directory.Open(t.Context(), db.Directory(), bus, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return hotdesk.New(hotdesk.Config{
		Store: db.Sessions(), Directory: office, Calls: silence{}, Events: bus,
		Now: time.Now, Log: slog.New(slog.DiscardHandler), Encode: json.Marshal,
	})
}

// silence is a switchboard without calls.
type silence struct{}

func (silence) InCall(string) bool { return false }

// Deciding on a person's sessions while others begin and end never leaves a
// desk with two, or a person who moves without one.
func TestMovesCrosswise(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			office := crowd(t, db)
			stores := servers(t, db)
			services := [2]*hotdesk.Service{service(t, stores[0]), service(t, stores[1])}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var group sync.WaitGroup
			for person := range 8 {
				group.Go(func() {
					for round := range 25 { // eight people swap four desks
						_, err := services[person%2].Login(ctx, hotdesk.LoginRequest{
							DeviceID: office.Devices[(person+round)%4].ID, UserID: office.Users[person].ID,
							By: hotdesk.By{Door: hotdesk.DoorPortal},
						})
						if _, taken := errors.AsType[*hotdesk.TakenError](err); err != nil && !taken {
							t.Error(err)
						}
					}
				})
			}
			group.Wait()
			if n := db.number(t, `select count(*) from (select device_id from sessions where ended_at is null
				group by device_id having count(*) > 1) as twice`); n != 0 {
				t.Errorf("%d desks have two sessions", n)
			}
			if n := db.number(t, `select count(*) from (select user_id from sessions where ended_at is null
				group by user_id having count(*) > 1) as twice`); n != 0 {
				t.Errorf("%d people who move are at two desks", n)
			}
		})
	}
}
