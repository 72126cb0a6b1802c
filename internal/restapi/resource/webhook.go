package resource

import "time"

// Webhook is an address of a program outside that is told of events, by requests
// signed as Standard Webhooks says.
type Webhook struct {
	ID        string    `json:"id"`
	URL       string    `json:"url" example:"https://example.com/hook"`
	Events    []string  `json:"events" nullable:"false" doc:"The types of events it is told of."`
	Disabled  bool      `json:"disabled"`
	Why       string    `json:"why,omitempty" doc:"Why the server has switched it off."`
	CreatedBy string    `json:"created_by" doc:"The extension of who made it, cli for the command line, key: and a name for an API key."`
	CreatedAt time.Time `json:"created_at"`
	Secret    string    `json:"secret,omitempty" doc:"What requests are signed with, when it was made just now; it is never shown again."`
}

// WebhookInput makes or changes a webhook; what is missing stays as it is.
type WebhookInput struct {
	URL       *string   `json:"url,omitempty" doc:"Over https, and on the public Internet, unless the server allows more."`
	Events    *[]string `json:"events,omitempty" doc:"login, refused, released, moved, expired, message, call and emergency."`
	Disabled  *bool     `json:"disabled,omitempty"`
	NewSecret bool      `json:"new_secret,omitempty" doc:"Make a new secret and answer with it."`
}

// WebhookTry is one request to a webhook.
type WebhookTry struct {
	ID      string    `json:"id"`
	Event   string    `json:"event" doc:"The event's ID, which is the header webhook-id."`
	Type    string    `json:"type" doc:"Of the event; test for one that was asked for."`
	At      time.Time `json:"at"`
	Number  int       `json:"number" doc:"Of the try; 0: somebody asked for it."`
	Status  int       `json:"status" doc:"Of the answer; 0: there was none."`
	Seconds float64   `json:"seconds" doc:"How long it took."`
	Answer  string    `json:"answer" doc:"The beginning of it."`
	Failure string    `json:"failure,omitempty" doc:"Why there was none."`
	Body    string    `json:"body" doc:"What was sent."`
}
