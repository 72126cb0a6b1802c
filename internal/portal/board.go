package portal

import (
	"net/http"
	"slices"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/events"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/location"
	"github.com/hotdesk-pbx/hotdesk/internal/switchboard"
)

// summary counts the desks of a board.
type summary struct{ Free, InUse, InCall, Unregistered int }

func summarise(desks []deskView) summary {
	var s summary
	for _, d := range desks {
		switch d.State {
		case deskFree:
			s.Free++
		case deskInUse:
			s.InUse++
		case deskInCall:
			s.InCall++
		case deskUnregistered:
			s.Unregistered++
		}
	}
	return s
}

// seenDesks are the desks that whoever is signed in may see.
func (v *visit) seenDesks() ([]deskView, error) {
	desks, err := v.desks(v.r.Context(), v.domain)
	return slices.DeleteFunc(desks, func(d deskView) bool { return !v.sees(directory.ActSeeCalls, d.Site) }), err
}

// board shows who sits where, now.
func (v *visit) board() error {
	desks, err := v.seenDesks()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "Desks", boardPage(v.domain, desks, v.may(directory.ActManageAccounts)))
}

// boardLive keeps an open board up to date: each fact about a desk replaces its
// row. A browser that lags behind is sent off, connects anew, and gets the
// whole board.
func (v *visit) boardLive() error {
	facts := v.cfg.Events.Subscribe(liveBehind)
	defer facts.Close()
	s := newStream(v.w, v.r)
	manage := v.may(directory.ActManageAccounts)
	desks, err := v.seenDesks()
	if err != nil {
		return err
	}
	if err := s.send(boardNow(desks, manage)); err != nil {
		return nil // the browser has gone
	}
	for {
		select {
		case <-v.r.Context().Done():
			return nil
		case <-s.beat.C:
			if err := s.alive(); err != nil {
				return nil // the browser has gone
			}
		case fact, ok := <-facts.Facts():
			if !ok {
				return nil
			}
			if err := v.boardMoves(s, fact, manage); err != nil {
				return nil // the browser has gone, or reads the board anew
			}
		}
	}
}

// boardMoves sends what a fact changes on the board.
func (v *visit) boardMoves(s *stream, fact events.Fact, manage bool) error {
	if changed, ok := fact.(directory.Changed); ok {
		if changed.DomainID != v.domain.ID {
			return nil
		}
		desks, err := v.seenDesks()
		if err != nil {
			return err
		}
		return s.send(boardNow(desks, manage))
	}
	for _, deviceID := range devicesIn(fact) {
		desk, is, err := v.deskOf(v.r.Context(), v.domain, deviceID)
		if err != nil {
			return err
		}
		if !is || !v.sees(directory.ActSeeCalls, desk.Site) {
			continue
		}
		if err := s.send(deskMoves(desk, manage)); err != nil {
			return err
		}
	}
	return nil
}

// devicesIn are the devices that a fact is about.
func devicesIn(fact events.Fact) []string {
	switch f := fact.(type) {
	case hotdesk.LoggedIn:
		return []string{f.Session.DeviceID}
	case hotdesk.Extended:
		return []string{f.Session.DeviceID}
	case hotdesk.Ended:
		return []string{f.Session.DeviceID}
	case location.Registered:
		return []string{f.Binding.DeviceID}
	case location.Unregistered:
		return []string{f.Binding.DeviceID}
	case location.Expired:
		return []string{f.Binding.DeviceID}
	case switchboard.Ringing:
		return []string{f.Caller.DeviceID}
	case switchboard.Answered:
		return []string{f.Caller.DeviceID, f.Callee.DeviceID}
	case switchboard.Ended:
		return []string{f.Record.Caller.DeviceID, f.Record.Callee.DeviceID}
	default:
		return nil
	}
}
