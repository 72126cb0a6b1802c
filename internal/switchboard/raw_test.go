package switchboard_test

import (
	"fmt"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
)

// rawCall is a call of which a test makes every request itself.
type rawCall struct {
	*peer
	headers []sip.Header // those that all its requests have
	replies chan sip.Reply
	cseq    int
}

func (p *peer) newRawCall() *rawCall {
	return &rawCall{peer: p, replies: make(chan sip.Reply, 64), headers: []sip.Header{
		sip.NewHeader("From", p.address()+";tag=1"), sip.NewHeader("Call-ID", sip.NewCallID()), sip.NewHeader("Contact", p.contact()),
	}}
}

// rawCall invites somebody.
func (p *peer) rawCall(number string, body []byte, headers ...sip.Header) *rawCall {
	p.t.Helper()
	c := p.newRawCall()
	target := sip.URI{Scheme: "sip", User: number, Host: p.domain}
	headers = append(headers, sip.NewHeader("To", "<"+target.String()+">"))
	c.send(c.request(sip.INVITE, target, nil, headers...))
	proof := p.prove(c.reply(401), sip.INVITE, target)
	c.send(c.request(sip.INVITE, target, body, append(headers, proof)...))
	return c
}

func (c *rawCall) request(method sip.Method, target sip.URI, body []byte, headers ...sip.Header) *sip.Request {
	c.cseq++
	req := sip.NewRequest(method, target, append(headers, c.headers...)...)
	req.AppendHeader(sip.NewHeader("CSeq", fmt.Sprintf("%d %s", c.cseq, method)))
	if body != nil {
		req.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
		req.SetBody(body)
	}
	return req
}

func (c *rawCall) send(req *sip.Request) {
	c.t.Helper()
	if _, err := c.engine.Send(req, c.server, func(r sip.Reply) { c.replies <- r }); err != nil {
		c.t.Fatal(err)
	}
}

// reply waits for a response and passes over the others.
func (c *rawCall) reply(code int) *sip.Response {
	c.t.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	var passed []int
	for {
		select {
		case r := <-c.replies:
			if r.Err != nil {
				c.t.Fatal(r.Err)
			}
			if r.Response.StatusCode == code {
				return r.Response
			}
			passed = append(passed, r.Response.StatusCode)
		case <-timer.C:
			c.t.Fatalf("no response %d, but %v", code, passed)
		}
	}
}

// within makes a request in the dialog that a response began.
func (c *rawCall) within(res *sip.Response, method sip.Method, body []byte, headers ...sip.Header) *sip.Request {
	c.t.Helper()
	target, err := sip.ParseAddress(sip.Value(res, "Contact"))
	if err != nil {
		c.t.Fatal(err)
	}
	return c.request(method, target.URI, body, append(headers, sip.NewHeader("To", sip.Value(res, "To")))...)
}
