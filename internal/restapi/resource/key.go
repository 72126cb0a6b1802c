package resource

import "time"

// Key lets a program use the API.
type Key struct {
	ID        string     `json:"id"`
	Start     string     `json:"start" example:"hdk_K7QX" doc:"The first characters of the key, to tell it from others."`
	Name      string     `json:"name" example:"wallboard"`
	Scope     string     `json:"scope" example:"office_manager"`
	Domain    string     `json:"domain" doc:"Where it opens anything; empty: the whole server."`
	User      string     `json:"user" doc:"The extension of the user it acts for; empty for nobody."`
	CreatedBy string     `json:"created_by" doc:"The extension of who made it, cli for the command line, key: and a name for another key; an ID when the account is gone."`
	CreatedAt time.Time  `json:"created_at"`
	UsedAt    *time.Time `json:"used_at,omitempty" doc:"Exact to a minute; missing: never."`
	ExpiresAt *time.Time `json:"expires_at,omitempty" doc:"Missing: never."`
	Key       string     `json:"key,omitempty" doc:"The key itself, when it was made just now; it is never shown again."`
}

// KeyInput makes a key.
type KeyInput struct {
	Name      string     `json:"name" maxLength:"80" example:"wallboard" doc:"What it is for."`
	Scope     string     `json:"scope" example:"call_center_supervisor" doc:"What it may do: no more than whoever makes it, and than the user it acts for."`
	Domain    string     `json:"domain,omitempty" doc:"Where it opens anything; empty: the whole server, which takes the scope super_user."`
	User      string     `json:"user,omitempty" doc:"The extension of the user whose own things it opens too; empty for none."`
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
}
