package switchboard

import (
	"strings"

	"github.com/hotdesk-pbx/hotdesk/internal/media/dtmf"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
)

// digitOf reads the key in an INFO: application/dtmf-relay has it as
// "Signal=5" among other lines, application/dtmf as the whole body. Phones
// write * and # also as 10 and 11.
func digitOf(req *sip.Request) (rune, bool) {
	if req.Method != sip.INFO {
		return 0, false
	}
	kind, _, _ := strings.Cut(strings.ToLower(sip.Value(req, "Content-Type")), ";")
	switch strings.TrimSpace(kind) {
	case "application/dtmf":
		return keyOf(string(req.Body()))
	case "application/dtmf-relay":
		for line := range strings.Lines(string(req.Body())) {
			name, value, _ := strings.Cut(line, "=")
			if strings.EqualFold(strings.TrimSpace(name), "signal") {
				return keyOf(value)
			}
		}
	}
	return 0, false
}

func keyOf(signal string) (rune, bool) {
	signal = strings.TrimSpace(signal)
	switch signal {
	case "10":
		return '*', true
	case "11":
		return '#', true
	}
	if len(signal) != 1 {
		return 0, false
	}
	code, ok := dtmf.Code(rune(signal[0]))
	if !ok {
		return 0, false
	}
	return dtmf.Digit(code)
}
