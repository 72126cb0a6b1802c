package media

// Bridge is two streams joined: what comes in on one goes out on the other,
// RTP and RTCP. Only their numbers change, and only where something else was
// sent before: each phone gets one RTP stream, whoever speaks in it.
type Bridge struct{ a, b *Stream }

// Join relays between a and b from now on. Each leaves the bridge it was in,
// and what was playing on them ends with ErrJoined.
func Join(a, b *Stream) *Bridge {
	a.leave()
	b.leave()
	a.peer.Store(b)
	b.peer.Store(a)
	a.voice.stop(ErrJoined)
	b.voice.stop(ErrJoined)
	return &Bridge{a: a, b: b}
}

// Unjoin ends the relay; both streams stay open, to be played to or joined
// again. After one of them has joined a third it no longer concerns that one.
func (b *Bridge) Unjoin() {
	b.a.peer.CompareAndSwap(b.b, nil)
	b.b.peer.CompareAndSwap(b.a, nil)
}

// Part ends whatever relay a stream is in; both streams of it stay open.
func Part(s *Stream) { s.leave() }

// Joined tells whether the relay still stands.
func (b *Bridge) Joined() bool {
	return b.a.peer.Load() == b.b && b.b.peer.Load() == b.a
}

// leave takes the stream out of its bridge, and the other one with it.
func (s *Stream) leave() {
	if peer := s.peer.Swap(nil); peer != nil {
		peer.peer.CompareAndSwap(s, nil)
	}
}
