package sip

import (
	"encoding/binary"
	"net/netip"
)

const (
	stunCookie  = 0x2112A442
	stunHeader  = 20
	stunBinding = 0x0001
	stunSuccess = 0x0101
	stunAddress = 0x0020 // XOR-MAPPED-ADDRESS
)

// stunAnswer answers a STUN binding request, the keep-alive of phones behind a
// NAT over UDP (RFC 5626 4.4.2 and 8, RFC 5389 15.2); nil for anything else. It
// tells the peer its own address, by which it notices a changed flow.
func stunAnswer(b []byte, from netip.AddrPort) []byte {
	if len(b) < stunHeader || binary.BigEndian.Uint16(b) != stunBinding ||
		int(binary.BigEndian.Uint16(b[2:])) != len(b)-stunHeader || binary.BigEndian.Uint32(b[4:]) != stunCookie {
		return nil
	}
	addr := from.Addr().AsSlice()
	family := byte(1)
	if len(addr) == 16 {
		family = 2
	}
	mask := b[4:stunHeader] // cookie and transaction id
	for i := range addr {
		addr[i] ^= mask[i]
	}
	out := make([]byte, 0, 44)
	out = binary.BigEndian.AppendUint16(out, stunSuccess)
	out = binary.BigEndian.AppendUint16(out, uint16(8+len(addr))) //nolint:gosec // G115: 12 or 20
	out = append(out, mask...)
	out = binary.BigEndian.AppendUint16(out, stunAddress)
	out = binary.BigEndian.AppendUint16(out, uint16(4+len(addr))) //nolint:gosec // G115: 8 or 20
	out = append(out, 0, family)
	out = binary.BigEndian.AppendUint16(out, from.Port()^stunCookie>>16)
	return append(out, addr...)
}
