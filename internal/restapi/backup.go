package restapi

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

func (a *API) backup(ctx context.Context, _ *struct{}) (*huma.StreamResponse, error) {
	copied, err := a.cfg.Backup(ctx)
	if err != nil {
		// Whoever may copy all data may know why it cannot be done.
		a.cfg.Log.ErrorContext(ctx, "no backup was made", slog.Any("error", err))
		return nil, huma.Error503ServiceUnavailable("no backup was made: " + err.Error())
	}
	return &huma.StreamResponse{Body: func(out huma.Context) {
		out.SetHeader("Content-Type", "application/x-tar")
		if _, err := copied.WriteTo(out.BodyWriter()); err != nil {
			a.cfg.Log.ErrorContext(ctx, "a backup was cut off", slog.Any("error", err))
			cutOff(out)
		}
	}}, nil
}

// cutOff breaks the connection of an answer that cannot be finished: the peer
// must not take half of it for the whole.
func cutOff(out huma.Context) {
	_, w := humago.Unwrap(out)
	_ = http.NewResponseController(w).SetWriteDeadline(time.Unix(1, 0))
}
