package officefile

import (
	"errors"
	"runtime"
	"sync"

	"github.com/hotdesk-pbx/hotdesk/internal/credential"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// hashes are what a user's secrets become; nil leaves what is there.
type hashes struct{ pin, password *string }

// prepare does what takes long before an edit begins: it hashes the plan's
// secrets, on all cores. A secret that an existing hash already stands for
// keeps that hash, so that applying a file again changes nothing.
func (p Plan) prepare(base directory.Office) (*builder, []Problem, error) {
	generated, err := p.generate()
	if err != nil {
		return nil, nil, err
	}
	b := &builder{plan: p, hashes: make([]hashes, len(p.users)), generated: generated}
	problems := p.devicePasswords()
	have := index(base)
	var (
		mu   sync.Mutex
		work sync.WaitGroup
		next = make(chan int)
	)
	for range runtime.GOMAXPROCS(0) {
		work.Go(func() {
			for i := range next {
				u := p.users[i]
				h, found := u.hash(have.users[u.user.Extension])
				b.hashes[i] = h
				mu.Lock()
				problems = append(problems, found...)
				mu.Unlock()
			}
		})
	}
	for i := range p.users {
		next <- i
	}
	close(next)
	work.Wait()
	return b, problems, nil
}

// hash turns a user's secrets into hashes.
func (u userPlan) hash(before directory.User) (hashes, []Problem) {
	h := hashes{pin: u.pin.hash, password: u.password.hash}
	var problems []Problem
	is := u.user
	if pin := u.pin.plain; pin != nil {
		is.PINHash = before.PINHash
		if credential.CheckPIN(*pin, is.Extension) != nil || !credential.Verify(*pin, is.PINHash) {
			if err := directory.SetPIN(&is, *pin); err != nil {
				problems = append(problems, Problem{Line: u.at.lineOf("pin"), Wrong: err.Error(), Fix: fixPIN(err)})
			}
		}
		h.pin = &is.PINHash
	}
	if password := u.password.plain; password != nil {
		is.PasswordHash = before.PasswordHash
		if !credential.Verify(*password, is.PasswordHash) {
			if err := directory.SetPassword(&is, *password); err != nil {
				problems = append(problems, Problem{Line: u.at.lineOf("password"), Wrong: err.Error(), Fix: "choose another password"})
			}
		}
		h.password = &is.PasswordHash
	}
	return h, problems
}

func fixPIN(err error) string {
	if errors.Is(err, credential.ErrPINDigits) {
		return "write 4 to 10 digits in quotes"
	}
	return "choose one that nobody guesses"
}

// devicePasswords checks the passwords that the file gives its devices.
func (p Plan) devicePasswords() []Problem {
	var problems []Problem
	check := func(devices []devicePlan) {
		for _, d := range devices {
			if d.password == nil {
				continue
			}
			probe := d.device
			if err := directory.SetDevicePassword(&probe, p.Domain.Name, *d.password); err != nil {
				problems = append(problems, Problem{
					Line: d.at.lineOf("password"), Wrong: err.Error(), Fix: "choose another, or leave it out and have one generated",
				})
			}
		}
	}
	check(p.devices)
	for _, u := range p.users {
		check(u.devices)
	}
	return problems
}
