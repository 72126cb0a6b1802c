package portal

import (
	"net/http"
	"slices"
	"strings"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// boardView is the board as a page shows it.
type boardView struct {
	Domain directory.Domain
	Desks  []deskView
	Manage bool   // whether sessions may be ended here
	After  string // the state that the page shows, for the updates that follow
	Text   string // what is searched for
	Only   string // the state that is shown, [inTrouble] or "" for all
}

// inTrouble selects the desks that somebody should look at.
const inTrouble = "Trouble"

// count is how many desks are in a state, or in trouble; "" counts all.
func (b boardView) count(state string) int {
	n := 0
	for _, d := range b.Desks {
		if d.is(state) {
			n++
		}
	}
	return n
}

// shown tells whether a desk is among what is searched for.
func (b boardView) shown(d deskView) bool {
	return d.is(b.Only) && strings.Contains(d.words(), strings.ToLower(strings.TrimSpace(b.Text)))
}

// is tells whether a desk is in a state, or in trouble; "" is any.
func (d deskView) is(state string) bool {
	return state == "" || state == string(d.State) || state == inTrouble && len(d.Troubles) > 0
}

// words are what a desk is found by.
func (d deskView) words() string {
	words := []string{d.Name, d.Device, d.Place, d.Holder.Name, d.Holder.Extension}
	return strings.ToLower(strings.Join(slices.Concat(words, d.Calls), " "))
}

// seenDesks are the desks that whoever is signed in may see.
func (v *visit) seenDesks() ([]deskView, error) {
	desks, err := v.desks(v.r.Context(), v.domain)
	return slices.DeleteFunc(desks, func(d deskView) bool { return !v.sees(directory.ActSeeCalls, d.Site) }), err
}

// board shows who sits where, now.
func (v *visit) board() error {
	view, err := v.viewBoard()
	if err != nil {
		return err
	}
	floors, err := v.cfg.Floors.Floors(v.r.Context(), v.domain.ID)
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "Desks", boardPage(view, floors, v.may(directory.ActManageDomain)))
}

func (v *visit) viewBoard() (boardView, error) {
	view := boardView{
		Domain: v.domain, Manage: v.may(directory.ActManageAccounts), After: v.boards.of(v.domain.ID).now(),
		Text: v.r.URL.Query().Get("q"), Only: v.r.URL.Query().Get("state"),
	}
	var err error
	view.Desks, err = v.seenDesks()
	return view, err
}

// boardLive keeps an open board up to date. A browser says which state it has
// seen last; one that lags behind is sent off, and connects anew.
func (v *visit) boardLive() error {
	after := v.r.URL.Query().Get("after")
	board := v.boards.of(v.domain.ID)
	watching := board.join(after)
	defer board.leave(watching)
	s := newStream(v.w, v.r)
	for {
		select {
		case <-v.r.Context().Done():
			return nil
		case <-s.beat.C:
			if err := s.alive(); err != nil {
				return nil // the browser has gone
			}
		case b, ok := <-watching.batches:
			if !ok {
				return nil
			}
			if err := v.sendBatch(s, b); err != nil {
				return nil // the browser has gone
			}
		}
	}
}

// sendBatch sends what of a batch whoever is signed in may see.
func (v *visit) sendBatch(s *stream, b batch) error {
	event := "desks"
	if b.whole {
		event = "board"
	}
	parts := make([][]byte, 0, len(b.tiles))
	for _, t := range b.tiles {
		switch {
		case v.sees(directory.ActManageAccounts, t.site):
			parts = append(parts, t.managed)
		case v.sees(directory.ActSeeCalls, t.site):
			parts = append(parts, t.viewed)
		}
	}
	return s.event(event, b.name, parts...)
}
