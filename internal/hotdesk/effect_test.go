package hotdesk_test

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
)

// edit is what a change makes of the office.
func (o *office) edit(change func(*directory.Office)) directory.Edit {
	before := directory.Office{
		Domain: o.book.domains["acme"], Users: slices.Collect(maps.Values(o.book.users)), Devices: slices.Collect(maps.Values(o.book.devices)),
	}
	after := before.Clone()
	change(&after)
	return directory.Edit{Before: before, After: after}
}

// make does what an edit tells.
func (o *office) make(edit directory.Edit) {
	o.book.domains["acme"] = edit.After.Domain
	clear(o.book.users)
	for _, u := range edit.After.Users {
		o.book.users[u.ID] = u
	}
	clear(o.book.devices)
	for _, d := range edit.After.Devices {
		o.book.devices[d.ID] = d
	}
}

// TestEffect has Ana at desk1, who was on the phone an hour ago, Bo at desk2,
// who is on the phone, and Cy, who has just sat down at the unassigned phone.
// What is foretold to end at once is what then ends.
func TestEffect(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*directory.Office)
		ends   map[string]hotdesk.Reason // by person
		stay   []string
	}{
		"nothing":      {func(*directory.Office) {}, nil, nil},
		"switched off": {func(o *directory.Office) { o.Domain.HotDesking.Enabled = false }, map[string]hotdesk.Reason{"ana": hotdesk.Withdrawn, "bo": hotdesk.Withdrawn, "cy": hotdesk.Withdrawn}, nil},
		"another desk range": {func(o *directory.Office) {
			o.Domain.HotDesking.DeskRange = directory.ExtensionRange{First: "5402", Last: "5499"}
		}, map[string]hotdesk.Reason{"ana": hotdesk.Withdrawn}, nil},
		"a person may not":          {func(o *directory.Office) { o.User("bo").NoHotDesking = true }, map[string]hotdesk.Reason{"bo": hotdesk.Withdrawn}, nil},
		"a person goes":             {func(o *directory.Office) { o.RemoveUser("cy") }, map[string]hotdesk.Reason{"cy": hotdesk.Withdrawn}, nil},
		"a desk gets owned":         {func(o *directory.Office) { o.Device("unassigned").OwnerID = "ana" }, map[string]hotdesk.Reason{"cy": hotdesk.Withdrawn}, nil},
		"a desk account goes":       {func(o *directory.Office) { o.RemoveUser("account2") }, map[string]hotdesk.Reason{"bo": hotdesk.Withdrawn}, nil},
		"an idle limit":             {func(o *directory.Office) { o.Domain.HotDesking.IdleMinutes = 30 }, map[string]hotdesk.Reason{"ana": hotdesk.IdleLimit}, nil},
		"a release time":            {func(o *directory.Office) { o.Domain.HotDesking.ReleaseAt.Hour = 22 }, nil, []string{"ana", "bo", "cy"}},
		"a time zone":               {func(o *directory.Office) { o.Domain.TimeZone = "Europe/Berlin" }, nil, []string{"ana", "bo", "cy"}},
		"a zone with the same time": {func(o *directory.Office) { o.Domain.TimeZone = "America/New_York" }, nil, nil},
		"an hour limit":             {func(o *directory.Office) { o.Domain.HotDesking.MaxHours = 2 }, nil, []string{"ana", "bo", "cy"}},
		"both": {func(o *directory.Office) {
			o.Domain.HotDesking.ReleaseAt = directory.ClockTime{}
			o.User("ana").Disabled = true
		}, map[string]hotdesk.Reason{"ana": hotdesk.Withdrawn}, []string{"bo", "cy"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := instant(t, winterMorning)
			o := newOffice(t, func() time.Time { return now })
			o.login(t, "desk1", "ana")
			o.login(t, "desk2", "bo")
			o.calls.set("desk2", true)
			now = now.Add(time.Hour)
			o.login(t, "unassigned", "cy")
			edit := o.edit(c.change)
			effect, err := o.Effect(t.Context(), edit)
			if err != nil {
				t.Fatal(err)
			}
			ends := map[string]hotdesk.Reason(nil)
			withdrawn := 0
			for _, closing := range effect.Ends {
				if ends == nil {
					ends = map[string]hotdesk.Reason{}
				}
				ends[closing.Session.UserID] = closing.Reason
				if closing.Reason == hotdesk.Withdrawn {
					withdrawn++
				}
			}
			var stay []string
			for _, s := range effect.Stay {
				stay = append(stay, s.UserID)
			}
			slices.Sort(stay)
			if diff := cmp.Diff(c.ends, ends) + cmp.Diff(c.stay, stay); diff != "" || effect.Empty() != (c.ends == nil && c.stay == nil) {
				t.Errorf("foretold: %s", diff)
			}
			o.make(edit)
			if ended, err := o.Reconcile(t.Context(), "acme"); err != nil || ended != withdrawn {
				t.Errorf("%d were foretold to end, %d ended, %v", withdrawn, ended, err)
			}
		})
	}
}

func TestEffectOnWhatIsOverAnyway(t *testing.T) {
	t.Parallel()
	now := instant(t, winterMorning)
	o := newOffice(t, func() time.Time { return now })
	held := o.login(t, "desk1", "ana").Session
	now = held.EndsAt
	effect, err := o.Effect(t.Context(), o.edit(func(o *directory.Office) { o.Domain.HotDesking.Enabled = false }))
	if err != nil || !effect.Empty() {
		t.Errorf("%+v, %v", effect, err)
	}
	if effect, err := o.Effect(t.Context(), directory.Edit{}); err != nil || !effect.Empty() {
		t.Errorf("of a domain that is made: %+v, %v", effect, err)
	}
	o.store.setFail(errors.New("disk full"))
	if _, err := o.Effect(t.Context(), o.edit(func(*directory.Office) {})); err == nil {
		t.Error("a store that fails is taken for one that is empty")
	}
}
