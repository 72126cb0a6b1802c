package prompts

// Name names a clip: its key in the table of texts (en.toml) and the stem of
// its sound file. The numbers, days and units have names too; [Digits],
// [Clock], [Weekday] and [Span] know them.
type Name string

// Logging in: the questions.
const (
	EnterAccount Name = "enter_account"
	EnterPIN     Name = "enter_pin"
	PressTwo     Name = "press_two"
)

// Logging in: how it went.
const (
	Extension         Name = "extension"
	RingsHereUntil    Name = "rings_here_until"
	RingsHere         Name = "rings_here"
	AlreadyYoursUntil Name = "already_yours_until"
	AlreadyYours      Name = "already_yours"
	Moved             Name = "moved"
)

// Logging in: what was wrong with the keys.
const (
	NoEntry     Name = "no_entry"
	NoEntryBye  Name = "no_entry_bye"
	TooLong     Name = "too_long"
	TooManyKeys Name = "too_many_keys"
	Wrong       Name = "wrong"
	WrongBye    Name = "wrong_bye"
)

// Logging in: the refusals.
const (
	SwitchedOff     Name = "switched_off"
	NotAHotDesk     Name = "not_a_hot_desk"
	Locked          Name = "locked"
	LockedHere      Name = "locked_here"
	OrAsk           Name = "or_ask"
	InUse           Name = "in_use"
	InUseCall       Name = "in_use_call"
	InUseBy         Name = "in_use_by"
	UnusedFor       Name = "unused_for"
	LeftAsItIs      Name = "left_as_it_is"
	JustTaken       Name = "just_taken"
	JustEnded       Name = "just_ended"
	Elsewhere       Name = "elsewhere"
	SomethingFailed Name = "something_failed"
)

// Releasing.
const (
	Released       Name = "released"
	NobodyHere     Name = "nobody_here"
	NotLoggedIn    Name = "not_logged_in"
	SessionEnded   Name = "session_ended"
	SessionsAt     Name = "sessions_at"
	DesksHaveEnded Name = "desks_have_ended"
)

// Announcements.
const (
	LoginOnly       Name = "login_only"
	NoMailbox       Name = "no_mailbox"
	NoOutsideLine   Name = "no_outside_line"
	NotInService    Name = "not_in_service"
	CallNotAllowed  Name = "call_not_allowed"
	EmergencyFailed Name = "emergency_failed"
	NobodyAvailable Name = "nobody_available"
	ForwardCircle   Name = "forward_circle"
	UnknownCode     Name = "unknown_code"
)

// Outside lines.
const (
	OutsideBarred  Name = "outside_barred"
	PremiumBarred  Name = "premium_barred"
	LinesBusy      Name = "lines_busy"
	TooManyOutside Name = "too_many_outside"
	LineNeeded     Name = "line_needed"
)

// Emergency calls.
const (
	EmergencyShows     Name = "emergency_shows"
	EmergencyShowsNone Name = "emergency_shows_none"
	EmergencyDesk      Name = "emergency_desk"
	EmergencyFrom      Name = "emergency_from"
	PlaceKnown         Name = "place_known"
	PlaceUnknown       Name = "place_unknown"
)

// Before times of day and lengths of time.
const (
	Since Name = "since"
	Until Name = "until"
	On    Name = "on"
)
