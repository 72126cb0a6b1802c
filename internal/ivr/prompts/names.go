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
	InUseByName     Name = "in_use_by_name"
	UnusedFor       Name = "unused_for"
	LeftAsItIs      Name = "left_as_it_is"
	JustTaken       Name = "just_taken"
	JustEnded       Name = "just_ended"
	Elsewhere       Name = "elsewhere"
	SomethingFailed Name = "something_failed"
)

// Warning of the end of a session.
const (
	SessionEnds Name = "session_ends"
	ToStay      Name = "to_stay"
	Kept        Name = "kept"
	KeptUntil   Name = "kept_until"
	EndsAsSaid  Name = "ends_as_said"
)

// Logging in: where calls ring.
const (
	AskRinging         Name = "ask_ringing"
	RingsOnlyHere      Name = "rings_only_here"
	RingsOnlyHereUntil Name = "rings_only_here_until"
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

// Leaving a message.
const (
	NotAvailable   Name = "not_available"
	OnACall        Name = "on_a_call"
	LeaveMessage   Name = "leave_message"
	MailboxOf      Name = "mailbox_of"
	IsFull         Name = "is_full"
	LongestReached Name = "longest_reached"
	MessageChoice  Name = "message_choice"
	NoMessage      Name = "no_message"
	NoMessageBye   Name = "no_message_bye"
	MessageSent    Name = "message_sent"
	MessageFailed  Name = "message_failed"
)

// Listening to messages.
const (
	NoMailboxHere  Name = "no_mailbox_here"
	YouHave        Name = "you_have"
	NoMessages     Name = "no_messages"
	And            Name = "and"
	NewMessage     Name = "new_message"
	NewMessages    Name = "new_messages"
	SavedMessage   Name = "saved_message"
	SavedMessages  Name = "saved_messages"
	DeletedMessage Name = "deleted_message"
	Today          Name = "today"
	Yesterday      Name = "yesterday"
	Ago            Name = "ago"
	At             Name = "at"
	From           Name = "from"
	FromExtension  Name = "from_extension"
	FromUnknown    Name = "from_unknown"
	MessageKeys    Name = "message_keys"
	MessageSaved   Name = "message_saved"
	MessageDeleted Name = "message_deleted"
	MessageBack    Name = "message_back"
	MessageGone    Name = "message_gone"
	MessageBroken  Name = "message_broken"
	NoMore         Name = "no_more"
	MailboxMenu    Name = "mailbox_menu"
	Goodbye        Name = "goodbye"
)

// The settings of a mailbox.
const (
	SettingsMenu    Name = "settings_menu"
	StopAskingPIN   Name = "stop_asking_pin"
	StartAskingPIN  Name = "start_asking_pin"
	StarBack        Name = "star_back"
	RecordGreeting  Name = "record_greeting"
	RecordName      Name = "record_name"
	NothingRecorded Name = "nothing_recorded"
	RecordingChoice Name = "recording_choice"
	RecordingKept   Name = "recording_kept"
	RecordingGone   Name = "recording_gone"
	RecordingFailed Name = "recording_failed"
	EnterNewPIN     Name = "enter_new_pin"
	RepeatNewPIN    Name = "repeat_new_pin"
	PINsDiffer      Name = "pins_differ"
	PINDigits       Name = "pin_digits"
	PINExtension    Name = "pin_extension"
	PINRepeats      Name = "pin_repeats"
	PINRuns         Name = "pin_runs"
	PINChanged      Name = "pin_changed"
	PINNotChanged   Name = "pin_not_changed"
	PINAsked        Name = "pin_asked"
	PINNotAsked     Name = "pin_not_asked"
)

// What becomes of one's calls.
const (
	ForwardedTo          Name = "forwarded_to"
	NotForwarded         Name = "not_forwarded"
	ForwardedBusyTo      Name = "forwarded_busy_to"
	NotForwardedBusy     Name = "not_forwarded_busy"
	ForwardedNoAnswerTo  Name = "forwarded_no_answer_to"
	NotForwardedNoAnswer Name = "not_forwarded_no_answer"
	NotDisturbed         Name = "not_disturbed"
	DisturbedAgain       Name = "disturbed_again"
	RingHere             Name = "ring_here"
	RingEverywhere       Name = "ring_everywhere"
	ForwardRefused       Name = "forward_refused"
	LogInFirst           Name = "log_in_first"
)

// Calls that wait, and calls of others.
const (
	ParkedAt      Name = "parked_at"
	NothingToPark Name = "nothing_to_park"
	NothingParked Name = "nothing_parked"
	LotFull       Name = "lot_full"
	NothingRings  Name = "nothing_rings"
	HoldMusic     Name = "hold_music"
)

// Before times of day and lengths of time.
const (
	Since Name = "since"
	Until Name = "until"
	On    Name = "on"
)
