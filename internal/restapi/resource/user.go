package resource

// User is an account with an extension.
type User struct {
	ID          string   `json:"id"`
	Extension   string   `json:"extension" example:"1001"`
	Name        string   `json:"name" example:"Ana Ruiz"`
	Email       string   `json:"email"`
	Scope       string   `json:"scope" example:"basic_user"`
	Site        string   `json:"site" doc:"The part of the domain that the user belongs to, or empty."`
	Place       string   `json:"place"`
	CallerID    string   `json:"caller_id" example:"+14165550101"`
	DeskAccount bool     `json:"desk_account" doc:"The extension lies in the domain's desk range."`
	HasPIN      bool     `json:"has_pin"`
	HasPassword bool     `json:"has_password"`
	HotDesking  bool     `json:"hot_desking" doc:"May log in at hot desks."`
	Disabled    bool     `json:"disabled"`
	Devices     []string `json:"devices" nullable:"false" doc:"The names of the user's devices."`
	Numbers     []string `json:"numbers" nullable:"false" doc:"The public numbers that lead to the user."`
	Class       string   `json:"class" doc:"The class of service: inside, national or all; empty for the domain's."`
	Answering
}

// Answering is what becomes of the calls to a user.
type Answering struct {
	RingSeconds     int    `json:"ring_seconds" doc:"Before nobody has answered; 0: 25."`
	DoNotDisturb    bool   `json:"do_not_disturb"`
	ForwardAll      string `json:"forward_all" doc:"A number or extension; empty for none."`
	ForwardBusy     string `json:"forward_busy"`
	ForwardNoAnswer string `json:"forward_no_answer" doc:"Also when no phone is registered."`
	RingHereOnly    bool   `json:"ring_here_only" doc:"While the person holds a hot desk, the person's own devices do not ring."`
	Mailbox         bool   `json:"mailbox" doc:"The user has a mailbox."`
	MailboxPIN      bool   `json:"mailbox_pin" doc:"The mailbox asks for the PIN also on the user's own devices and the hot desk held."`
}

// UserInput makes or changes a user; what is missing stays as it is. An empty
// PIN or password takes it away.
type UserInput struct {
	Extension  *string `json:"extension,omitempty"`
	Name       *string `json:"name,omitempty"`
	Email      *string `json:"email,omitempty"`
	Scope      *string `json:"scope,omitempty"`
	Site       *string `json:"site,omitempty"`
	Place      *string `json:"place,omitempty"`
	CallerID   *string `json:"caller_id,omitempty"`
	PIN        *string `json:"pin,omitempty"`
	Password   *string `json:"password,omitempty"`
	HotDesking *bool   `json:"hot_desking,omitempty"`
	Disabled   *bool   `json:"disabled,omitempty"`
	Class      *string `json:"class,omitempty"`
	AnsweringInput
}

// AnsweringInput changes what becomes of the calls to a user; what is missing
// stays as it is.
type AnsweringInput struct {
	RingSeconds     *int    `json:"ring_seconds,omitempty"`
	DoNotDisturb    *bool   `json:"do_not_disturb,omitempty"`
	ForwardAll      *string `json:"forward_all,omitempty"`
	ForwardBusy     *string `json:"forward_busy,omitempty"`
	ForwardNoAnswer *string `json:"forward_no_answer,omitempty"`
	RingHereOnly    *bool   `json:"ring_here_only,omitempty"`
	Mailbox         *bool   `json:"mailbox,omitempty"`
	MailboxPIN      *bool   `json:"mailbox_pin,omitempty"`
}
