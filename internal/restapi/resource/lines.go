package resource

import "time"

// Number is a public telephone number and the user it leads to.
type Number struct {
	ID     string `json:"id"`
	Number string `json:"number" example:"+14165550101"`
	User   string `json:"user" doc:"The user's extension; empty for a number that leads nowhere."`
}

// NumberInput makes or changes a number; what is missing stays as it is.
type NumberInput struct {
	Number *string `json:"number,omitempty"`
	User   *string `json:"user,omitempty" doc:"An extension; empty lets the number lead nowhere."`
}

// Trunk is a SIP connection to the public telephone network.
type Trunk struct {
	ID          string `json:"id"`
	Name        string `json:"name" example:"carrier"`
	Host        string `json:"host" example:"sip.carrier.example"`
	Transport   string `json:"transport" doc:"udp or tcp."`
	Register    bool   `json:"register" doc:"The carrier finds this server by registration."`
	User        string `json:"user"`
	HasPassword bool   `json:"has_password"`
	Priority    int    `json:"priority" doc:"The lowest is tried first."`
	MaxCalls    int    `json:"max_calls" doc:"At once; 0: no limit."`
	Disabled    bool   `json:"disabled"`

	State TrunkState `json:"state" enum:"registered,answers,silent,off" doc:"How it stands; answers too for one that nobody has asked yet."`
	Why   string     `json:"why,omitempty" doc:"Why it is silent."`
	Since *time.Time `json:"since,omitempty" doc:"Since when it stands so."`
}

// TrunkState is how a trunk stands.
type TrunkState string

// The states.
const (
	TrunkRegistered TrunkState = "registered"
	TrunkAnswers    TrunkState = "answers" // one that does not register
	TrunkSilent     TrunkState = "silent"  // it does not answer, or refuses us
	TrunkOff        TrunkState = "off"     // disabled
)

// TrunkInput makes or changes a trunk; what is missing stays as it is.
type TrunkInput struct {
	Name      *string `json:"name,omitempty"`
	Host      *string `json:"host,omitempty" doc:"A name or address, with a port or without."`
	Transport *string `json:"transport,omitempty"`
	Register  *bool   `json:"register,omitempty"`
	User      *string `json:"user,omitempty"`
	Password  *string `json:"password,omitempty"`
	Priority  *int    `json:"priority,omitempty"`
	MaxCalls  *int    `json:"max_calls,omitempty"`
	Disabled  *bool   `json:"disabled,omitempty"`
}
