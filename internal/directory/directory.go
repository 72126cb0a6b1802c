// Package directory holds who and what there is: domains, users, devices,
// phones, numbers and trunks, and the rules that make them fit together. It knows nothing of SIP,
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
	ResellerID string // the user, of any domain, who manages this one as a reseller; "" for nobody
	HotDesking HotDesking
	Codes      Codes
	MainNumber string // E.164; shown outside for whoever has no number of their own
	KeepCalls  int    // days for which the call history is kept; 0: for ever
	Mailboxes  Mailboxes
	Outside    Outside
	Emergency  EmergencyPolicy
	Mail       MailServer
	SignOn     SignOn
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
	AskRinging     bool          // a login asks whether calls shall ring here only or everywhere
	WarnMinutes    int           // before an automatic end the desk is warned; 0: it is not
	ReleaseAt      ClockTime     // in the domain's time zone
	MaxHours       int           // 0: no limit
	IdleMinutes    int           // 0: no limit
	WhenTaken      WhenTaken     // what a login at a desk somebody holds does
	TakeOverIdle   int           // minutes unused before WhenTaken "idle" offers the desk
	WhenElsewhere  WhenElsewhere // what a login does to the person's session at another desk
}

// Codes are a domain's star codes other than those of hot desking; "" for one
// that the domain does not have. Those that set something up are answered with
// a spoken sentence.
type Codes struct {
	Pickup             string // "**" + extension: answer the call that rings there
	Park               string // park the call, or with a slot behind it take one back
	ToMailbox          string // + extension: leave a message without ringing
	ForwardAll         string // + number: forward every call
	ForwardAllOff      string
	ForwardBusy        string // + number: when busy
	ForwardBusyOff     string
	ForwardNoAnswer    string // + number: when nobody answers
	ForwardNoAnswerOff string
	DoNotDisturb       string
	DisturbAgain       string
	RingHere           string // calls ring only at the hot desk that is held
	RingEverywhere     string
	Withhold           string // + number: call without showing who calls
	EmergencyTest      string // speaks the number and place that an emergency call from here shows
}

// Mailboxes is a domain's policy for voicemail.
type Mailboxes struct {
	Enabled     bool
	MaxMessages int // in one mailbox
	MaxSeconds  int // of one message
}

// Outside is a domain's policy for calls to and from the public telephone network.
type Outside struct {
	Class     Class // of a person who has none of their own
	DeskClass Class // of a desk that nobody holds
	Premium   bool  // whether anybody may call premium rate numbers
	MaxCalls  int   // at once; 0: no limit
	UserCalls int   // at once for one user; 0: no limit
}

// Class is the class of service: which numbers outside may be called.
type Class string

// The classes, the narrowest first. Emergency numbers belong to each.
const (
	ClassInside   Class = "inside"
	ClassNational Class = "national"
	ClassAll      Class = "all"
)

// EmergencyPolicy says who is told at once of an emergency call.
type EmergencyPolicy struct {
	NotifyExtension string // is called and hears which desk it is; "" for nobody
	NotifyEmail     string // "" for nobody; several are separated by commas
}

// SignOn is the OpenID Connect provider by which a domain's people may sign in
// to the portal. A user is found by the e-mail address that it vouches for.
type SignOn struct {
	Issuer       string // "https://login.example.com"; "" for a domain without one
	ClientID     string
	ClientSecret string
}

// MailServer is where a domain's e-mail goes out.
type MailServer struct {
	Address  string // host:port; "" for a domain that sends no e-mail
	From     string
	User     string // "" for a server that asks for no log-in
	Password string
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
	Site         string // the part of the domain it belongs to; "" for none
	Place        string // where a desk account's phones stand
	CallerID     string // E.164, shown outside; or [Withheld]
	PINHash      string // argon2id; "" when the user has no PIN and cannot log in
	PasswordHash string // argon2id; "" when the user has no portal password
	Disabled     bool
	NoHotDesking bool // may not log in at hot desks
	Answering    Answering
	Class        Class // of service; "" for the domain's
	CreatedAt    time.Time
}

// Answering is what becomes of the calls to a user.
type Answering struct {
	RingSeconds       int // before nobody has answered; 0: [DefaultRingSeconds]
	DoNotDisturb      bool
	ForwardAll        string // number or extension; "" for none
	ForwardBusy       string
	ForwardNoAnswer   string // also when no phone is registered
	RingHereOnly      bool   // while the person holds a hot desk, the person's own devices do not ring
	NoMailbox         bool   // the user has no mailbox
	MailboxWithoutPIN bool   // own devices and the hot desk held open the mailbox without the PIN
}

// Withheld is the caller ID of a user who is not shown outside.
const Withheld = "withheld"

// DefaultRingSeconds is how long the phones of a user ring who has not said.
const DefaultRingSeconds = 25

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
	Site     string // as of a user
	Place    string
	Devices  []string // names of devices of its domain
}

// Number is a public telephone number and the user it leads to.
type Number struct {
	ID       string
	DomainID string
	Number   string // E.164, unique everywhere: "+14165550101"
	UserID   string // "" for a number that leads nowhere yet
}

// Trunk is a SIP connection to the public telephone network.
type Trunk struct {
	ID        string
	DomainID  string
	Name      string // unique in the domain
	Host      string // "sip.carrier.example", "192.0.2.7:5060": found by RFC 3263
	Transport string // "udp" or "tcp"
	Register  bool   // the carrier finds us by registration; else by address
	User      string // "" for a carrier that asks for no password
	Password  string // needed in clear to answer the carrier's challenges
	Priority  int    // the lowest is tried first
	MaxCalls  int    // at once; 0: no limit
	Disabled  bool
}

// Office is a whole domain with all that belongs to it.
type Office struct {
	Domain  Domain
	Users   []User
	Devices []Device
	Phones  []Phone
	Numbers []Number
	Trunks  []Trunk
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
