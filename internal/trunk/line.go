package trunk

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
)

// line is one outside line and the goroutine that keeps it.
type line struct {
	cfg     *Config
	trunk   directory.Trunk
	contact string
	uri     sip.URI // of the carrier; broken says why there is none
	broken  error
	log     *slog.Logger
	end     context.CancelFunc
	ended   chan struct{}
	hurry   chan struct{} // full: the next round is due at once
	moved   func()        // the carrier is found elsewhere

	registration registration // of the goroutine alone
	failures     int          // in a row; likewise

	mu    sync.Mutex
	now   State
	flows []sip.Flow
}

func newLine(cfg *Config, trunk directory.Trunk, moved func()) *line {
	uri, err := uriOf(trunk)
	return &line{
		cfg: cfg, trunk: trunk, uri: uri, broken: err, contact: contactOf(trunk), log: cfg.Log.With(slog.String("trunk", trunk.Name)),
		ended: make(chan struct{}), hurry: make(chan struct{}, 1), moved: moved,
		registration: registration{callID: sip.NewCallID(), expires: cfg.Pace.Expires},
		now:          State{TrunkID: trunk.ID, DomainID: trunk.DomainID, Name: trunk.Name, Answers: true, Since: cfg.Now().UTC()},
	}
}

// contactOf is a name that nobody can guess and only the carrier is told: who
// calls it is the carrier, from wherever it calls. It is the same after a
// restart, so that what the carrier still knows of us stays right.
func contactOf(trunk directory.Trunk) string {
	if trunk.Password == "" {
		return strings.ToLower(rand.Text())
	}
	mac := hmac.New(sha256.New, []byte(trunk.Password))
	mac.Write([]byte("contact of " + trunk.ID))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// found is where the carrier is, the best way first.
func (l *line) found() []sip.Flow {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.flows
}

func (l *line) state() State {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.now
}

// suspect takes the line for dead until it has answered.
func (l *line) suspect(reason string) {
	l.stands(false, false, reason)
	select {
	case l.hurry <- struct{}{}:
	default:
	}
}

// stands notes how the line stands, and tells it when that is new.
func (l *line) stands(answers, registered bool, reason string) {
	l.mu.Lock()
	same := l.now.Answers == answers && l.now.Registered == registered && l.now.Reason == reason
	if !same {
		l.now.Answers, l.now.Registered, l.now.Reason, l.now.Since = answers, registered, reason, l.cfg.Now().UTC()
	}
	state := l.now
	l.mu.Unlock()
	if same {
		return
	}
	l.log.Info("outside line", slog.Bool("answers", answers), slog.Bool("registered", registered), slog.String("reason", reason))
	l.cfg.Events.Publish(Changed{State: state})
}

// run keeps the line until the context ends.
func (l *line) run(ctx context.Context) {
	defer l.takeBack(context.WithoutCancel(ctx))
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.hurry:
			l.registration.due = time.Time{}
		case <-timer.C:
		}
		timer.Reset(l.round(ctx))
	}
}

// round finds the carrier, registers when that is due, else asks whether it
// answers, and tells when the next round is.
func (l *line) round(ctx context.Context) time.Duration {
	err := l.find(ctx)
	if err == nil && l.trunk.Register && !time.Now().Before(l.registration.due) {
		err = l.register(ctx)
	} else if err == nil {
		err = l.ask(ctx)
	}
	switch {
	case ctx.Err() != nil:
		return 0
	case err != nil:
		l.failures++
		l.registration.due = time.Time{}
		l.stands(false, false, reasonOf(err))
		return l.backOff()
	}
	l.failures = 0
	l.stands(true, l.trunk.Register, "")
	if l.trunk.Register {
		return min(l.cfg.Pace.Ask, max(time.Until(l.registration.due), 0))
	}
	return l.cfg.Pace.Ask
}

