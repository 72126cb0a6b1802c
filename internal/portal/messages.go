package portal

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/a-h/templ"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/events"
	"github.com/hotdesk-pbx/hotdesk/internal/voicemail"
)

// messageView is a message in a mailbox.
type messageView struct {
	ID     string
	New    bool
	From   string
	Number string // to call back, or ""
	When   string
	Length string // "1:07"
}

// mailboxView is a mailbox with what callers hear there.
type mailboxView struct {
	Has      bool
	Messages []messageView
	Greeting bool // the person's own
	Name     bool // is recorded
	Code     string
}

// messages shows a person's mailbox, the newest message first.
func (v *visit) messages() error {
	box, err := v.mailbox()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "Messages", messagesPage(box))
}

func (v *visit) mailbox() (mailboxView, error) {
	view := mailboxView{Has: voicemail.Has(v.domain, v.user), Code: v.domain.HotDesking.MailboxCode}
	box, err := v.cfg.Mailboxes.Mailbox(v.r.Context(), v.user.ID)
	if err != nil {
		return view, err
	}
	view.Greeting, view.Name = box.Greeting != "", box.Name != ""
	found, err := v.cfg.Mailboxes.Messages(v.r.Context(), v.user.ID)
	if err != nil {
		return view, err
	}
	for _, m := range slices.Backward(found) {
		view.Messages = append(view.Messages, messageView{
			ID: m.ID, New: m.State == voicemail.StateNew, When: v.clock(v.domain, m.LeftAt), Length: minutes(m.Length),
			From: partyName(callrecord.Party{Name: m.From.Name, Number: m.From.Number}), Number: m.From.Number,
		})
	}
	return view, nil
}

// minutes is a length as players show it.
func minutes(d time.Duration) string {
	seconds := int(d.Round(time.Second).Seconds())
	return fmt.Sprintf("%d:%02d", seconds/60, seconds%60)
}

// messagesLive keeps the list up to date.
func (v *visit) messagesLive() error {
	concerns := func(fact events.Fact) bool {
		changed, is := fact.(voicemail.Changed)
		return is && changed.UserID == v.user.ID
	}
	return v.keepUp(concerns, func() (templ.Component, bool, error) {
		box, err := v.mailbox()
		return messagesNow(box), false, err
	})
}

// messageSound gives the sound of a message, or the parts of it that a player
// asks for.
func (v *visit) messageSound() error {
	sound, message, err := v.cfg.Mailboxes.Open(v.r.Context(), v.r.PathValue("message"))
	if err == nil {
		defer sound.Close()
	}
	switch {
	case errors.Is(err, voicemail.ErrNotFound), message.UserID != "" && message.UserID != v.user.ID:
		return errNowhere
	case errors.Is(err, voicemail.ErrNoSound):
		v.cfg.Log.Error("a message cannot be played", slog.Any("error", err))
		return errNowhere
	case err != nil:
		return err
	}
	file, seeks := sound.(io.ReadSeeker)
	if !seeks {
		return fmt.Errorf("the sound of message %s cannot be read in parts", message.ID)
	}
	h := v.w.Header()
	h.Set("Content-Type", "audio/wav")
	h.Set("Cache-Control", "private, no-cache")
	h.Set("ETag", `"`+message.ID+`"`)
	if v.r.URL.Query().Has("download") {
		name := "message " + v.in(message.LeftAt).Format("2006-01-02 15.04") + ".wav"
		h.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name))
	}
	http.ServeContent(v.w, v.r, "", time.Time{}, file)
	return nil
}

// in is a time in the domain's zone.
func (v *visit) in(at time.Time) time.Time { return at.In(v.zone()) }

func (v *visit) zone() *time.Location {
	zone, err := time.LoadLocation(cmp.Or(v.domain.TimeZone, "UTC"))
	if err != nil {
		return time.UTC
	}
	return zone
}

func (v *visit) markSaved() error { return v.mark(voicemail.StateSaved) }

func (v *visit) markNew() error { return v.mark(voicemail.StateNew) }

func (v *visit) mark(state voicemail.State) error {
	if err := v.cfg.Mailboxes.Mark(v.r.Context(), v.user.ID, state, v.r.PathValue("message")); err != nil {
		return err
	}
	return v.to("/messages")
}

func (v *visit) deleteMessage() error {
	if err := v.cfg.Mailboxes.Delete(v.r.Context(), v.user.ID, v.r.PathValue("message")); err != nil {
		return err
	}
	return v.done("/messages", "The message is deleted.")
}
