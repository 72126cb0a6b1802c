package app_test

import (
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/app"
)

func TestNetwork(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		"192.0.2.0/24": "192.0.2.0/24", " 192.0.2.7": "192.0.2.7/32", "192.0.2.7/24": "192.0.2.0/24", "::1": "::1/128",
		"2001:db8::/32": "2001:db8::/32", "::ffff:192.0.2.7": "192.0.2.7/32",
		"": "", "192.0.2.0/33": "", "192.0.2": "", "edge.test": "", "fe80::1%eth0": "", "::ffff:192.0.2.0/120": "", "192.0.2.7:5060": "",
	} {
		var n app.Network
		err := n.UnmarshalText([]byte(written))
		if (err == nil) != (want != "") || err == nil && n.String() != want {
			t.Errorf("%q is %v, %v, want %q", written, n, err, want)
		}
	}
}

func TestIP(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		"192.0.2.7": "192.0.2.7", "2001:db8::1 ": "2001:db8::1", "::ffff:192.0.2.7": "192.0.2.7",
		"": "", "0.0.0.0": "", "::": "", "224.0.0.1": "", "fe80::1%eth0": "", "host": "", "192.0.2.7:5060": "",
	} {
		var ip app.IP
		err := ip.UnmarshalText([]byte(written))
		if (err == nil) != (want != "") || err == nil && ip.String() != want {
			t.Errorf("%q is %v, %v, want %q", written, ip, err, want)
		}
	}
}
