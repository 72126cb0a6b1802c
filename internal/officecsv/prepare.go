package officecsv

import (
	"crypto/rand"
	"runtime"
	"sync"

	"github.com/hotdesk-pbx/hotdesk/internal/credential"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// manner is how secrets are made: really, or only so far that all of them
// are checked.
type manner bool

const (
	inEarnest manner = true
	pretended manner = false
)

// pretendedHash stands for the hash of a secret while a table is only tried.
const pretendedHash = "$argon2id$v=19$m=64,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// prepare does what takes long before an edit begins: it makes and hashes the
// secrets, on all cores. What is wrong with them becomes a flaw of the sheet.
func (s *Sheet) prepare(base directory.Office, actor directory.Actor, how manner) (*builder, error) {
	b := &builder{Sheet: *s, actor: actor, domain: base.Domain, lines: make([]prepared, len(s.lines))}
	have := make(map[string]*directory.User, len(base.Users))
	for i := range base.Users {
		have[base.Users[i].Extension] = &base.Users[i]
	}
	there := make(map[string]bool, len(base.Devices))
	for i := range base.Devices {
		there[base.Devices[i].Name] = true
	}
	var (
		mu    sync.Mutex
		work  sync.WaitGroup
		fault error
		next  = make(chan int)
	)
	for range runtime.GOMAXPROCS(0) {
		work.Go(func() {
			for i := range next {
				m := maker{how: how, domain: base.Domain.Name, there: there}
				l, err := m.line(s.lines[i], have[s.lines[i].name])
				b.lines[i] = l
				mu.Lock()
				b.flaws = append(b.flaws, m.flaws...)
				if fault == nil {
					fault = err
				}
				mu.Unlock()
			}
		})
	}
	for i := range s.lines {
		next <- i
	}
	close(next)
	work.Wait()
	return b, fault
}

// maker makes the secrets of one line.
type maker struct {
	how    manner
	domain string
	there  map[string]bool // the names of the devices there are
	flaws  []Problem
}

// refuses notes what is wrong with a secret, if anything is.
func (m *maker) refuses(e entry, field string, err error) bool {
	if err != nil {
		m.flaws = append(m.flaws, Problem{e.line, field, err.Error(), "choose another, or write " + newWord + " to have one made"})
	}
	return err != nil
}

func (m *maker) line(e entry, before *directory.User) (prepared, error) {
	l := prepared{entry: e}
	if before == nil {
		before = &directory.User{}
	}
	if err := m.pin(&l, before.PINHash); err != nil {
		return l, err
	}
	if err := m.password(&l); err != nil {
		return l, err
	}
	return l, m.deviceList(&l)
}

func (m *maker) pin(l *prepared, before string) (err error) {
	pin := l.cells["pin"]
	if pin == newWord {
		if pin, err = credential.NewPIN(rand.Reader, l.name); err != nil {
			return err
		}
		l.keep(Secret{PIN: pin})
	}
	switch {
	case pin == "":
		return nil
	case m.refuses(l.entry, "pin", credential.CheckPIN(pin, l.name)):
		return nil
	case credential.Verify(pin, before):
		l.pin = &before
		return nil
	}
	l.pin, err = m.hash(pin, credential.HashPIN)
	return err
}

func (m *maker) password(l *prepared) (err error) {
	password := l.cells["password"]
	if password == newWord {
		if password, err = credential.DevicePassword(rand.Reader); err != nil {
			return err
		}
		l.keep(Secret{Password: password})
	}
	switch {
	case password == "":
		return nil
	case len(password) < credential.MinPassword || len(password) > credential.MaxPassword:
		m.refuses(l.entry, "password", credential.ErrPassword)
		return nil
	}
	l.password, err = m.hash(password, credential.HashPassword)
	return err
}

func (m *maker) hash(secret string, hash func(string) (string, error)) (*string, error) {
	made := pretendedHash
	var err error
	if m.how == inEarnest {
		made, err = hash(secret)
	}
	return &made, err
}

// deviceList makes the devices of a line. One password stands for one device.
func (m *maker) deviceList(l *prepared) error {
	given, all := l.cells["device_password"], names(l.cells["devices"])
	if given != "" && given != newWord && len(all) != 1 {
		m.flaws = append(m.flaws, Problem{l.line, "device_password", "the password is for one device, and the line names another number of them", "name one, or write " + newWord})
		return nil
	}
	for _, name := range all {
		if err := m.device(l, name, given); err != nil {
			return err
		}
	}
	return nil
}

// device makes one of them. One that is there keeps its password unless
// another is given.
func (m *maker) device(l *prepared, name, password string) (err error) {
	d := directory.Device{ID: directory.NewID(), Name: name}
	if password == newWord || password == "" && !m.there[name] {
		if password, err = credential.DevicePassword(rand.Reader); err != nil {
			return err
		}
		l.keep(Secret{Device: name, DevicePassword: password})
	}
	if password != "" && m.refuses(l.entry, "device_password", directory.SetDevicePassword(&d, m.domain, password)) {
		const passing = "one that will do, so that nothing follows"
		if err := directory.SetDevicePassword(&d, m.domain, passing); err != nil {
			return err
		}
	}
	l.made = append(l.made, d)
	return nil
}

// keep adds a generated secret to those of the line, on a line of its own only
// where there is another device.
func (l *prepared) keep(s Secret) {
	if len(l.generated) == 0 || s.Device != "" && l.generated[len(l.generated)-1].Device != "" {
		l.generated = append(l.generated, s)
		return
	}
	last := &l.generated[len(l.generated)-1]
	last.PIN, last.Password = last.PIN+s.PIN, last.Password+s.Password
	last.Device, last.DevicePassword = last.Device+s.Device, last.DevicePassword+s.DevicePassword
}
