// Package directory holds who and what there is: domains, users, devices and
// phones, and the rules that make them fit together. It knows nothing of SIP,
// SQL or HTTP.
package directory

import "time"

// Domain is one customer organisation and its SIP domain.
type Domain struct {
	ID         string
	Name       string // the SIP domain and digest realm, lower case: "acme.test"
	TimeZone   string // an IANA name: "America/Toronto"
	Country    string // ISO 3166-1 alpha-2: "CA"
	Language   string // of the prompts: "en"
	Default    bool   // takes requests whose host names no domain
	HotDesking HotDesking
	Version    int64 // counts the changes to the office; guards against lost updates
}

// HotDesking is a domain's policy for hot desks.
type HotDesking struct {
	Enabled        bool
	ActivatePhone  bool           // the portal's "Activate Phone" button
	DeskRange      ExtensionRange // extensions of desk accounts
	LoginCode      string
	ReleaseCode    string
	MailboxCode    string
	AnyMailboxCode string
	ReleaseAt      ClockTime     // in the domain's time zone
	MaxHours       int           // 0: no limit
	IdleMinutes    int           // 0: no limit
	WhenTaken      WhenTaken     // what a login at a desk somebody holds does
	TakeOverIdle   int           // minutes unused before WhenTaken "idle" offers the desk
	WhenElsewhere  WhenElsewhere // what a login does to the person's session at another desk
}

// WhenTaken says what happens when a person logs in at a desk another holds.
type WhenTaken string

// The policies for a desk somebody holds.
const (
	TakenRefuse  WhenTaken = "refuse"
	TakenConfirm WhenTaken = "confirm"
	TakenIdle    WhenTaken = "idle"
)

// WhenElsewhere says what happens when a person who holds a desk logs in at another.
type WhenElsewhere string

// The policies for a person who is at another desk.
const (
	ElsewhereMove  WhenElsewhere = "move"
	ElsewhereAllow WhenElsewhere = "allow"
	ElsewhereDeny  WhenElsewhere = "deny"
)

// ExtensionRange is a range of extensions of equal length, both ends in it.
// The zero value holds no extension.
type ExtensionRange struct{ First, Last string }

// ClockTime is a time of day, such as 02:00. The zero value means never; a
// domain that releases at midnight has Set true, Hour 0, Minute 0.
type ClockTime struct {
	Set          bool
	Hour, Minute int
}

// User is an account with an extension: a person, or a desk account when the
// extension lies in the domain's desk range.
type User struct {
	ID           string
	DomainID     string
	Extension    string
	Name         string
	Email        string
	Scope        Scope
	Place        string // where a desk account's phones stand
	CallerID     string // E.164, shown outside
	PINHash      string // argon2id; "" when the user has no PIN and cannot log in
	PasswordHash string // argon2id; "" when the user has no portal password
	Disabled     bool
	NoHotDesking bool // may not log in at hot desks
	CreatedAt    time.Time
}

// Device is a SIP line that registers with its own name and password.
type Device struct {
	ID        string
	DomainID  string
	OwnerID   string // the user it belongs to; "" for an unassigned device
	Name      string // the SIP user name, lower case, unique in the domain
	HA1MD5    string // RFC 7616 3.4.2: hex of H(name:realm:password); the realm is the domain's name
	HA1SHA256 string
	// The same for "name@domain" as user name, which works whatever host a phone
	// sends to; the user name is part of the hash. "" where only the above is known.
	FullHA1MD5    string
	FullHA1SHA256 string
	Disabled      bool
	CreatedAt     time.Time
}

// Phone is the hardware in the inventory.
type Phone struct {
	ID       string
	DomainID string
	MAC      string // twelve lower-case hex digits, unique everywhere
	Model    string
	Name     string
	Place    string
	Devices  []string // names of devices of its domain
}

// Office is a whole domain with all that belongs to it.
type Office struct {
	Domain  Domain
	Users   []User
	Devices []Device
	Phones  []Phone
}

// Scope is what a user may do.
type Scope string

// The scopes, the widest first.
const (
	ScopeSuperUser       Scope = "super_user"
	ScopeReseller        Scope = "reseller"
	ScopeOfficeManager   Scope = "office_manager"
	ScopeSiteManager     Scope = "site_manager"
	ScopeSupervisor      Scope = "call_center_supervisor"
	ScopeCallCenterAgent Scope = "call_center_agent"
	ScopeBasicUser       Scope = "basic_user"
	ScopeNoPortal        Scope = "no_portal"
)
