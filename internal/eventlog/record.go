package eventlog

import (
	"context"
	"log/slog"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/events"
	"github.com/hotdesk-pbx/hotdesk/internal/location"
	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
	"github.com/hotdesk-pbx/hotdesk/internal/switchboard"
)

// recordBehind is how many facts the record may lag behind: more than all phones
// of an office registering at once.
const recordBehind = 1 << 14

// record stores what is stored nowhere else, and has the streams fed with
// whatever happens.
func (l *Log) record(ctx context.Context) {
	facts := l.cfg.Events.Subscribe(recordBehind)
	defer func() { facts.Close() }()
	for {
		var fact events.Fact
		var open bool
		select {
		case <-ctx.Done():
			return
		case fact, open = <-facts.Facts():
		}
		if !open {
			l.cfg.Log.WarnContext(ctx, "events were lost: more happened at once than could be stored")
			l.closeStreams()
			facts = l.cfg.Events.Subscribe(recordBehind)
			continue
		}
		batch := l.drain(facts, fact)
		if len(batch) > 0 {
			if err := l.cfg.Store.Append(context.WithoutCancel(ctx), batch); err != nil {
				l.cfg.Log.ErrorContext(ctx, "events were not stored", slog.Int("events", len(batch)), slog.Any("error", err))
			}
		}
		select {
		case l.poke <- struct{}{}:
		default: // it is poked already
		}
	}
}

// drain is the facts to store among one and those that wait behind it.
func (l *Log) drain(facts *events.Subscription, first events.Fact) []outbox.Fact {
	var batch []outbox.Fact
	for fact := first; ; {
		if stored, is, err := l.stored(fact); is && err == nil {
			batch = append(batch, stored)
		}
		if len(batch) == page {
			return batch
		}
		select {
		case next, open := <-facts.Facts():
			if !open {
				return batch
			}
			fact = next
		default:
			return batch
		}
	}
}

// stored is what is to be stored of a fact, where somebody wants that.
func (l *Log) stored(fact events.Fact) (stored outbox.Fact, is bool, err error) {
	switch f := fact.(type) {
	case switchboard.Started:
		if !l.cfg.Store.Wants(outbox.KindCallStarted) {
			return outbox.Fact{}, false, nil
		}
		stored, err = outbox.New(f.DomainID, outbox.KindCallStarted, f.At, outbox.Call{CallID: f.CallID, Caller: outbox.PartyOf(f.Caller), Dialled: f.Dialled, StartedAt: &f.At})
	case switchboard.Answered:
		if !l.cfg.Store.Wants(outbox.KindCallAnswered) {
			return outbox.Fact{}, false, nil
		}
		stored, err = outbox.New(f.DomainID, outbox.KindCallAnswered, f.At, outbox.Call{CallID: f.CallID, Caller: outbox.PartyOf(f.Caller), Callee: outbox.PartyOf(f.Callee), AnsweredAt: &f.At})
	case location.Registered:
		return l.binding(outbox.KindRegistered, f.Binding, false)
	case location.Unregistered:
		return l.binding(outbox.KindUnregistered, f.Binding, false)
	case location.Expired:
		return l.binding(outbox.KindUnregistered, f.Binding, true)
	default:
		return outbox.Fact{}, false, nil
	}
	return stored, true, err
}

func (l *Log) binding(kind string, b location.Binding, expired bool) (outbox.Fact, bool, error) {
	device, found := l.cfg.Directory.Device(b.DeviceID)
	if !found || !l.cfg.Store.Wants(kind) {
		return outbox.Fact{}, false, nil
	}
	at := l.cfg.Now().UTC().Truncate(time.Millisecond)
	fact, err := outbox.New(device.DomainID, kind, at, outbox.Binding{DeviceID: b.DeviceID, Flow: b.Flow, UserAgent: b.UserAgent, Expired: expired})
	return fact, true, err
}

// closeStreams cuts every stream, so that its reader comes again.
func (l *Log) closeStreams() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for s := range l.streams {
		l.remove(s)
	}
}
