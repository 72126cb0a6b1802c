package app

import (
	"fmt"
	"net/netip"
	"strings"
)

// IP is a setting that names one address; the zero value names none.
type IP struct{ netip.Addr }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (ip *IP) UnmarshalText(text []byte) error {
	addr, err := netip.ParseAddr(strings.TrimSpace(string(text)))
	if err != nil || addr.IsUnspecified() || addr.IsMulticast() || addr.Zone() != "" {
		return fmt.Errorf("%q is no IP address that phones could reach: write it like 192.0.2.7", text)
	}
	ip.Addr = addr.Unmap()
	return nil
}

// Network is a setting that names a network, "192.0.2.0/24", or one address.
type Network struct{ netip.Prefix }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (n *Network) UnmarshalText(text []byte) error {
	written := strings.TrimSpace(string(text))
	if addr, err := netip.ParseAddr(written); err == nil && addr.Zone() == "" {
		n.Prefix, err = addr.Unmap().Prefix(addr.Unmap().BitLen())
		return err
	}
	prefix, err := netip.ParsePrefix(written)
	if err != nil || prefix.Addr().Is4In6() {
		return fmt.Errorf("%q is no network and no IP address: write it like 192.0.2.0/24 or 192.0.2.7", written)
	}
	n.Prefix = prefix.Masked()
	return nil
}

func prefixes(networks []Network) []netip.Prefix {
	all := make([]netip.Prefix, len(networks))
	for i, n := range networks {
		all[i] = n.Prefix
	}
	return all
}
