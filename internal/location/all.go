package location

import "iter"

// All yields every valid binding, in no order. Bindings that come or go
// meanwhile may be among them or not.
func (s *Service) All() iter.Seq[Binding] {
	return func(yield func(Binding) bool) {
		now := s.cfg.Now()
		for _, d := range s.devices.all() {
			for _, h := range d.held() {
				if h.validAt(now) && !yield(h.Binding) {
					return
				}
			}
		}
	}
}

// all is every device that has bindings.
func (x *devices) all() []*device {
	var found []*device
	for i := range x.parts {
		part := &x.parts[i]
		part.mu.RLock()
		for _, d := range part.byID {
			found = append(found, d)
		}
		part.mu.RUnlock()
	}
	return found
}
