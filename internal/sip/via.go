package sip

import (
	"net/netip"
	"strconv"
	"strings"
)

// Via is one Via value.
type Via struct {
	Protocol  string // as written, "SIP/2.0"
	Transport string
	Host      string // without brackets
	Port      int    // 0 where none is given
	Params    Params
}

// parse reads one Via value; blanks may stand around its slashes and colon. Its
// parameters go into the room given.
func (v *Via) parse(s string, room Params) bool {
	name, rest, ok1 := strings.Cut(s, "/")
	version, rest, ok2 := strings.Cut(rest, "/")
	if !ok1 || !ok2 {
		return false
	}
	v.Protocol = s[:len(name)+1+len(version)]
	name, version = strings.TrimSpace(name), strings.TrimSpace(version)
	if len(name)+1+len(version) < len(v.Protocol) {
		v.Protocol = name + "/" + version
	}
	rest = strings.TrimLeft(rest, " \t")
	end := indexBlank(rest)
	if end < 0 {
		return false
	}
	v.Transport, rest = rest[:end], strings.TrimSpace(rest[end:])
	sentBy, params := cutParams(rest)
	if indexBlank(sentBy) >= 0 {
		sentBy = strings.NewReplacer(" ", "", "\t", "").Replace(sentBy)
	}
	var err error
	if v.Host, v.Port, err = parseHostPort(sentBy); err != nil {
		return false
	}
	v.Host = strings.Trim(v.Host, "[]")
	v.Params, err = parseParams(params, room)
	return err == nil && isToken(name) && isToken(version) && isToken(v.Transport)
}

// String gives the value as text.
func (v *Via) String() string {
	w := make(wire, 0, 160)
	w = append(append(append(append(w, v.Protocol...), '/'), v.Transport...), ' ')
	w = appendHost(w, v.Host)
	if v.Port > 0 {
		w = strconv.AppendInt(append(w, ':'), int64(v.Port), 10)
	}
	return string(v.Params.append(w, ';', ';'))
}

// stampVia notes where the request really came from in its topmost Via (RFC
// 3261 18.2.1, RFC 3581 4) and tells where responses go.
func stampVia(req *Request, flow Flow) Flow {
	via := req.Via()
	reply := replyTo(via, flow)
	via.stamp(flow)
	for i := range req.headers {
		if req.headers[i].name == "Via" {
			req.headers[i].value = via.String()
			break
		}
	}
	return reply
}

func (v *Via) stamp(flow Flow) {
	from := flow.Remote.Addr().WithZone("").String()
	rport := v.Params.Has("rport")
	if rport {
		v.Params = v.Params.with("rport", strconv.Itoa(int(flow.Remote.Port())))
	}
	if rport || v.Host != from {
		v.Params = v.Params.with("received", from)
	} else {
		v.Params = v.Params.without("received") // a peer must not choose it
	}
}

// replyTo is where responses go (RFC 3261 18.2.2, RFC 3581 4): with rport, or
// on a stream, back to the source; else to the port of the Via. A Via with
// another IP address than the source's was written behind a NAT, where only
// the source port leads back.
func replyTo(via *Via, flow Flow) Flow {
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

// receivedVia is the text of a Via field with the source noted in its first value.
func receivedVia(value string, flow Flow) string {
	first, rest, more := cutList(value)
	var via Via
	if !via.parse(first, nil) {
		return value
	}
	via.stamp(flow)
	if more {
		return via.String() + "," + rest
	}
	return via.String()
}
