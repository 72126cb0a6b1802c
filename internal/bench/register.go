package bench

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// measureRegister lets every device register, first without a nonce and then,
// as phones refresh, with one that was used before; then it measures the memory.
func measureRegister(ctx context.Context, r *round) (err error) {
	o := of(r.Devices)
	empty, err := r.memory(ctx, office{})
	if err != nil {
		return err
	}
	s, err := r.serve(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	f, err := newFleet(ctx, s.addr)
	if err != nil {
		return err
	}
	defer f.close()
	phones := f.phones(append(o.people(), o.desks()...))
	used, err := s.spend(func() error { return registerAll(ctx, phones, r.Parallel) })
	if err != nil {
		return err
	}
	r.rate("first registrations (401, then 200)", float64(len(phones)), used)
	if err := r.refresh(ctx, s, phones); err != nil {
		return err
	}
	return r.perDevice(ctx, s, empty, len(phones))
}

// refresh measures REGISTER with credentials that are right at once.
func (r *round) refresh(ctx context.Context, s *server, phones []*phone) error {
	profiled := r.profiling(ctx, s, "register")
	var done atomic.Int64
	begun := time.Now()
	used, err := s.spend(func() error {
		limited, cancel := context.WithTimeout(ctx, r.Time)
		defer cancel()
		var next atomic.Int64
		senders := min(r.Parallel, len(phones))
		return together(senders, func() error {
			// Each has phones of its own: a phone sends one request at a time.
			first := int(next.Add(1)) - 1
			for i := first; limited.Err() == nil; done.Add(1) {
				if err := phones[i].register(ctx); err != nil {
					return err
				}
				if i += senders; i >= len(phones) {
					i = first
				}
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	r.rate("REGISTER transactions", float64(done.Load()), used)
	r.note("REGISTER transactions per second of the clock", float64(done.Load())/time.Since(begun).Seconds())
	return profiled()
}

// footprint is the memory of a server, in bytes.
type footprint struct{ heap, resident float64 }

// memory is that of a fresh server with an office.
func (r *round) memory(ctx context.Context, o office) (m footprint, err error) {
	s, err := r.serve(ctx, o)
	if err != nil {
		return footprint{}, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	return s.memory(ctx)
}

func (s *server) memory(ctx context.Context) (m footprint, err error) {
	if m.heap, err = s.heap(ctx); err != nil {
		return footprint{}, err
	}
	m.resident, err = s.resident()
	return m, err
}

// perDevice notes what a registered device takes of the server's memory, beyond
// that of a server without any.
func (r *round) perDevice(ctx context.Context, s *server, empty footprint, devices int) error {
	full, err := s.memory(ctx)
	if err != nil {
		return err
	}
	r.note("live heap bytes per registered device", (full.heap-empty.heap)/float64(devices))
	r.note("resident bytes per registered device, under load", (full.resident-empty.resident)/float64(devices))
	return nil
}

// measureStart starts a server with every device registered.
func measureStart(ctx context.Context, r *round) (err error) {
	o := of(r.Devices)
	o.bindings = true
	empty, err := r.memory(ctx, office{})
	if err != nil {
		return err
	}
	s, err := r.serve(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	used, err := s.cpu()
	if err != nil {
		return err
	}
	r.note("seconds until ready with every device registered", s.until.Seconds())
	r.note("CPU seconds until ready", used)
	full, err := s.memory(ctx)
	if err != nil {
		return err
	}
	devices := float64(o.domains * 2 * perDomain)
	r.note("live heap bytes per device after a start", (full.heap-empty.heap)/devices)
	r.note("resident bytes per device after a start", (full.resident-empty.resident)/devices)
	return nil
}
