// Package phonemodel knows the desk phones that are common, and in which words
// each maker's phones are told to fetch their settings anew. It is only data.
package phonemodel

import "strings"

// Common are the names of common desk phones, by maker. An inventory may hold
// others.
func Common() []string {
	var all []string
	for _, m := range makers() {
		for _, model := range m.models {
			all = append(all, m.name+" "+model)
		}
	}
	return all
}

// CheckSync tells the Events of the NOTIFYs (as in RFC 6665 8.2.1, but without a
// subscription) by which a phone fetches its settings and applies them, and by
// which it starts anew. The phone is whatever its User-Agent says, else its model.
//
// A Poly has no words of its own for a restart: its settings say whether it
// starts anew whenever it fetches them.
func CheckSync(userAgent, model string) (resync, reboot string) {
	for _, text := range []string{userAgent, model} {
		if m, found := makerOf(text); found {
			return m.resync, m.reboot
		}
	}
	return "check-sync;reboot=false", "check-sync;reboot=true"
}

func makerOf(text string) (maker, bool) {
	text = strings.ToLower(text)
	for _, m := range makers() {
		for _, mark := range m.marks {
			if strings.Contains(text, mark) {
				return m, true
			}
		}
	}
	return maker{}, false
}

// maker is who makes phones.
type maker struct {
	name           string
	marks          []string // in a User-Agent or a model, lower case
	resync, reboot string
	models         []string
}

// makers lists the more telling marks first: "cisco spa" is no "cisco".
func makers() []maker {
	const sync, resync, apply, reboot = "check-sync", "resync", "check-sync;reboot=false", "check-sync;reboot=true"
	return []maker{
		{"Yealink", []string{"yealink"}, apply, reboot, []string{
			"T31P", "T33G", "T34W", "T42U", "T43U", "T44W", "T46U", "T48U", "T53", "T53W", "T54W", "T57W", "T58W", "T73U", "T74W", "T85W", "T87W", "CP925", "CP965", "W70B", "W90",
		}},
		{"Poly", []string{"poly"}, sync, sync, []string{
			"VVX 150", "VVX 250", "VVX 350", "VVX 450", "Edge E100", "Edge E220", "Edge E350", "Edge E450", "Edge E550", "CCX 400", "CCX 500", "CCX 600", "Trio 8300",
		}},
		{"Grandstream", []string{"grandstream"}, resync, reboot, []string{
			"GRP2601P", "GRP2602P", "GRP2612P", "GRP2613", "GRP2614", "GRP2615", "GRP2616", "GRP2624", "GRP2634", "GRP2650", "GRP2670", "GXP1625", "GXP2135", "GXP2170", "GXV3450", "GXV3480", "HT801", "HT802", "DP752",
		}},
		{"Snom", []string{"snom"}, apply, reboot, []string{
			"D713", "D717", "D735", "D785", "D812", "D815", "D862", "D865", "D892", "D895", "M500", "M900",
		}},
		{"Cisco", []string{"cisco/spa", "cisco spa", "linksys"}, resync, "reboot", []string{"SPA112", "SPA504G", "SPA508G", "SPA525G2"}},
		{"Cisco", []string{"cisco"}, sync, sync, []string{
			"6821 MPP", "6841 MPP", "6851 MPP", "7811 MPP", "7821 MPP", "7841 MPP", "8811 MPP", "8841 MPP", "8851 MPP", "8861 MPP", "9841", "9851", "9861", "9871",
		}},
		{"Fanvil", []string{"fanvil", "algo"}, sync, reboot, []string{"X3SG", "X3U", "X4U", "X5U", "X6U", "X7A", "X210", "V62", "V64", "V65", "V67"}},
		{"Mitel", []string{"mitel", "aastra"}, reboot, reboot, []string{"6863i", "6865i", "6867i", "6869i", "6873i", "6905", "6910", "6915", "6920w", "6930w", "6940w"}},
		{"Panasonic", []string{"panasonic"}, reboot, reboot, []string{"KX-HDV130", "KX-HDV230", "KX-HDV330", "KX-HDV430", "KX-TGP600"}},
		{"Htek", []string{"htek"}, resync, reboot, []string{"UC902S", "UC921U", "UC923U", "UC924U", "UC926U"}},
		{"Sangoma", []string{"sangoma"}, resync, reboot, []string{"P310", "P315", "P320", "P325", "P330", "P370"}},
		{"Digium", []string{"digium"}, sync, sync, []string{"D60", "D62", "D65", "D80"}},
		{"Gigaset", []string{"gigaset"}, apply, reboot, []string{"Maxwell C", "N610 IP PRO", "N670 IP PRO", "N870 IP PRO"}},
		{"Avaya", []string{"avaya"}, apply, reboot, []string{"J129", "J139", "J159", "J169", "J179", "J189"}},
		{"Alcatel-Lucent", []string{"alcatel"}, apply, reboot, []string{"M3", "M5", "M7", "H2P", "H3P", "H6"}},
	}
}
