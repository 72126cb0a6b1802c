package portal

import (
	"net/http"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// missedAtHome is how many missed calls stand on the first page.
const missedAtHome = 5

// homeView is what a person's day begins with.
type homeView struct {
	User   directory.User
	Domain directory.Domain
	Phones []phoneView
	Box    mailboxView
	Fresh  int // new messages
	Missed []callRow
}

// ownHome shows a person what there is to know at a glance.
func (v *visit) ownHome() error {
	view := homeView{User: v.user, Domain: v.domain}
	var err error
	if view.Phones, err = v.phonesOf(v.user); err != nil {
		return err
	}
	if view.Box, err = v.mailbox(); err != nil {
		return err
	}
	for _, m := range view.Box.Messages {
		if m.New {
			view.Fresh++
		}
	}
	missed, err := v.cfg.Records.Records(v.r.Context(), callrecord.Query{
		DomainID: v.domain.ID, UserID: v.user.ID, Direction: callrecord.Missed, Limit: missedAtHome,
	})
	if err != nil {
		return err
	}
	for i := range missed {
		view.Missed = append(view.Missed, v.viewCall(&missed[i], v.user.ID))
	}
	return v.show(http.StatusOK, "Home", homePage(view))
}
