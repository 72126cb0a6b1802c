package resource

import "time"

// Party is one end of a call as it was when the call was made.
type Party struct {
	Number  string `json:"number"`
	Name    string `json:"name"`
	User    string `json:"user" doc:"The extension of the person or desk account, or empty; the ID when the account is gone."`
	Device  string `json:"device" doc:"The name of the device, or empty."`
	Session string `json:"session" doc:"The hot desk session it was made in, or empty."`
}

// Call is one call.
type Call struct {
	ID            string     `json:"id"`
	Caller        Party      `json:"caller"`
	Dialled       string     `json:"dialled"`
	Callee        Party      `json:"callee"`
	StartedAt     time.Time  `json:"started_at"`
	AnsweredAt    *time.Time `json:"answered_at,omitempty"`
	EndedAt       *time.Time `json:"ended_at,omitempty"`
	Result        string     `json:"result,omitempty"`
	Cause         int        `json:"cause,omitempty" doc:"The SIP status that ended an unanswered call."`
	EndedBy       string     `json:"ended_by,omitempty"`
	TalkSeconds   int        `json:"talk_seconds"`
	Way           string     `json:"way" doc:"inside the domain, inbound from outside, or outbound to it."`
	Trunk         string     `json:"trunk,omitempty" doc:"The name of the trunk; its ID when it is gone."`
	Via           string     `json:"via,omitempty" doc:"How it came to its callee when not simply dialled: forward, pickup, park or transfer."`
	FirstCalled   *Party     `json:"first_called,omitempty" doc:"Who was called first, when a forward or a pickup led on."`
	TransferredTo *Party     `json:"transferred_to,omitempty" doc:"To whom it went on in the end."`
	TransferredAt *time.Time `json:"transferred_at,omitempty"`
	TransferredBy string     `json:"transferred_by,omitempty" doc:"caller or callee: who left the call with that."`
	Earlier       []Transfer `json:"earlier_transfers,omitempty" nullable:"false" doc:"The transfers before the last one, in their order."`
	MessageID     string     `json:"message_id,omitempty" doc:"The voicemail message that was left."`
	View          *CallView  `json:"view,omitempty" doc:"The call as the user sees it who was asked for."`
}

// Transfer is how one end of a call came to somebody else.
type Transfer struct {
	To Party     `json:"to"`
	At time.Time `json:"at"`
	By string    `json:"by" doc:"caller or callee: who left the call with that."`
}

// CallView is a call as one of its people sees it.
type CallView struct {
	Direction   string `json:"direction" doc:"inbound or outbound."`
	Outcome     string `json:"outcome" doc:"ongoing, answered, answered_elsewhere, voicemail, busy, declined, missed, no_answer, cancelled, transferred, service, interrupted or failed."`
	TalkSeconds int    `json:"talk_seconds"`
	Own         Party  `json:"own" doc:"The user's end: at which device, in which hot desk session."`
	Other       Party  `json:"other"`
}
