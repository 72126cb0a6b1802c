package portal

import (
	"bytes"
	"context"
	"log/slog"
	"maps"
	"slices"
	"time"
)

const (
	screenPace  = 100 * time.Millisecond // between two batches; the first comes at once
	passingPace = 5 * time.Second        // between two looks at troubles that go by themselves
	manyDesks   = 50                     // so many are read all at once rather than each by itself
)

// tile is a desk as a board shows it.
type tile struct {
	deviceID, site  string
	managed, viewed []byte // to whoever may end the session there, and to others
	passing         bool   // a trouble goes by itself
	at              uint64 // the fact since which it looks like this
}

// screen shows the board of a domain while somebody watches. Each desk is
// looked at and rendered once, however many watch.
type screen struct {
	*board

	kick  <-chan struct{}
	tiles map[string]tile // nil: not read yet
	order []string
}

func (s *screen) run(ctx context.Context) {
	passing := time.NewTicker(passingPace)
	defer passing.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-passing.C:
			s.lookAgain()
			continue
		case <-s.kick:
		}
		if err := s.look(ctx); err != nil {
			if ctx.Err() == nil {
				s.p.cfg.Log.ErrorContext(ctx, "a board was not brought up to date", slog.Any("error", err))
				s.dismiss()
			}
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(screenPace):
		}
	}
}

// lookAgain takes the desks for news whose trouble goes by itself.
func (s *screen) lookAgain() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stop == nil {
		return
	}
	for id, t := range s.tiles {
		if t.passing {
			s.count++ // it may look different from now on, though nothing has happened
			s.last[id] = s.count
			s.news.devices = append(s.news.devices, id)
			s.wake()
		}
	}
}

// look reads what is news, and sends what looks different now.
func (s *screen) look(ctx context.Context) error {
	s.mu.Lock()
	if err := ctx.Err(); err != nil { // another screen may have begun
		s.mu.Unlock()
		return err
	}
	fresh, count := s.news, s.count
	s.news = news{}
	watching := slices.Collect(maps.Keys(s.watchers))
	s.mu.Unlock()
	sent, err := s.read(ctx, fresh, count)
	if err != nil {
		return err
	}
	for _, w := range watching {
		switch {
		case slices.Contains(fresh.joined, w):
			s.send(w, s.catchUp(w.after, count))
		case sent.whole || len(sent.tiles) > 0:
			s.send(w, sent)
		}
	}
	return nil
}

// read takes in the desks of which there is news. The batch has those that look
// different now.
func (s *screen) read(ctx context.Context, fresh news, count uint64) (batch, error) {
	b := batch{name: s.name(count)}
	devices := slices.Compact(slices.Sorted(slices.Values(fresh.devices)))
	if s.tiles != nil && !fresh.office && len(devices) <= manyDesks {
		some, err := s.p.someTiles(ctx, s.domainID, devices)
		b.tiles = s.take(some, count)
		return b, err
	}
	all, err := s.p.allTiles(ctx, s.domainID)
	if err != nil {
		return b, err
	}
	order := make([]string, len(all))
	for i, t := range all {
		order[i] = t.deviceID
	}
	first, same := s.tiles == nil, slices.Equal(order, s.order)
	if s.order = order; !same {
		s.tiles = make(map[string]tile, len(all))
	}
	b.tiles = s.take(all, count)
	if first {
		s.date()
	} else if !same {
		b.whole = true
		s.mu.Lock()
		s.whole = count
		s.mu.Unlock()
	}
	return b, nil
}

// take keeps tiles and returns those that look different from before.
func (s *screen) take(fresh []tile, count uint64) []tile {
	var other []tile
	for _, t := range fresh {
		if old, known := s.tiles[t.deviceID]; known && bytes.Equal(old.managed, t.managed) && old.passing == t.passing {
			continue
		}
		t.at = count
		s.tiles[t.deviceID] = t
		other = append(other, t)
	}
	return other
}

// date says of the tiles that were read first since when they look like this:
// at the latest since the newest fact.
func (s *screen) date() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, t := range s.tiles {
		t.at = s.last[id]
		s.tiles[id] = t
	}
}

// allTiles renders the desks of a domain; none when it is gone.
func (p *Portal) allTiles(ctx context.Context, domainID string) ([]tile, error) {
	domain, found := p.cfg.Directory.Domain(domainID)
	if !found {
		return nil, nil
	}
	desks, err := p.desks(ctx, domain)
	if err != nil {
		return nil, err
	}
	return render(ctx, desks)
}

// someTiles renders some desks of a domain.
func (p *Portal) someTiles(ctx context.Context, domainID string, deviceIDs []string) ([]tile, error) {
	domain, found := p.cfg.Directory.Domain(domainID)
	if !found {
		return nil, nil
	}
	desks, err := p.desksOf(ctx, domain, deviceIDs)
	if err != nil {
		return nil, err
	}
	return render(ctx, desks)
}

func render(ctx context.Context, desks []deskView) ([]tile, error) {
	tiles := make([]tile, len(desks))
	for i, d := range desks {
		var managed, viewed bytes.Buffer
		if err := deskTile(d, true, false).Render(ctx, &managed); err != nil {
			return nil, err
		}
		if err := deskTile(d, false, false).Render(ctx, &viewed); err != nil {
			return nil, err
		}
		tiles[i] = tile{deviceID: d.DeviceID, site: d.Site, managed: managed.Bytes(), viewed: viewed.Bytes(), passing: d.Passing}
	}
	return tiles, nil
}

// catchUp is what a browser lacks that has seen a batch of that name.
func (s *screen) catchUp(after string, count uint64) batch {
	since, ok := s.lacks(after)
	b := batch{name: s.name(count), whole: !ok}
	for _, id := range s.order {
		if t := s.tiles[id]; !ok || t.at > since {
			b.tiles = append(b.tiles, t)
		}
	}
	return b
}
