package sip

import (
	"log/slog"
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
	var top Via
	if first, _, _ := cutList(via); top.parse(first, nil) {
		to = replyTo(&top, flow)
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
	if f.header != (Header{}) {
		w.line(f.header.name + ": " + f.header.value)
	}
	if product != "" {
		w.line("Server: " + product)
	}
	w.line("Content-Length: 0")
	w.line("")
	return w
}
