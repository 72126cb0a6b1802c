// Package g711 turns 16-bit sound of 8000 samples a second into G.711 A-law
// and mu-law and back. It knows nothing of packets or files.
package g711

import "math/bits"

// Law is one of the two companding laws of ITU-T G.711; its zero value is no law at all.
type Law uint8

// The laws: mu-law of North America and Japan, A-law of the rest of the world.
const (
	ULaw Law = iota + 1
	ALaw
)

// Rate is the number of samples a second; a G.711 octet is one sample.
const Rate = 8000

const (
	uBias = 132   // 33 in the 14-bit scale of the recommendation
	uClip = 32635 // the largest magnitude that stays in 15 bits with the bias
)

// String gives the encoding name used in SDP (RFC 3551), or "none".
func (l Law) String() string {
	switch l {
	case ULaw:
		return "PCMU"
	case ALaw:
		return "PCMA"
	default:
		return "none"
	}
}

// Payload is the static RTP payload type of RFC 3551: 0 for PCMU, 8 for PCMA.
func (l Law) Payload() uint8 {
	if l == ALaw {
		return 8
	}
	return 0
}

// Of gives the law with the given static RTP payload type, or the zero Law.
func Of(payload uint8) Law {
	switch payload {
	case 0:
		return ULaw
	case 8:
		return ALaw
	default:
		return 0
	}
}

// Silence is the octet that stands for a sample of zero.
func (l Law) Silence() byte {
	if l == ALaw {
		return 0xd5
	}
	return 0xff
}

// Append adds one octet per sample to dst and returns the longer slice.
func (l Law) Append(dst []byte, pcm []int16) []byte {
	if l == ALaw {
		for _, v := range pcm {
			dst = append(dst, encodeA(v))
		}
		return dst
	}
	for _, v := range pcm {
		dst = append(dst, encodeU(v))
	}
	return dst
}

// Decode adds one sample per octet to dst and returns the longer slice.
func (l Law) Decode(dst []int16, data []byte) []int16 {
	if l == ALaw {
		for _, b := range data {
			dst = append(dst, decodeA(b))
		}
		return dst
	}
	for _, b := range data {
		dst = append(dst, decodeU(b))
	}
	return dst
}

func encodeU(v int16) byte {
	x, sign := int(v), 0
	if x < 0 {
		x, sign = -x, 0x80
	}
	x = min(x, uClip) + uBias
	exp := bits.Len(uint(x)) - 8
	return ^byte(sign | exp<<4 | x>>(exp+3)&0x0f) //nolint:gosec // eight bits
}

func decodeU(b byte) int16 {
	b = ^b
	exp, mant := int(b>>4&7), int(b&0x0f)
	x := (mant<<3+uBias)<<exp - uBias
	if b&0x80 != 0 {
		x = -x
	}
	return int16(x) //nolint:gosec // at most 32124
}

// encodeA folds negative samples by one's complement, as the recommendation
// does, so that -1 falls in the first negative interval.
func encodeA(v int16) byte {
	x, sign := int(v), 0x80
	if x < 0 {
		x, sign = ^x, 0
	}
	x >>= 4
	if x > 15 {
		exp := bits.Len(uint(x)) - 4
		x = exp<<4 | x>>(exp-1)&0x0f
	}
	return byte(sign|x) ^ 0x55 //nolint:gosec // eight bits
}

func decodeA(b byte) int16 {
	b ^= 0x55
	exp, x := int(b>>4&7), int(b&0x0f)
	if exp > 0 {
		x += 16
	}
	x = x<<4 + 8
	if exp > 1 {
		x <<= exp - 1
	}
	if b&0x80 == 0 {
		x = -x
	}
	return int16(x)
}
