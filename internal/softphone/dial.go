package softphone

import (
	"context"
	"errors"
	"fmt"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
)

// Dial calls what a person would dial, "*88" or "1002", or an address,
// "sip:1002@acme.test". It returns when the INVITE is on its way; ctx is for
// finding the server only. Headers are added to the INVITE.
func (p *Phone) Dial(ctx context.Context, dialled string, headers ...sip.Header) (*Call, error) {
	target, err := p.target(dialled)
	if err != nil {
		return nil, err
	}
	flows, err := p.way(ctx)
	if err != nil {
		return nil, err
	}
	c, err := p.newCall(flows[0], Party{User: sip.URIUser(target), Host: target.Host})
	if err != nil {
		return nil, err
	}
	c.outgoing = true
	if err := p.add(c); err != nil {
		c.stream.Close()
		return nil, fmt.Errorf("dial %q: %w", dialled, err)
	}
	leg, err := p.layer.Invite(dialog.Invite{
		Target: target, Flows: flows, From: p.from(), ContactUser: escaped(p.cfg.User),
		SDP: c.offer(), Headers: headers, Credentials: p.credentials(),
	}, c.happened)
	if err != nil {
		p.remove(c)
		c.stream.Close()
		return nil, fmt.Errorf("dial %q: %w", dialled, err)
	}
	c.setLeg(leg)
	return c, nil
}

// invited takes a call to this phone and rings.
func (p *Phone) invited(tx *sip.ServerTx) {
	c, err := p.newCall(tx.Flow(), caller(tx.Request()))
	if err != nil {
		_ = tx.Reply(503, "Service Unavailable")
		return
	}
	if err := p.add(c); err != nil {
		c.stream.Close()
		_ = tx.Reply(486, "Busy Here")
		return
	}
	leg, err := p.layer.Incoming(tx, dialog.LocalParty{
		ContactUser: escaped(p.cfg.User), Credentials: p.credentials(),
	}, c.happened)
	if err != nil { // the layer has refused it
		p.remove(c)
		c.stream.Close()
		return
	}
	c.setLeg(leg)
	if err := leg.Progress(180, "Ringing", nil); err == nil {
		c.rings.pass()
	}
	p.tell(Event{Kind: Incoming, Call: c})
	if p.cfg.AutoAnswer {
		_ = c.Answer() // that it has ended, or was refused, is told by an event
	}
	select {
	case p.incoming <- c:
	default:
		if !p.cfg.AutoAnswer { // nobody has asked for the last calls, nor will for this one
			_ = leg.Reject(486, "Busy Here")
		}
	}
}

// Answer takes a call that rings here.
func (c *Call) Answer() error {
	leg := c.theLeg()
	if c.outgoing {
		return fmt.Errorf("answer: %w", dialog.ErrRole)
	}
	offer := leg.Invitation().Body()
	if len(offer) == 0 { // the answer comes with the ACK
		return leg.Accept(c.offer())
	}
	answer, agreed, err := c.answerTo(offer)
	if err != nil {
		return errors.Join(fmt.Errorf("answer: %w", err), leg.Reject(488, "Not Acceptable Here"))
	}
	if err := leg.Accept(answer); err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	c.agree(agreed, answer)
	c.isAnswered()
	return nil
}

// Reject refuses a call that rings here, as with 486 "Busy Here" or 603 "Decline".
func (c *Call) Reject(code int, reason string) error {
	if err := c.theLeg().Reject(code, reason); err != nil {
		return fmt.Errorf("reject: %w", err)
	}
	return nil
}

// Hold stops the sound of both sides, until Resume.
func (c *Call) Hold(ctx context.Context) error { return c.reoffer(ctx, "hold") }

// Resume ends a Hold.
func (c *Call) Resume(ctx context.Context) error { return c.reoffer(ctx, "resume") }

// Transfer asks the other side to call somebody else instead (RFC 3515), and
// returns when it has agreed to try. The call lasts until it hangs up.
func (c *Call) Transfer(ctx context.Context, to string) error {
	target, err := c.phone.target(to)
	if err != nil {
		return err
	}
	res, err := c.theLeg().Do(ctx, string(sip.REFER), "", nil, sip.NewHeader("Refer-To", "<"+target.String()+">"))
	return accepted("transfer", res, err)
}

func accepted(what string, res *sip.Response, err error) error {
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", what, err)
	case res.StatusCode >= 300:
		return fmt.Errorf("%s refused: %d %s", what, res.StatusCode, res.Reason)
	}
	return nil
}
