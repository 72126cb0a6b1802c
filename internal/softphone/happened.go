package softphone

import (
	"context"
	"strings"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/sdp"
)

// handler takes what the engine receives.
type handler struct{ phone *Phone }

// ServeSIP implements [sip.Handler].
func (h handler) ServeSIP(tx *sip.ServerTx) {
	if h.phone.layer.ServeSIP(tx) {
		return
	}
	switch tx.Request().Method {
	case sip.INVITE:
		h.phone.invited(tx)
	case sip.OPTIONS, sip.MESSAGE:
		_ = tx.Reply(200, "OK", sip.NewHeader("Allow", "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, NOTIFY, UPDATE, PRACK, MESSAGE"))
	case sip.NOTIFY: // of what we did not subscribe to: message lamps come so
		_ = tx.Reply(200, "OK")
		h.phone.tell(Event{Kind: Notified, Text: string(tx.Request().Body())})
	default:
		_ = tx.Reply(405, "Method Not Allowed")
	}
}

// ServeACK implements [sip.Handler].
func (h handler) ServeACK(req *sip.Request, flow sip.Flow) { h.phone.layer.ServeACK(req, flow) }

// FlowClosed implements [sip.Handler].
func (h handler) FlowClosed(flow sip.Flow) {
	h.phone.layer.FlowClosed(flow)
	h.phone.reg.hasten(flow)
}

// happened is the sink of the call's leg.
func (c *Call) happened(ev dialog.Event) {
	switch ev := ev.(type) {
	case dialog.Progressed:
		c.progressed(ev)
	case dialog.Answered:
		c.identify(ev.Response)
		c.wasAnswered(ev)
	case dialog.Acked:
		c.acked(ev)
	case dialog.Pracked:
		c.pracked(ev)
	case dialog.Reoffered:
		c.reoffered(ev)
	case dialog.Updated:
		c.identify(ev.Request)
	case dialog.Requested:
		c.requested(ev.Tx)
	default:
		c.finished(ev)
	}
}

func (c *Call) finished(ev dialog.Event) {
	switch ev := ev.(type) {
	case dialog.Failed:
		c.over(End{Code: ev.Code, Reason: ev.Reason})
	case dialog.Canceled:
		c.over(End{Code: 487, Reason: "Request Terminated", Cause: ev.Reason})
	case dialog.Ended:
		c.hungUp(ev)
	}
}

func (c *Call) hungUp(ev dialog.Ended) {
	end := End{Reason: "hung up", By: ev.By}
	if ev.BYE != nil {
		end.Cause = ev.Reason
	} else if ev.Reason != "" {
		end.Reason = ev.Reason
	}
	c.over(end)
}

func (c *Call) progressed(ev dialog.Progressed) {
	c.identify(ev.Response)
	if ev.SDP != nil {
		_ = c.agreeTo(ev.SDP) // early media that we cannot play is only not heard
	}
	if code := ev.Response.StatusCode; code == 180 || code == 183 {
		c.rings.pass()
	}
	c.phone.tell(Event{Kind: Progress, Call: c, Code: ev.Response.StatusCode, Text: ev.Response.Reason})
}

func (c *Call) wasAnswered(ev dialog.Answered) {
	if ev.SDP != nil {
		if err := c.agreeTo(ev.SDP); err != nil {
			c.phone.cfg.Log.Warn("answer without a usable codec")
			ev.Leg.Bye()
			return
		}
	}
	c.isAnswered()
}

func (c *Call) isAnswered() {
	c.rings.pass()
	c.answered.pass()
	c.phone.tell(Event{Kind: Answered, Call: c})
}

func (c *Call) acked(ev dialog.Acked) {
	if ev.SDP == nil {
		return
	}
	if err := c.agreeTo(ev.SDP); err != nil {
		ev.Leg.Bye()
		return
	}
	if !c.answered.passed() {
		c.isAnswered()
	}
}

func (c *Call) pracked(ev dialog.Pracked) {
	if ev.Answer == nil {
		return
	}
	answer, agreed, err := c.answerTo(ev.SDP)
	if err != nil {
		_ = ev.Answer(488, nil)
		return
	}
	if ev.Answer(200, answer) == nil {
		c.agree(agreed, answer)
	}
}

func (c *Call) reoffered(ev dialog.Reoffered) {
	c.identify(ev.Tx.Request())
	if ev.Offer == nil {
		_ = ev.Answer(c.offer())
		return
	}
	answer, agreed, err := c.answerTo(ev.Offer)
	if err != nil {
		_ = ev.Reject(488, "Not Acceptable Here")
		return
	}
	if ev.Answer(answer) == nil {
		c.agree(agreed, answer)
	}
}

// requested answers requests within the call; INFO may bring a digit.
func (c *Call) requested(tx *sip.ServerTx) {
	switch req := tx.Request(); req.Method {
	case sip.INFO:
		_ = tx.Reply(200, "OK")
		if digit, ok := infoDigit(sip.Value(req, "Content-Type"), string(req.Body())); ok {
			c.digit(digit)
		}
	case sip.NOTIFY, sip.MESSAGE, sip.OPTIONS:
		_ = tx.Reply(200, "OK")
	case sip.REFER:
		_ = tx.Reply(603, "Decline")
	default:
		_ = tx.Reply(501, "Not Implemented")
	}
}

func (c *Call) identify(m sip.Message) {
	told := false
	c.change(func() {
		before := c.party
		c.party.identify(m)
		told = c.party != before
	})
	if told {
		c.phone.tell(Event{Kind: Identified, Call: c})
	}
}

// reoffer changes the direction of the sound by a re-INVITE.
func (c *Call) reoffer(ctx context.Context, what string) error {
	before := c.want(sdp.SendRecv)
	if what == "hold" {
		c.want(sdp.SendOnly)
	}
	res, err := c.theLeg().Reoffer(ctx, c.offer(), nil)
	if err := accepted(what, res, err); err != nil {
		c.want(before)
		return err
	}
	return c.agreeTo(res.Body())
}

// want sets the direction to be offered and gives the one before.
func (c *Call) want(d sdp.Direction) sdp.Direction {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := c.direction
	c.direction = d
	return before
}

// infoDigit reads a digit out of an INFO: "Signal=5" of application/dtmf-relay, or the bare digit of application/dtmf.
func infoDigit(contentType, body string) (rune, bool) {
	kind, _, _ := strings.Cut(contentType, ";")
	value := ""
	switch strings.ToLower(strings.TrimSpace(kind)) {
	case "application/dtmf":
		value = body
	case "application/dtmf-relay":
		for line := range strings.Lines(body) {
			name, v, ok := strings.Cut(line, "=")
			if ok && strings.EqualFold(strings.TrimSpace(name), "signal") {
				value = v
			}
		}
	}
	value = strings.TrimSpace(value)
	if len(value) != 1 || !strings.Contains("0123456789*#ABCDabcd", value) {
		return 0, false
	}
	return rune(strings.ToUpper(value)[0]), true
}
