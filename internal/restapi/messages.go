package restapi

import (
	"context"
	"io"
	"log/slog"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
	"github.com/hotdesk-pbx/hotdesk/internal/voicemail"
)

// Mailboxes keeps voicemail messages: [*voicemail.Service].
type Mailboxes interface {
	Messages(ctx context.Context, userID string) ([]voicemail.Message, error)
	Open(ctx context.Context, messageID string) (io.ReadCloser, voicemail.Message, error)
	Mark(ctx context.Context, userID string, to voicemail.State, messageIDs ...string) error
	Delete(ctx context.Context, userID string, messageIDs ...string) error
}

// InMessage is the part of a request that names a message of the peer's own.
type InMessage struct {
	Message string `path:"message" doc:"The message's ID."`
}

// message finds the message that a request names among the peer's own.
func (a *API) message(ctx context.Context, in InMessage) (voicemail.Message, error) {
	_, user, err := a.me(ctx)
	if err != nil {
		return voicemail.Message{}, err
	}
	all, err := a.cfg.Mailboxes.Messages(ctx, user.ID)
	if err != nil {
		return voicemail.Message{}, a.problem(ctx, err, "")
	}
	for _, m := range all {
		if m.ID == in.Message {
			return m, nil
		}
	}
	return voicemail.Message{}, none("message", in.Message)
}

func (a *API) listMessages(ctx context.Context, in *struct {
	Page
	State string `query:"state" enum:"new,saved" doc:"Only those."`
	Q     string `query:"q" doc:"Only those with that in the caller's number or name, in any case."`
},
) (*list[resource.Message], error) {
	_, user, err := a.me(ctx)
	if err != nil {
		return nil, err
	}
	all, err := a.cfg.Mailboxes.Messages(ctx, user.ID)
	if err != nil {
		return nil, a.problem(ctx, err, "")
	}
	found := filtered(all, viewMessage, func(m resource.Message) bool {
		return has(in.Q, m.CallerNumber, m.CallerName) && (in.State == "" || in.State == m.State)
	})
	return pageOf(ctx, in.Page, found, func(m resource.Message) string { return m.ID })
}

func (a *API) getMessage(ctx context.Context, in *InMessage) (*one[resource.Message], error) {
	m, err := a.message(ctx, *in)
	if err != nil {
		return nil, err
	}
	return oneOf(viewMessage(m)), nil
}

func (a *API) getSound(ctx context.Context, in *InMessage) (*huma.StreamResponse, error) {
	m, err := a.message(ctx, *in)
	if err != nil {
		return nil, err
	}
	sound, _, err := a.cfg.Mailboxes.Open(ctx, m.ID)
	if err != nil {
		return nil, a.problem(ctx, err, "")
	}
	return &huma.StreamResponse{Body: func(out huma.Context) {
		defer func() { _ = sound.Close() }()
		out.SetHeader("Content-Type", "audio/wav")
		out.SetHeader("Content-Disposition", `attachment; filename="message.wav"`)
		if _, err := io.Copy(out.BodyWriter(), sound); err != nil {
			a.cfg.Log.ErrorContext(ctx, "a message was cut off", slog.Any("error", err))
			cutOff(out)
		}
	}}, nil
}

func (a *API) setMessage(ctx context.Context, in *struct {
	InMessage
	Body resource.MessageInput
},
) (*one[resource.Message], error) {
	m, err := a.message(ctx, in.InMessage)
	if err == nil {
		err = matches(ctx, viewMessage(m))
	}
	if err == nil {
		err = a.cfg.Mailboxes.Mark(ctx, m.UserID, voicemail.State(in.Body.State), m.ID)
	}
	if err != nil {
		return nil, a.problem(ctx, err, "")
	}
	return a.getMessage(ctx, &in.InMessage)
}

func (a *API) deleteMessage(ctx context.Context, in *InMessage) (*struct{}, error) {
	m, err := a.message(ctx, *in)
	if err == nil {
		err = matches(ctx, viewMessage(m))
	}
	if err == nil {
		err = a.cfg.Mailboxes.Delete(ctx, m.UserID, m.ID)
	}
	if err != nil {
		return nil, a.problem(ctx, err, "")
	}
	return &struct{}{}, nil
}

func viewMessage(m voicemail.Message) resource.Message {
	return resource.Message{
		ID: m.ID, CallerNumber: m.From.Number, CallerName: m.From.Name, LeftAt: m.LeftAt, Seconds: seconds(m.Length), State: string(m.State), Call: m.CallID,
	}
}