// backOff grows with each failure, and is not the same for all who failed at
// the same moment.
func (l *line) backOff() time.Duration {
	wait := l.cfg.Pace.Longest
	if doublings := l.failures - 1; doublings < 16 {
		wait = min(wait, l.cfg.Pace.Retry<<doublings)
	}
	return wait - time.Duration(l.cfg.Pace.Jitter(int64(wait)/2))
}

// find looks the carrier up (RFC 3263). While the look-up fails it stays where
// it was found last. The way of the registration stands first.
func (l *line) find(ctx context.Context) error {
	if l.broken != nil {
		return l.broken
	}
	flows, err := l.cfg.Engine.Resolve(ctx, l.uri)
	known := l.found()
	switch {
	case err != nil && len(known) > 0:
		l.log.Warn("the carrier's name is not found, it is taken to be where it was", slog.Any("error", err))
		return nil
	case err != nil:
		return err
	}
	if i := slices.Index(flows, l.registration.flow); i > 0 {
		flows = slices.Concat(flows[i:i+1], flows[:i], flows[i+1:])
	}
	l.at(flows)
	return nil
}

func (l *line) at(flows []sip.Flow) {
	l.mu.Lock()
	same := slices.Equal(l.flows, flows)
	l.flows = flows
	l.mu.Unlock()
	if !same {
		l.moved()
	}
}

// uriOf is the carrier's address, which the directory has as host or host:port.
func uriOf(trunk directory.Trunk) (sip.URI, error) {
	text := "sip:" + trunk.Host
	if addr, err := netip.ParseAddr(trunk.Host); err == nil && addr.Is6() {
		text = "sip:[" + trunk.Host + "]"
	}
	if trunk.Transport != "" {
		text += ";transport=" + strings.ToLower(trunk.Transport)
	}
	uri, err := sip.ParseURI(text)
	if err != nil {
		return sip.URI{}, fmt.Errorf("the host %q: %w", trunk.Host, err)
	}
	return uri, nil
}

// ask sends OPTIONS. Any answer says that somebody is there, but 503: that one
// cannot take calls.
func (l *line) ask(ctx context.Context) error {
	var err error
	for _, flow := range l.found() {
		us := l.cfg.Engine.Local(flow)
		from := sip.Address{URI: sip.URI{Scheme: "sip", User: l.contact, Host: us.Addr().String(), Port: int(us.Port())}}
		req := sip.NewRequest(sip.OPTIONS, l.uri,
			sip.NewHeader("From", from.String()+";tag="+sip.NewTag()), sip.NewHeader("To", "<"+l.uri.String()+">"),
			sip.NewHeader("Call-ID", sip.NewCallID()), sip.NewHeader("CSeq", "1 OPTIONS"),
			sip.NewHeader("Contact", "<"+l.contactURI(flow)+">"), sip.NewHeader("Accept", "application/sdp"))
		var res *sip.Response
		if res, err = l.do(ctx, req, flow); err == nil && res.StatusCode == 503 {
			err = &refusedError{res.StatusCode, res.Reason}
		}
		if err == nil {
			return nil
		}
	}
	return err
}

// do sends a request and waits for its answer, but not for long.
func (l *line) do(ctx context.Context, req *sip.Request, flow sip.Flow) (*sip.Response, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, l.cfg.Pace.Answer, sip.ErrTimeout)
	defer cancel()
	if err := l.cfg.Engine.Connect(ctx, flow); err != nil {
		return nil, err
	}
	res, err := l.cfg.Engine.Do(ctx, req, flow)
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return res, err
}

func (l *line) contactURI(flow sip.Flow) string {
	uri := "sip:" + l.contact + "@" + l.cfg.Engine.Local(flow).String()
	if flow.Transport != sip.UDP {
		uri += ";transport=" + string(flow.Transport)
	}
	return uri
}

// refusedError is a carrier's answer that says no.
type refusedError struct {
	code   int
	reason string
}

func (e *refusedError) Error() string { return strconv.Itoa(e.code) + " " + e.reason }

func reasonOf(err error) string {
	text := err.Error()
	return strings.ToValidUTF8(text[:min(len(text), 200)], "")
}
