package sip

import (
	"log/slog"
	"net/netip"
	"strconv"
	"strings"
)

// refuse answers a request that could not be built, with what can be read of
// it: the Via headers at least. An ACK is never answered.
func (e *Engine) refuse(h *head, f *fault, flow Flow) {
	e.stats.malformed.Add(1)
	e.log.Debug("request refused", slog.String("from", flow.String()), slog.Int("code", f.code),
		slog.String("reason", f.reason))
	via, ok := h.value("Via")
	method, _, _ := strings.Cut(h.start, " ")
	if !ok || !h.isRequest() || method == "ACK" {
		return
	}
	to := flow
	if top, ok := parseVia(splitList(via)[0]); ok {
		to = replyTo(top, flow)
	}
	_ = e.write(h.refusal(f, flow, e.cfg.Product), to) // a flow that is gone needs no answer
}

// refusal writes the answer from the raw header texts, since their parse is
// what may have failed.
func (h *head) refusal(f *fault, flow Flow, product string) []byte {
	w := make(wire, 0, 512)
	w.line("SIP/2.0 " + strconv.Itoa(f.code) + " " + f.reason)
	first := true
	for _, field := range h.fields {
		if field.name != "Via" {
			continue
		}
		if first {
			field.value = receivedVia(field.value, flow)
			first = false
		}
		w.line("Via: " + field.value)
	}
	for _, name := range [...]string{"From", "To", "Call-ID", "CSeq"} {
		value, ok := h.value(name)
		if !ok {
			continue
		}
		if _, tagged := Param(value, "tag"); name == "To" && !tagged && strings.Count(value, `"`)%2 == 0 {
			value += ";tag=" + NewTag()
		}
		w.line(name + ": " + value)
	}
	if f.header != nil {
		w.line(f.header.Name() + ": " + f.header.Value())
	}
	if product != "" {
		w.line("Server: " + product)
	}
	w.line("Content-Length: 0")
	w.line("")
	return w
}

func (w *wire) line(s string) { *w = append(append(*w, s...), '\r', '\n') }

func receivedVia(value string, flow Flow) string {
	values := splitList(value)
	via, ok := parseVia(values[0])
	if !ok {
		return value
	}
	stamp(via, flow)
	values[0] = via.Value()
	return strings.Join(values, ", ")
}

// stampVia notes where the request really came from in its topmost Via (RFC
// 3261 18.2.1, RFC 3581 4) and tells where responses go.
func stampVia(req *Request, flow Flow) Flow {
	via := req.Via()
	reply := replyTo(via, flow)
	stamp(via, flow)
	return reply
}

func stamp(via *ViaHeader, flow Flow) {
	addr := flow.Remote.Addr()
	_, rport := via.Params.Get("rport")
	if rport {
		via.Params.Add("rport", strconv.Itoa(int(flow.Remote.Port())))
	}
	if rport || via.Host != addr.String() {
		via.Params.Add("received", addr.WithZone("").String())
	} else {
		via.Params.Remove("received") // a peer must not choose it
	}
}

// replyTo is where responses go (RFC 3261 18.2.2, RFC 3581 4): with rport, or
// on a stream, back to the source; else to the port of the Via. A Via with
// another IP address than the source's was written behind a NAT, where only
// the source port leads back.
func replyTo(via *ViaHeader, flow Flow) Flow {
	if flow.Transport != UDP || via.Params.Has("rport") {
		return flow
	}
	if host, err := netip.ParseAddr(via.Host); err == nil && host.Unmap() != flow.Remote.Addr() {
		return flow
	}
	port := via.Port
	if port == 0 {
		port = 5060
	}
	return Flow{UDP, netip.AddrPortFrom(flow.Remote.Addr(), uint16(port))}
}
