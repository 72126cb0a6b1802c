package directory

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/hotdesk-pbx/hotdesk/internal/dialplan"
)

// FreeForDesk proposes up to n extensions of a domain's desk range that none of
// its users has.
func FreeForDesk(domain Domain, users []User, n int) []string {
	desks, isFree := domain.HotDesking.DeskRange, freeAmong(domain, users)
	var free []string
	for e := desks.First; desks.Contains(e) && len(free) < n; e = following(e) {
		if isFree(e) {
			free = append(free, e)
		}
	}
	return free
}

// FreeForPerson proposes up to n extensions outside of a domain's desk range
// that none of its users has, upwards from one that was wanted, or from behind
// the last person's. The users are in the order of their extensions.
func FreeForPerson(domain Domain, users []User, wanted string, n int) []string {
	desks, isFree := domain.HotDesking.DeskRange, freeAmong(domain, users)
	var free []string
	for e := firstForPerson(desks, users, wanted); e != "" && len(free) < n; e = following(e) {
		if desks.Contains(e) {
			e = desks.Last
		} else if isFree(e) {
			free = append(free, e)
		}
	}
	return free
}

// freeAmong tells whether an extension can be given to somebody new.
func freeAmong(domain Domain, users []User) func(extension string) bool {
	taken := make(map[string]bool, len(users))
	for i := range users {
		taken[users[i].Extension] = true
	}
	return func(e string) bool { return !taken[e] && !dialplan.IsEmergency(e, domain.Country) }
}

// firstForPerson is where the search for a person's extension begins.
func firstForPerson(desks ExtensionRange, users []User, wanted string) string {
	if isExtension(wanted) {
		return wanted
	}
	for _, u := range slices.Backward(users) {
		if !desks.Contains(u.Extension) {
			return following(u.Extension)
		}
	}
	return "1001"
}

// following is the next extension of the same length; "" behind the last.
func following(extension string) string {
	n, err := strconv.ParseUint(extension, 10, 64)
	next := fmt.Sprintf("%0*d", len(extension), n+1)
	if err != nil || len(next) > len(extension) {
		return ""
	}
	return next
}
