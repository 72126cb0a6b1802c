package resource

// Domain is one customer organisation and its SIP domain.
type Domain struct {
	ID         string     `json:"id"`
	Name       string     `json:"name" example:"acme.test"`
	TimeZone   string     `json:"timezone" example:"America/Toronto"`
	Country    string     `json:"country" example:"CA"`
	Language   string     `json:"language" example:"en"`
	Default    bool       `json:"default" doc:"Takes requests whose host names no domain."`
	Reseller   string     `json:"reseller" example:"1001@sales.test" doc:"Who manages the domain as a reseller, or empty."`
	MainNumber string     `json:"main_number" example:"+14165550100" doc:"Shown outside for whoever has no number of their own, or empty."`
	KeepCalls  int        `json:"keep_calls" doc:"Days for which the call history is kept; 0: for ever."`
	HotDesking HotDesking `json:"hot_desking"`
	Codes      Codes      `json:"codes"`
	Mailboxes  Mailboxes  `json:"mailboxes"`
	Outside    Outside    `json:"outside"`
	Emergency  Emergency  `json:"emergency"`
	Mail       Mail       `json:"mail"`
	SignOn     SignOn     `json:"sign_on"`
	Effect     *Effect    `json:"effect,omitempty" doc:"Of a dry run only: what the change would do."`
}

// HotDesking is a domain's policy for hot desks.
type HotDesking struct {
	Enabled        bool   `json:"enabled"`
	ActivatePhone  bool   `json:"activate_phone"`
	DeskRange      string `json:"desk_range" example:"5400-5499"`
	LoginCode      string `json:"login_code" example:"*88"`
	ReleaseCode    string `json:"release_code" example:"*89"`
	MailboxCode    string `json:"mailbox_code"`
	AnyMailboxCode string `json:"any_mailbox_code"`
	AskRinging     bool   `json:"ask_ringing" doc:"A login asks whether calls shall ring here only or everywhere."`
	WarnMinutes    int    `json:"warn_minutes" doc:"How long before an automatic end the desk is warned; 0: it is not."`
	ReleaseAt      string `json:"release_at" example:"02:00" doc:"In the domain's time zone, or off."`
	MaxHours       int    `json:"max_hours" doc:"0: no limit."`
	IdleMinutes    int    `json:"idle_minutes" doc:"0: no limit."`
	WhenTaken      string `json:"when_taken" doc:"refuse, confirm or idle."`
	TakeOverIdle   int    `json:"take_over_idle"`
	WhenElsewhere  string `json:"when_elsewhere" doc:"move, allow or deny."`
}

// DomainInput makes or changes a domain; what is missing stays as it is.
type DomainInput struct {
	Name       *string          `json:"name,omitempty"`
	TimeZone   *string          `json:"timezone,omitempty"`
	Country    *string          `json:"country,omitempty"`
	Language   *string          `json:"language,omitempty"`
	Default    *bool            `json:"default,omitempty"`
	Reseller   *string          `json:"reseller,omitempty" doc:"A user of any domain whose scope is reseller: extension@domain. Empty for nobody."`
	MainNumber *string          `json:"main_number,omitempty"`
	KeepCalls  *int             `json:"keep_calls,omitempty"`
	HotDesking *HotDeskingInput `json:"hot_desking,omitempty"`
	Codes      Codes            `json:"codes,omitempty"`
	Mailboxes  *MailboxesInput  `json:"mailboxes,omitempty"`
	Outside    *OutsideInput    `json:"outside,omitempty"`
	Emergency  *EmergencyInput  `json:"emergency,omitempty"`
	Mail       *MailInput       `json:"mail,omitempty"`
	SignOn     *SignOnInput     `json:"sign_on,omitempty"`
}

