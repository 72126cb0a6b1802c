package phonemodel_test

import (
	"slices"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/phonemodel"
)

func TestCheckSync(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ userAgent, model, resync, reboot string }{
		{"Yealink SIP-T54W 96.86.0.100", "", "check-sync;reboot=false", "check-sync;reboot=true"},
		{"PolycomVVX-VVX_411-UA/5.9.5.0614", "", "check-sync", "check-sync"},
		{"Grandstream GRP2614 1.0.5.67", "", "resync", "check-sync;reboot=true"},
		{"snomD785/10.1.73.16", "", "check-sync;reboot=false", "check-sync;reboot=true"},
		{"Cisco-CP-8841-3PCC/11.3.1", "", "check-sync", "check-sync"},
		{"Cisco/SPA504G-7.6.2c", "", "resync", "reboot"},
		{"Fanvil X4U 2.12.1", "", "check-sync", "check-sync;reboot=true"},
		{"Aastra 6867i/4.3.0.1045", "", "check-sync;reboot=true", "check-sync;reboot=true"},
		{"baresip v1.1.0 (x86_64/linux)", "", "check-sync;reboot=false", "check-sync;reboot=true"},
		{"", "Grandstream GXP2170", "resync", "check-sync;reboot=true"},
		{"baresip", "Poly VVX 450", "check-sync", "check-sync"},
		{"Yealink SIP-T54W", "Poly VVX 450", "check-sync;reboot=false", "check-sync;reboot=true"}, // the label lies
		{"", "", "check-sync;reboot=false", "check-sync;reboot=true"},
	} {
		resync, reboot := phonemodel.CheckSync(c.userAgent, c.model)
		if resync != c.resync || reboot != c.reboot {
			t.Errorf("%q, %q: %q and %q, want %q and %q", c.userAgent, c.model, resync, reboot, c.resync, c.reboot)
		}
	}
}

func TestCommon(t *testing.T) {
	t.Parallel()
	all := phonemodel.Common()
	sorted := slices.Clone(all)
	slices.Sort(sorted)
	if len(slices.Compact(sorted)) != len(all) {
		t.Error("a model stands in the list twice")
	}
	for _, model := range []string{"Yealink T54W", "Poly VVX 450", "Grandstream GRP2614", "Snom D785"} {
		if !slices.Contains(all, model) {
			t.Errorf("%s is missing", model)
		}
	}
}
