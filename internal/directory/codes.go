package directory

// NamedCode is one of a domain's [Codes] under the name that every door has
// for it.
type NamedCode struct {
	Name     string  // as the office file calls it: "forward_all"
	Code     *string // where it stands
	Argument bool    // whether an extension, a slot or a number is dialled behind it
}

// Named lists the codes, each once, to be read or changed in place.
func (c *Codes) Named() []NamedCode {
	return []NamedCode{
		{"pickup", &c.Pickup, true},
		{"park", &c.Park, true},
		{"to_mailbox", &c.ToMailbox, true},
		{"forward_all", &c.ForwardAll, true},
		{"forward_all_off", &c.ForwardAllOff, false},
		{"forward_busy", &c.ForwardBusy, true},
		{"forward_busy_off", &c.ForwardBusyOff, false},
		{"forward_no_answer", &c.ForwardNoAnswer, true},
		{"forward_no_answer_off", &c.ForwardNoAnswerOff, false},
		{"do_not_disturb", &c.DoNotDisturb, false},
		{"disturb_again", &c.DisturbAgain, false},
		{"ring_here", &c.RingHere, false},
		{"ring_everywhere", &c.RingEverywhere, false},
		{"withhold", &c.Withhold, true},
		{"emergency_test", &c.EmergencyTest, false},
	}
}
