package bench

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"
)

// bytesPerSecond is how fast the file of a message grows.
const bytesPerSecond = 2 * 8000

// measureRecord lets phones leave messages at once, each for somebody else,
// and talk without a pause.
func measureRecord(ctx context.Context, r *round) (err error) {
	s, err := r.serve(ctx, of(4*r.Calls))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	f, err := newFleet(ctx, s.addr)
	if err != nil {
		return err
	}
	defer f.close()
	t := new(talkers)
	if err := r.reachMailboxes(ctx, f, t); err != nil {
		return err
	}
	talking, hush := context.WithCancel(ctx)
	defer hush()
	go t.talk(talking)
	if err := s.allRecord(ctx, r.Calls); err != nil {
		return err
	}
	profiled := r.profiling(ctx, s, "record")
	before, err := s.recorded()
	if err != nil {
		return err
	}
	used, err := s.spend(func() error { return wait(ctx, r.Time) })
	if err != nil {
		return err
	}
	after, err := s.recorded()
	if err != nil {
		return err
	}
	seconds := float64(after.bytes-before.bytes) / bytesPerSecond
	r.note("messages recorded at a time", float64(after.files))
	r.note("messages recorded at a time per core", seconds/used)
	r.note("CPU seconds for a recorded minute", 60*used/seconds)
	r.note("sound that is not in the messages, per mille", 1000*(1-seconds/(float64(after.files)*r.Time.Seconds())))
	return profiled()
}

// reachMailboxes calls a mailbox from each phone.
func (r *round) reachMailboxes(ctx context.Context, f *fleet, t *talkers) error {
	sockets := map[*host]*net.UDPConn{}
	for _, h := range f.hosts {
		conn, err := t.listen(h)
		if err != nil {
			return err
		}
		context.AfterFunc(ctx, func() { _ = conn.Close() })
		sockets[h] = conn
	}
	phones := f.phones(of(4 * r.Calls).people())[:r.Calls]
	if err := registerAll(ctx, phones, r.Parallel); err != nil {
		return err
	}
	for _, p := range phones {
		if err := p.talkTo(ctx, "*99"+p.number, func(answer []byte) error { return t.add(sockets[p.host], answer) }); err != nil {
			return err
		}
	}
	return nil
}

// recording is what stands in the files of messages.
type recording struct {
	files int
	bytes int64
}

func (s *server) recorded() (recording, error) {
	var all recording
	names, err := filepath.Glob(filepath.Join(s.data, "voicemail", "*", "*.wav"))
	if err != nil {
		return all, err
	}
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil {
			return all, fmt.Errorf("look at a message: %w", err)
		}
		if info.Size() > bytesPerSecond { // the tone is over
			all.files++
			all.bytes += info.Size()
		}
	}
	return all, nil
}

// allRecord waits until so many messages are recorded: the greetings are over.
func (s *server) allRecord(ctx context.Context, messages int) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		all, err := s.recorded()
		if err != nil || all.files >= messages {
			return err
		}
		if err := wait(ctx, 100*time.Millisecond); err != nil {
			return fmt.Errorf("%d of %d messages are recorded: %w", all.files, messages, err)
		}
	}
}
