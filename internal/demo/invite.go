package demo

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/hotdesk-pbx/hotdesk/internal/client"
)

// invite tells how to dial in with a phone of one's own.
func (d *demo) invite() {
	server := dialable(d.server.SIPAddr()).String()
	d.screen.title("Now dial in yourself, with any SIP phone")
	for _, line := range []string{
		fmt.Sprintf("Server %s, password %s,", server, d.password),
		fmt.Sprintf("user name %s for a shared desk, %s for Cleo Park's own phone. Such as:", yourDesk, cleoPhone),
		"",
		fmt.Sprintf("hotdesk phone %s@%s --password %s", yourDesk, server, d.password),
		fmt.Sprintf("baresip -e '/uanew <sip:%s@%s>;auth_pass=%s'", yourDesk, server, d.password),
		"linphonec, and there:",
		"  ports sip 5070",
		fmt.Sprintf("  register sip:%s@%s sip:%[2]s %s", yourDesk, server, d.password),
		"",
		"*88    log in at the desk: 1001# and 4711# is Ana, 1002# and 2580# is Ben",
		"1002   Ben's phone answers and plays a melody",
		"1001   rings where Ana is: try it from Cleo's phone",
		"*89    give the desk back",
		"",
		"hotdesk session list --data " + d.folder,
		"Ctrl-C closes the office.",
	} {
		d.screen.note(strings.TrimRight(margin+line, " "))
	}
}

// dialable is where a phone on another machine reaches a server that listens
// everywhere: this machine's first address that is not its own loopback.
func dialable(server netip.AddrPort) netip.AddrPort {
	if !server.Addr().IsUnspecified() {
		return server
	}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return reachable(server)
	}
	for _, address := range addresses {
		prefix, err := netip.ParsePrefix(address.String())
		if err == nil && prefix.Addr().IsGlobalUnicast() && prefix.Addr().Is4() {
			return netip.AddrPortFrom(prefix.Addr(), server.Port())
		}
	}
	return reachable(server)
}

// lookAround puts into the picture who sits where.
func (d *demo) lookAround(ctx context.Context) error {
	open, err := d.client.Sessions(ctx, domainName, client.SessionFilter{Open: true})
	if err != nil {
		return fmt.Errorf("list the sessions: %w", err)
	}
	for _, s := range open {
		d.picture.sit(s.Device, s.User, s.UserName, s.EndsAt)
	}
	d.screen.draw(d.picture.rows())
	return nil
}
