package directory

import "slices"

// Actor is somebody who wants to do something: a user at one of the doors, or
// the clock.
type Actor struct {
	Name     string // as [audit.Entry] has it: a user's ID, "system", "cli"
	Scope    Scope
	UserID   string   // "" for an actor who is no user
	DomainID string   // the domain of the user
	Site     string   // the site of a site manager; one without a site manages nothing
	Domains  []string // the IDs of a reseller's domains
}

// System is the actor of what the server does by itself.
func System() Actor { return Actor{Name: "system", Scope: ScopeSuperUser} }

// CLI is the actor behind the command line: whoever may read the data folder
// may do everything.
func CLI() Actor { return Actor{Name: "cli", Scope: ScopeSuperUser} }

// Act is something a scope may allow.
type Act string

// The acts.
const (
	ActManageServer   Act = "manage_server"   // make and remove domains, settings of the server
	ActManageDomain   Act = "manage_domain"   // settings of a domain, such as the hot desking policy
	ActActivatePhones Act = "activate_phones" // switch on the portal's "Activate Phone" button
	ActManageAccounts Act = "manage_accounts" // users, devices and phones, and end anybody's session
	ActSeeCalls       Act = "see_calls"       // other people's calls and desks
	ActUseOwn         Act = "use_own"         // the portal: own settings, messages, calls, session
)

// Target is what an act is done to.
type Target struct {
	DomainID string
	Site     string // the site of the object; "" when it belongs to none
	UserID   string // the account it is or belongs to, or ""
}

// May reports whether an actor may do something to a target.
func May(actor Actor, act Act, target Target) bool {
	switch actor.Scope {
	case ScopeSuperUser:
		return true
	case ScopeReseller:
		if act == ActUseOwn {
			return actor.UserID != "" && actor.UserID == target.UserID
		}
		return act != ActManageServer && act != ActActivatePhones && slices.Contains(actor.Domains, target.DomainID)
	default:
		return actor.DomainID != "" && actor.DomainID == target.DomainID && mayInside(actor, act, target)
	}
}

// mayInside decides for the scopes that end at their own domain.
func mayInside(actor Actor, act Act, target Target) bool {
	if act == ActUseOwn {
		return actor.Scope != ScopeNoPortal && known(actor.Scope) && actor.UserID != "" && actor.UserID == target.UserID
	}
	if actor.Scope == ScopeSiteManager && (actor.Site == "" || actor.Site != target.Site) {
		return false
	}
	return slices.Contains(actsOf(actor.Scope), act)
}

// actsOf lists what a scope allows inside its domain, or its site.
func actsOf(scope Scope) []Act {
	switch scope {
	case ScopeOfficeManager:
		return []Act{ActManageDomain, ActManageAccounts, ActSeeCalls}
	case ScopeSiteManager:
		return []Act{ActManageAccounts, ActSeeCalls}
	case ScopeSupervisor:
		return []Act{ActSeeCalls}
	default:
		return nil
	}
}

// Scopes lists the scopes, the widest first.
func Scopes() []Scope {
	return []Scope{
		ScopeSuperUser, ScopeReseller, ScopeOfficeManager, ScopeSiteManager,
		ScopeSupervisor, ScopeCallCenterAgent, ScopeBasicUser, ScopeNoPortal,
	}
}

func known(scope Scope) bool { return slices.Contains(Scopes(), scope) }

// MayGrant reports whether an actor may give an account a scope: none that is
// wider than the actor's own, as a supervisor's is, who sees every site, for who
// manages one.
func MayGrant(actor Actor, scope Scope) bool {
	if actor.Scope == ScopeSiteManager && scope == ScopeSupervisor {
		return false
	}
	return actor.Scope.Covers(scope)
}

// Covers reports whether a scope is as wide as another, or wider.
func (s Scope) Covers(other Scope) bool {
	all := Scopes()
	own, given := slices.Index(all, s), slices.Index(all, other)
	return own >= 0 && given >= own
}
