package switchboard

import (
	"context"
	"log/slog"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/media"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
)

// attended puts two calls of one person together: the party that is kept here,
// and the one at the other end of the dialog that the REFER names.
func (t *talking) attended(ctx context.Context, m dialog.Requested, x *transfer, replaced dialog.ID) {
	leg := t.board.cfg.Legs.Find(replaced)
	switch {
	case x.by.device.ID == "":
		t.respond(m.Tx, statusForbidden, "Not From An Outside Line")
		return
	case leg == nil || t.partyOf(leg) != nil:
		t.respond(m.Tx, statusNotFound, "No Such Call")
		return
	}
	if !t.accepts(m, x) {
		return
	}
	got, o := t.ask(leg, x.by)
	switch {
	case o.code != 0:
		t.giveBack(ctx, x, o)
	case got.party == nil:
		action := t.read(got.dialled)
		t.blind(ctx, x, action)
	default:
		t.unite(ctx, x, got.party)
	}
}

// unite connects the party that is kept with one that came from another call.
func (t *talking) unite(ctx context.Context, x *transfer, next *party) {
	media.Part(x.kept.stream)
	if err := t.introduce(x.kept, next); err != nil {
		t.log.Info("two calls cannot be put together", slog.Any("error", err))
		t.drop(next)
		t.giveBack(ctx, x, outcome{statusNotAcceptableHere, "Not Acceptable Here", callrecord.Failed})
		return
	}
	x.reached = next
	t.handedOn(ctx, x)
}
