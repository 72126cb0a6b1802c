package emergency

import (
	"bytes"
	"encoding/xml"
	"strings"
	"time"
)

// PIDFType is the content type of what [PIDF] makes.
const PIDFType = "application/pidf+xml"

// PIDF writes where a phone stands as a presence document (RFC 4119, 5139)
// about an entity, such as "pres:5401@acme.test". The place is free text, as the
// office gave it: it stands as the additional location information (LOC) of
// a civic address, of which nothing but the country (ISO 3166-1 alpha-2) is
// known for certain.
func PIDF(entity, country, place string, at time.Time) []byte {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	b.WriteString(`<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model"` +
		` xmlns:gp="urn:ietf:params:xml:ns:pidf:geopriv10" xmlns:ca="urn:ietf:params:xml:ns:pidf:geopriv10:civicAddr"`)
	b.WriteString(` entity="` + escaped(entity) + `">` + "\n")
	b.WriteString(`<dm:device id="phone"><gp:geopriv><gp:location-info><ca:civicAddress xml:lang="en">`)
	element(&b, "ca:country", country)
	element(&b, "ca:LOC", place)
	b.WriteString(`</ca:civicAddress></gp:location-info>`)
	// Whoever gets it may pass it on: it is for the emergency services.
	b.WriteString(`<gp:usage-rules><gp:retransmission-allowed>yes</gp:retransmission-allowed></gp:usage-rules>`)
	b.WriteString(`<gp:method>Manual</gp:method></gp:geopriv>`)
	element(&b, "dm:timestamp", at.UTC().Format(time.RFC3339))
	b.WriteString("</dm:device>\n</presence>\n")
	return b.Bytes()
}

func element(b *bytes.Buffer, name, text string) {
	b.WriteString("<" + name + ">" + escaped(text) + "</" + name + ">")
}

// escaped makes any text fit for XML, whatever is in it.
func escaped(text string) string {
	var b strings.Builder
	// A strings.Builder does not fail.
	_ = xml.EscapeText(&b, []byte(text))
	return b.String()
}
