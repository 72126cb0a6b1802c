package switchboard

import (
	"context"
	"errors"
	"fmt"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
)

// errRefused means that a phone did not take a description of the other's sound.
var errRefused = errors.New("the phone refuses the other's sound")

// reofferDone is what came of an offer of ours; it goes to the inbox.
type reofferDone struct {
	leg      *dialog.Leg
	response *sip.Response
	err      error
}

// reoffer makes an offer to a party and waits for its answer.
func (c *call) reoffer(p *party, offer []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), passFor)
	defer cancel()
	leg := p.leg
	go func() {
		response, err := leg.Reoffer(ctx, offer, nil)
		c.post(reofferDone{leg, response, err})
	}()
	for {
		message, _ := c.next(nil)
		m, ok := message.(reofferDone)
		switch {
		case !ok || m.leg != leg:
			if c.stopping {
				cancel()
			}
			c.aside(message)
		case m.err != nil:
			return nil, m.err
		case !m.response.IsSuccess():
			return nil, fmt.Errorf("%w: %d %s", errRefused, m.response.StatusCode, m.response.Reason)
		default:
			return m.response.Body(), nil
		}
	}
}

// retune connects two parties that talk already, or have talked to others: far
// has agreed to what near can last, and near is offered what far said to that.
func (c *call) retune(near, far *party) error {
	said := far.leg.RemoteSDP()
	offer, err := near.anew(said)
	if err != nil {
		return err
	}
	answer, err := c.reoffer(near, offer)
	if err != nil {
		return err
	}
	if err := near.heard(answer); err != nil {
		return err
	}
	if err := far.heard(said); err != nil {
		return err
	}
	c.relay(&near.side, &far.side)
	return nil
}

// introduce is [call.retune] for two parties that have not heard of each other.
func (c *call) introduce(near, far *party) error {
	offer, err := far.anew(near.able)
	if err != nil {
		return err
	}
	if _, err := c.reoffer(far, offer); err != nil {
		return err
	}
	return c.retune(near, far)
}
