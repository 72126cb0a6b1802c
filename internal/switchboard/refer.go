package switchboard

import (
	"strings"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
)

// referral is what a REFER asks for (RFC 3515): to call somebody in the place
// of whoever sends it or, with a dialog to be replaced, to put together the two
// calls that the sender has.
type referral struct {
	target   sip.URI
	replaces *dialog.ID
	silent   bool // no NOTIFY is wanted (RFC 4488)
}

// readReferral fails when the request says nothing that could be done.
func readReferral(req *sip.Request) (referral, bool) {
	values := sip.Values(req, "Refer-To")
	if len(values) != 1 {
		return referral{}, false
	}
	to, err := sip.ParseAddress(values[0])
	if err != nil {
		return referral{}, false
	}
	switch strings.ToLower(to.URI.Scheme) {
	case "sip", "sips", "tel":
	default:
		return referral{}, false
	}
	if method, ok := sip.URIParam(to.URI, "method"); ok && !strings.EqualFold(method, string(sip.INVITE)) {
		return referral{}, false
	}
	r := referral{target: to.URI, silent: strings.EqualFold(sip.Value(req, "Refer-Sub"), "false")}
	if value, ok := sip.URIHeader(to.URI, "Replaces"); ok {
		wish, ok := readReplaces(value)
		if !ok {
			return referral{}, false
		}
		r.replaces = &wish.id
	}
	return r, true
}

// replacement is the value of a Replaces header (RFC 3891).
type replacement struct {
	id        dialog.ID
	earlyOnly bool
}

// readReplaces reads it. Its to-tag is the tag of the side that is asked.
func readReplaces(value string) (replacement, bool) {
	callID, _, _ := strings.Cut(value, ";")
	to, hasTo := sip.Param(value, "to-tag")
	from, hasFrom := sip.Param(value, "from-tag")
	_, early := sip.Param(value, "early-only")
	r := replacement{id: dialog.ID{CallID: strings.TrimSpace(callID), LocalTag: to, RemoteTag: from}, earlyOnly: early}
	return r, r.id.CallID != "" && hasTo && hasFrom
}