// HotDeskingInput changes a policy; what is missing stays as it is.
type HotDeskingInput struct {
	Enabled        *bool   `json:"enabled,omitempty"`
	ActivatePhone  *bool   `json:"activate_phone,omitempty"`
	DeskRange      *string `json:"desk_range,omitempty"`
	LoginCode      *string `json:"login_code,omitempty"`
	ReleaseCode    *string `json:"release_code,omitempty"`
	MailboxCode    *string `json:"mailbox_code,omitempty"`
	AnyMailboxCode *string `json:"any_mailbox_code,omitempty"`
	AskRinging     *bool   `json:"ask_ringing,omitempty"`
	WarnMinutes    *int    `json:"warn_minutes,omitempty"`
	ReleaseAt      *string `json:"release_at,omitempty"`
	MaxHours       *int    `json:"max_hours,omitempty"`
	IdleMinutes    *int    `json:"idle_minutes,omitempty"`
	WhenTaken      *string `json:"when_taken,omitempty"`
	TakeOverIdle   *int    `json:"take_over_idle,omitempty"`
	WhenElsewhere  *string `json:"when_elsewhere,omitempty"`
}

// Codes are star codes by their names: pickup, park, to_mailbox, forward_all,
// forward_all_off, forward_busy, forward_busy_off, forward_no_answer,
// forward_no_answer_off, do_not_disturb, disturb_again, ring_here,
// ring_everywhere, withhold, emergency_test. One that is empty is switched off.
type Codes map[string]string

// Mailboxes is a domain's policy for voicemail.
type Mailboxes struct {
	Enabled     bool `json:"enabled"`
	MaxMessages int  `json:"max_messages" doc:"In one mailbox."`
	MaxSeconds  int  `json:"max_seconds" doc:"Of one message."`
}

// MailboxesInput changes a policy; what is missing stays as it is.
type MailboxesInput struct {
	Enabled     *bool `json:"enabled,omitempty"`
	MaxMessages *int  `json:"max_messages,omitempty"`
	MaxSeconds  *int  `json:"max_seconds,omitempty"`
}

// Outside is a domain's policy for calls to and from the public telephone network.
type Outside struct {
	Class     string `json:"class" doc:"Of a person who has none: inside, national or all."`
	DeskClass string `json:"desk_class" doc:"Of a desk that nobody holds."`
	Premium   bool   `json:"premium" doc:"Whether anybody may call premium rate numbers."`
	MaxCalls  int    `json:"max_calls" doc:"At once; 0: no limit."`
	UserCalls int    `json:"user_calls" doc:"At once for one user; 0: no limit."`
}

// OutsideInput changes a policy; what is missing stays as it is.
type OutsideInput struct {
	Class     *string `json:"class,omitempty"`
	DeskClass *string `json:"desk_class,omitempty"`
	Premium   *bool   `json:"premium,omitempty"`
	MaxCalls  *int    `json:"max_calls,omitempty"`
	UserCalls *int    `json:"user_calls,omitempty"`
}

// Emergency says who is told at once of an emergency call.
type Emergency struct {
	NotifyExtension string `json:"notify_extension" doc:"Is called and hears which desk it is; empty for nobody."`
	NotifyEmail     string `json:"notify_email" doc:"Addresses with commas between them; empty for nobody."`
}

// EmergencyInput changes who is told; what is missing stays as it is.
type EmergencyInput struct {
	NotifyExtension *string `json:"notify_extension,omitempty"`
	NotifyEmail     *string `json:"notify_email,omitempty"`
}

// SignOn is the OpenID Connect provider by which a domain's people may sign in.
type SignOn struct {
	Issuer    string `json:"issuer" example:"https://login.example.com"`
	ClientID  string `json:"client_id"`
	HasSecret bool   `json:"has_secret"`
}

// SignOnInput changes the provider; what is missing stays as it is, except that
// another provider or client needs its secret again.
type SignOnInput struct {
	Issuer       *string `json:"issuer,omitempty"`
	ClientID     *string `json:"client_id,omitempty"`
	ClientSecret *string `json:"client_secret,omitempty"`
}

// Mail is where a domain's e-mail goes out.
type Mail struct {
	Address     string `json:"address" example:"smtp.example.com:587"`
	From        string `json:"from" example:"phone@acme.test"`
	User        string `json:"user"`
	HasPassword bool   `json:"has_password"`
}

// MailInput changes the mail server; what is missing stays as it is, except
// that a new address or user name needs the password again.
type MailInput struct {
	Address  *string `json:"address,omitempty"`
	From     *string `json:"from,omitempty"`
	User     *string `json:"user,omitempty"`
	Password *string `json:"password,omitempty"`
}
