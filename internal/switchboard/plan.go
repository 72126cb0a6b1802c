package switchboard

import (
	"github.com/hotdesk-pbx/hotdesk/internal/dialplan"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// read says what digits mean in the call's domain.
func (c *call) read(digits string) dialplan.Action {
	return dialplan.Read(digits, dialplan.Plan{
		Country: c.domain.Country,
		Codes:   codesOf(c.domain),
		IsExtension: func(extension string) bool {
			_, ok := c.board.cfg.Directory.UserByExtension(c.domain.ID, extension)
			return ok
		},
	})
}

func codesOf(d directory.Domain) dialplan.Codes {
	return dialplan.Codes{
		dialplan.Login:              d.HotDesking.LoginCode,
		dialplan.Release:            d.HotDesking.ReleaseCode,
		dialplan.OwnMailbox:         d.HotDesking.MailboxCode,
		dialplan.AnyMailbox:         d.HotDesking.AnyMailboxCode,
		dialplan.Pickup:             d.Codes.Pickup,
		dialplan.Park:               d.Codes.Park,
		dialplan.ToMailbox:          d.Codes.ToMailbox,
		dialplan.ForwardAll:         d.Codes.ForwardAll,
		dialplan.ForwardAllOff:      d.Codes.ForwardAllOff,
		dialplan.ForwardBusy:        d.Codes.ForwardBusy,
		dialplan.ForwardBusyOff:     d.Codes.ForwardBusyOff,
		dialplan.ForwardNoAnswer:    d.Codes.ForwardNoAnswer,
		dialplan.ForwardNoAnswerOff: d.Codes.ForwardNoAnswerOff,
		dialplan.DoNotDisturb:       d.Codes.DoNotDisturb,
		dialplan.DisturbAgain:       d.Codes.DisturbAgain,
		dialplan.RingHere:           d.Codes.RingHere,
		dialplan.RingEverywhere:     d.Codes.RingEverywhere,
		dialplan.Withhold:           d.Codes.Withhold,
		dialplan.EmergencyTest:      d.Codes.EmergencyTest,
	}
}
