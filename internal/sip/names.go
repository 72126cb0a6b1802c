package sip

import "strings"

// canonical gives the full, usual spelling of a header name, from any case and
// from the compact form (RFC 3261 7.3.3 and the IANA registry). Unknown names
// stay as they are.
func canonical(name string) string {
	if knownName(name) { // nearly always
		return name
	}
	lower := strings.ToLower(name)
	if len(lower) == 1 {
		return compactName(lower, name)
	}
	if spelled := usual(lower); knownName(spelled) {
		return spelled
	}
	return name
}

func compactName(lower, otherwise string) string {
	const letters = "abcdefijklmnorstuvxy"
	i := strings.Index(letters, lower)
	if i < 0 {
		return otherwise
	}
	return [...]string{
		"Accept-Contact", "Referred-By", "Content-Type", "Request-Disposition", "Content-Encoding", "From", "Call-ID",
		"Reject-Contact", "Supported", "Content-Length", "Contact", "Identity-Info", "Event", "Refer-To", "Subject", "To",
		"Allow-Events", "Via", "Session-Expires", "Identity",
	}[i]
}

// knownName reports whether a name is one of those we know, in its usual spelling.
func knownName(name string) bool {
	switch name {
	case "Via", "From", "To", "Call-ID", "CSeq", "Max-Forwards", "Contact", "Content-Length", "Content-Type", "Expires",
		"User-Agent", "Allow", "Supported", "Authorization", "Route", "Record-Route", "Path", "Service-Route", "Require",
		"Proxy-Require", "Unsupported", "Allow-Events", "Proxy-Authorization", "WWW-Authenticate", "Proxy-Authenticate",
		"Server", "P-Asserted-Identity", "P-Preferred-Identity", "Reason", "Diversion", "History-Info", "Alert-Info",
		"Accept", "Min-Expires", "Event", "Refer-To", "Referred-By", "Replaces", "RSeq", "RAck", "Session-Expires",
		"Min-SE", "Subscription-State", "Subject", "Content-Disposition", "Date", "Timestamp", "Retry-After":
		return true
	default:
		return false
	}
}

// usual capitalises each word, which is the usual spelling of all but three.
func usual(lower string) string {
	switch lower {
	case "call-id":
		return "Call-ID"
	case "cseq":
		return "CSeq"
	case "www-authenticate":
		return "WWW-Authenticate"
	case "rseq":
		return "RSeq"
	case "rack":
		return "RAck"
	case "min-se":
		return "Min-SE"
	}
	return words(lower)
}

func words(lower string) string {
	b := []byte(lower)
	for i, c := range b {
		if c >= 'a' && c <= 'z' && (i == 0 || b[i-1] == '-') {
			b[i] = c - 'a' + 'A'
		}
	}
	return string(b)
}

// singleHeader reports whether a header, by canonical name, must not come twice
// in one message (RFC 3261 7.3.1: only lists may).
func singleHeader(name string) bool {
	switch name {
	case "Call-ID", "CSeq", "From", "To", "Max-Forwards", "Content-Length", "Content-Type", "Expires", "Min-Expires",
		"Event", "Refer-To", "Referred-By", "Replaces", "RSeq", "RAck", "Session-Expires", "Min-SE",
		"Subscription-State", "Subject", "Content-Disposition", "Date", "Timestamp", "Retry-After":
		return true
	default:
		return false
	}
}

// listHeader reports whether the values of a header, by canonical name, may
// stand in one line with commas between.
func listHeader(name string) bool {
	switch name {
	case "Via", "Contact", "Route", "Record-Route", "Path", "Service-Route", "Supported", "Require", "Proxy-Require",
		"Unsupported", "Allow", "Allow-Events", "P-Asserted-Identity", "P-Preferred-Identity", "Reason", "Diversion",
		"History-Info", "Alert-Info", "Accept":
		return true
	}
	if knownName(name) {
		return false
	}
	switch strings.ToLower(name) {
	case "accept-encoding", "accept-language", "call-info", "content-encoding", "content-language", "error-info",
		"in-reply-to", "warning", "accept-contact", "reject-contact", "p-associated-uri", "geolocation",
		"security-client", "security-server", "security-verify", "permission-missing", "recv-info":
		return true
	default:
		return false
	}
}

// cutList cuts the first element off a list: at a comma outside of quotes and
// angle brackets. The element is trimmed, and may be empty.
func cutList(s string) (first, rest string, more bool) {
	if strings.IndexByte(s, ',') < 0 {
		return strings.TrimSpace(s), "", false
	}
	i := indexOutside(s, ',')
	if i < 0 {
		return strings.TrimSpace(s), "", false
	}
	return strings.TrimSpace(s[:i]), s[i+1:], true
}

// indexOutside finds c outside of quoted strings and angle brackets, or -1.
func indexOutside(s string, c byte) int {
	quoted, angle := false, false
	for i := 0; i < len(s); i++ {
		switch b := s[i]; {
		case quoted && b == '\\':
			i++
		case b == '"' && !angle:
			quoted = !quoted
		case quoted:
		case angle:
			angle = b != '>'
		case b == c:
			return i
		case b == '<':
			angle = true
		}
	}
	return -1
}

// indexBlank finds the first blank or tab, or -1.
func indexBlank(s string) int {
	for i := 0; i < len(s); i++ {
		if s[i] == ' ' || s[i] == '\t' {
			return i
		}
	}
	return -1
}

// isToken reports whether s is a token of RFC 3261 25.1.
func isToken(s string) bool {
	for i := 0; i < len(s); i++ {
		if !tokenByte(s[i]) {
			return false
		}
	}
	return s != ""
}

func tokenByte(c byte) bool {
	switch {
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		return true
	default:
		return strings.IndexByte("-.!%*_+`'~", c) >= 0
	}
}
