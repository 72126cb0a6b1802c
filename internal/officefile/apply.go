package officefile

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"

	"github.com/hotdesk-pbx/hotdesk/internal/credential"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// Result is what applying a file did, or would do.
type Result struct {
	Domain    string
	Added     []string // "user 1001 (Ana Ruiz)", "device 5401", "phone 80:5e:c0:11:22:33"
	Changed   []string
	Removed   []string
	Passwords []Password // generated ones; they are shown here and never again
}

// Password is a password generated for a device.
type Password struct{ Device, Password string }

// Apply makes a domain as a plan says, all of it or nothing. What the file
// does not name is removed from the domain; a PIN or password that the file
// does not give stays as it is, and a new device without one gets one. It
// fails with [*ProblemsError], and otherwise as [directory.Service.Edit].
func Apply(ctx context.Context, dir *directory.Service, actor directory.Actor, plan Plan) (Result, error) {
	return plan.run(dir, func(domainID string, change func(*directory.Office) error) (directory.Edit, error) {
		if domainID == "" {
			return dir.Create(ctx, actor, change)
		}
		return dir.Edit(ctx, actor, domainID, change)
	}, actor)
}

// Try does all that [Apply] does except to store it. It generates no passwords.
func Try(dir *directory.Service, actor directory.Actor, plan Plan) (Result, error) {
	result, err := plan.run(dir, func(domainID string, change func(*directory.Office) error) (directory.Edit, error) {
		return dir.Try(actor, domainID, change)
	}, actor)
	result.Passwords = nil
	return result, err
}

type editor func(domainID string, change func(*directory.Office) error) (directory.Edit, error)

func (p Plan) run(dir *directory.Service, edit editor, actor directory.Actor) (Result, error) {
	domain, _ := dir.DomainByName(p.Domain.Name)
	base, _ := dir.Office(domain.ID)
	b, problems, err := p.prepare(base)
	if err != nil {
		return Result{}, err
	}
	problems = append(problems, p.problems...)
	if len(problems) > 0 { // tell the directory's problems along with these
		_, err = dir.Try(actor, domain.ID, b.build)
		return Result{}, b.explain(err, problems)
	}
	e, err := edit(domain.ID, b.build)
	if err != nil {
		return Result{}, b.explain(err, nil)
	}
	result := summary(e)
	for _, d := range e.Change.PutDevices {
		if password, ok := b.generated[d.Name]; ok && b.uses[d.Name] {
			result.Passwords = append(result.Passwords, Password{Device: d.Name, Password: password})
		}
	}
	slices.SortFunc(result.Passwords, func(a, b Password) int { return strings.Compare(a.Device, b.Device) })
	return result, nil
}

// generate makes a password for each device that has none in the plan.
func (p Plan) generate() (map[string]string, error) {
	generated := map[string]string{}
	all := slices.Clone(p.devices)
	for _, u := range p.users {
		all = append(all, u.devices...)
	}
	for _, d := range all {
		if d.password != nil || d.device.HA1MD5+d.device.HA1SHA256 != "" {
			continue
		}
		password, err := credential.DevicePassword(rand.Reader)
		if err != nil {
			return nil, err
		}
		generated[d.device.Name] = password
	}
	return generated, nil
}
