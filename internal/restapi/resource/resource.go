// Package resource is the JSON of the REST API, as the server writes and its
// clients read it. Field names are a promise. It knows nothing of the rest of
// the program.
package resource

import "time"

// SocketName is the name of the socket in the data folder, on which the API is
// open to whoever may use that folder.
const SocketName = "hotdesk.sock"

// List is a list of resources.
type List[T any] struct {
	Items []T    `json:"items" nullable:"false"`
	Next  string `json:"next,omitempty" doc:"Asks for what comes behind, as the parameter after; missing at the end."`
}

// Device is a SIP line.
type Device struct {
	ID       string `json:"id"`
	Name     string `json:"name" example:"5401" doc:"The SIP user name."`
	Owner    string `json:"owner" doc:"The owner's extension; empty for an unassigned device."`
	HotDesk  bool   `json:"hot_desk" doc:"Can be borrowed."`
	Site     string `json:"site" doc:"The site of its owner, else of the phone it is on."`
	Phone    string `json:"phone" doc:"The MAC address of the phone it is on, or empty."`
	Place    string `json:"place" doc:"Where it stands, as an emergency call tells it; empty when nobody has said."`
	Disabled bool   `json:"disabled"`
	Password string `json:"password,omitempty" doc:"A password that was generated just now; it is never shown again."`

	Registrations []Registration `json:"registrations" nullable:"false" doc:"Where it answers now; empty: it does not."`
}

// Registration is a place at which a device answers.
type Registration struct {
	Flow         string    `json:"flow" example:"udp:192.0.2.1:5060" doc:"Where it came from."`
	UserAgent    string    `json:"user_agent" doc:"What the phone calls itself, mostly with its firmware."`
	Since        time.Time `json:"since" doc:"When it came to answer there."`
	RegisteredAt time.Time `json:"registered_at" doc:"When it last said so."`
	ExpiresAt    time.Time `json:"expires_at"`
}

// DeviceInput makes or changes a device; what is missing stays as it is. A new
// device without a password gets one.
type DeviceInput struct {
	Name        *string `json:"name,omitempty"`
	Owner       *string `json:"owner,omitempty" doc:"An extension; empty unassigns the device."`
	Password    *string `json:"password,omitempty"`
	NewPassword bool    `json:"new_password,omitempty" doc:"Generate a new password and answer with it."`
	Disabled    *bool   `json:"disabled,omitempty"`
}

// Phone is the hardware in the inventory.
type Phone struct {
	ID      string   `json:"id"`
	MAC     string   `json:"mac" example:"80:5e:c0:11:22:33"`
	Model   string   `json:"model"`
	Name    string   `json:"name"`
	Site    string   `json:"site" doc:"The part of the domain that the phone belongs to, or empty."`
	Place   string   `json:"place"`
	Devices []string `json:"devices" nullable:"false"`
}

// PhoneInput makes or changes a phone; what is missing stays as it is.
type PhoneInput struct {
	MAC     *string   `json:"mac,omitempty"`
	Model   *string   `json:"model,omitempty"`
	Name    *string   `json:"name,omitempty"`
	Site    *string   `json:"site,omitempty"`
	Place   *string   `json:"place,omitempty"`
	Devices *[]string `json:"devices,omitempty"`
}

// PhoneAnswer is how one phone took what it was asked to do.
type PhoneAnswer struct {
	Firmware string `json:"firmware" doc:"The User-Agent of its registration."`
	Contact  string `json:"contact" doc:"Where it is."`
	Taken    bool   `json:"taken" doc:"Whether it said yes."`
	Status   int    `json:"status" doc:"Of its SIP response; 0 when none came."`
	Reason   string `json:"reason" doc:"Of the response, or why none came."`
	Text     string `json:"text" doc:"All that in a sentence."`
}

// Session is one person's use of one hot desk.
type Session struct {
	ID        string     `json:"id"`
	Device    string     `json:"device" doc:"The name of the hot desk; its ID when it is gone."`
	User      string     `json:"user" doc:"The person's extension; the ID when the account is gone."`
	UserName  string     `json:"user_name"`
	Door      string     `json:"door"`
	StartedAt time.Time  `json:"started_at"`
	UsedAt    time.Time  `json:"used_at"`
	EndsAt    *time.Time `json:"ends_at,omitempty"`
	EndedAt   *time.Time `json:"ended_at,omitempty"`
	Reason    string     `json:"reason,omitempty"`
	EndedBy   string     `json:"ended_by,omitempty"`
}

// SessionInput logs a person in at a desk.
type SessionInput struct {
	Device   string `json:"device" example:"5401"`
	User     string `json:"user" example:"1001"`
	TakeOver bool   `json:"take_over,omitempty" doc:"Take the desk from whoever holds it, where the policy offers that."`
}

// AuditEntry is one line of the audit log: who did what, when, and how it went.
type AuditEntry struct {
	ID     string    `json:"id"`
	At     time.Time `json:"at"`
	Actor  string    `json:"actor" doc:"The extension of who did it, \"system\" for the clock, \"cli\" for the command line; an ID when the account is gone."`
	Action string    `json:"action" example:"session.refused"`
	User   string    `json:"user" doc:"The extension of the user it concerns, or empty; the ID when the account is gone."`
	Device string    `json:"device" doc:"The name of the device it concerns, or empty; the ID when it is gone."`
	Detail string    `json:"detail" example:"pin_wrong"`
}

// OfficeResult is what applying an office file did, or would do.
type OfficeResult struct {
	Domain    string     `json:"domain"`
	DryRun    bool       `json:"dry_run"`
	Added     []string   `json:"added" nullable:"false"`
	Changed   []string   `json:"changed" nullable:"false"`
	Removed   []string   `json:"removed" nullable:"false"`
	Passwords []Password `json:"passwords" nullable:"false" doc:"Generated passwords; they are never shown again."`
}

// Password is a password generated for a device.
type Password struct {
	Device   string `json:"device"`
	Password string `json:"password"`
}
