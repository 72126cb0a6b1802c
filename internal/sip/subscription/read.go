package subscription

import (
	"errors"
	"log/slog"
	"mime"
	"strconv"
	"strings"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
)

// asked is what a SUBSCRIBE asks for.
type asked struct {
	pkg     Package
	event   string        // as NOTIFYs repeat it: the package, and the id where one was given (RFC 6665 4.4.1)
	expires time.Duration // granted; 0 for a look at the state, and the end of a subscription
}

// answer refuses a SUBSCRIBE.
type answer struct {
	code    int
	reason  string
	headers []sip.Header
}

func refuse(code int, reason string, headers ...sip.Header) *answer {
	return &answer{code, reason, headers}
}

// send sends it; an answer that cannot be sent is asked for again.
func (a *answer) send(tx *sip.ServerTx) { _ = tx.Reply(a.code, a.reason, a.headers...) }

// read takes a SUBSCRIBE apart.
func (l *Layer) read(tx *sip.ServerTx) (asked, *answer) {
	req := tx.Request()
	event := sip.Value(req, "Event")
	name, _, _ := strings.Cut(event, ";")
	pkg, ok := l.knows(strings.TrimSpace(name))
	if !ok {
		return asked{}, refuse(489, "Bad Event", sip.NewHeader("Allow-Events", strings.Join(l.Packages(), ", ")))
	}
	a := asked{pkg: pkg, event: pkg.Name}
	if id, ok := sip.Param(event, "id"); ok {
		if strings.ContainsAny(id, " \t\";,<>") || len(id) > 128 {
			return asked{}, refuse(400, "Malformed Event")
		}
		a.event += ";id=" + id
	}
	if !accepts(sip.Values(req, "Accept"), pkg.ContentType) {
		return asked{}, refuse(406, "Not Acceptable", sip.NewHeader("Accept", pkg.ContentType))
	}
	var no *answer
	a.expires, no = l.term(sip.Value(req, "Expires"))
	return a, no
}

// term is how long a subscription is to last.
func (l *Layer) term(text string) (time.Duration, *answer) {
	if text == "" {
		return l.cfg.Longest, nil
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, refuse(400, "Malformed Expires")
	}
	wanted := time.Duration(n) * time.Second
	if wanted > 0 && wanted < l.cfg.Shortest {
		return 0, refuse(423, "Interval Too Brief", sip.NewHeader("Min-Expires", seconds(l.cfg.Shortest)))
	}
	return min(wanted, l.cfg.Longest), nil
}

// accepts tells whether a phone takes a content type. Without Accept it takes
// that of the package (RFC 6665 3.1.3).
func accepts(accept []string, contentType string) bool {
	if len(accept) == 0 {
		return true
	}
	class, _, _ := strings.Cut(contentType, "/")
	for _, value := range accept {
		kind, params, err := mime.ParseMediaType(value)
		if err == nil && (kind == contentType || kind == "*/*" || kind == class+"/*") && params["q"] != "0" {
			return true
		}
	}
	return false
}

// admit asks who decides.
func (l *Layer) admit(a asked, resource sip.URI, admit Admit) (string, *answer) {
	subject, err := admit(Wish{Package: a.pkg.Name, Resource: resource})
	var no *RefusedError
	switch {
	case errors.As(err, &no):
		return "", refuse(no.Code, no.Reason)
	case err != nil:
		l.cfg.Log.Error("decide about a subscription", slog.String("package", a.pkg.Name), slog.Any("error", err))
		return "", refuse(500, "Server Internal Error", sip.NewHeader("Retry-After", "10"))
	default:
		return subject, nil
	}
}

func contactOf(m sip.Message) (string, bool) {
	a, err := sip.ParseAddress(sip.Value(m, "Contact"))
	if err != nil || a.URI.Wildcard || a.URI.Host == "" {
		return "", false
	}
	return a.URI.String(), true
}

func seconds(d time.Duration) string { return strconv.FormatInt(int64(d/time.Second), 10) }
