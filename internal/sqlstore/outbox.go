package sqlstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
)

// prunePage is how many facts are looked at, and forgotten, in one transaction.
const prunePage = 1000

// Outbox is the [outbox.Store] of one consumer.
type Outbox struct {
	db       *DB
	consumer string
}

// Outbox returns the outbox as a consumer sees it. From now on facts of the
// kinds it names wait for it; consumers are named before facts are stored.
func (db *DB) Outbox(consumer string, kinds ...string) *Outbox {
	db.consumers.add(consumer, kinds)
	return &Outbox{db, consumer}
}

// consumers are those for whom facts wait, by the kind of fact.
type consumers struct {
	mu     sync.RWMutex
	ofKind map[string][]string
}

func (c *consumers) add(consumer string, kinds []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ofKind == nil {
		c.ofKind = map[string][]string{}
	}
	for _, kind := range kinds {
		if !slices.Contains(c.ofKind[kind], consumer) {
			c.ofKind[kind] = append(slices.Clip(c.ofKind[kind]), consumer)
		}
	}
}

// Wait has facts of these kinds, and no others, wait for the consumer from now on.
func (o *Outbox) Wait(kinds ...string) {
	c := &o.db.consumers
	c.mu.Lock()
	defer c.mu.Unlock()
	for kind, names := range c.ofKind {
		c.ofKind[kind] = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return name == o.consumer })
	}
	for _, kind := range kinds {
		if c.ofKind == nil {
			c.ofKind = map[string][]string{}
		}
		c.ofKind[kind] = append(slices.Clip(c.ofKind[kind]), o.consumer)
	}
}

func (c *consumers) of(kind string) []string {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.ofKind[kind]
}

// insertFacts puts facts into the outbox in the transaction of the act they tell of.
func insertFacts(ctx context.Context, tx *writeConn, facts []outbox.Fact) error {
	rows := make([][]any, len(facts))
	var waiting [][]any
	for i, f := range facts {
		rows[i] = []any{f.ID, f.DomainID, f.Kind, millis(f.At), string(f.Payload)}
		for _, consumer := range tx.consumers.of(f.Kind) {
			waiting = append(waiting, []any{consumer, f.ID})
		}
	}
	if _, err := tx.insert(ctx, "insert into outbox (id, domain_id, kind, at, payload) values %s", rows); err != nil {
		return err
	}
	_, err := tx.insert(ctx, "insert into outbox_waiting (consumer, fact_id) values %s", waiting)
	return err
}

func factFields(f *outbox.Fact) []any {
	return []any{&f.ID, &f.DomainID, &f.Kind, instant{&f.At}, &f.Payload}
}

// Waiting implements [outbox.Store].
func (o *Outbox) Waiting(ctx context.Context, limit int) ([]outbox.Fact, error) {
	return collect(ctx, o.db.reader, factFields, `select id, domain_id, kind, at, payload from outbox
		join outbox_waiting on fact_id = id where consumer = $1 order by fact_id limit $2`, o.consumer, limit)
}

// Take implements [outbox.Store].
func (o *Outbox) Take(ctx context.Context, facts []outbox.Fact, deliveries []outbox.Delivery) error {
	err := o.db.write(ctx, func(ctx context.Context, tx *writeConn) error {
		var rows [][]any
		for _, f := range facts {
			taken, err := tx.exec(ctx, "delete from outbox_waiting where consumer = $1 and fact_id = $2", o.consumer, f.ID)
			if err != nil {
				return err
			}
			for _, d := range deliveries {
				if taken == 1 && d.Fact.ID == f.ID {
					rows = append(rows, []any{d.ID, o.consumer, f.ID, cmp.Or(d.Lane, f.DomainID), d.Recipient, d.Urgent, millis(d.Since), millis(d.DueAt), d.Tries, d.Failure})
				}
			}
		}
		_, err := tx.insert(ctx, `insert into deliveries
			(id, consumer, fact_id, domain_id, recipient, urgent, since, due_at, tries, failure) values %s`, rows)
		return err
	})
	if err != nil {
		return fmt.Errorf("store deliveries: %w", err)
	}
	return nil
}

// Due implements [outbox.Store].
func (o *Outbox) Due(ctx context.Context, now time.Time) ([]string, error) {
	return collect(ctx, o.db.reader, func(id *string) []any { return []any{id} }, `select domain_id from deliveries
		where consumer = $1 and due_at <= $2 group by domain_id order by min(due_at), domain_id`, o.consumer, millis(now))
}

// Claim implements [outbox.Store].
func (o *Outbox) Claim(ctx context.Context, lane string, now, until time.Time) (outbox.Delivery, error) {
	for {
		found, err := collect(ctx, o.db.reader, deliveryFields, `select deliveries.id, recipient, urgent, since, due_at, tries, failure,
			outbox.id, outbox.domain_id, kind, at, payload from deliveries join outbox on outbox.id = fact_id
			where consumer = $1 and deliveries.domain_id = $2 and due_at <= $3
			order by urgent desc, since, deliveries.id limit 1`, o.consumer, lane, millis(now))
		if err != nil {
			return outbox.Delivery{}, err
		}
		if len(found) == 0 {
			return outbox.Delivery{}, outbox.ErrNone
		}
		d := found[0]
		claimed, err := o.change(ctx, "update deliveries set due_at = $3, tries = tries + 1 where id = $1 and due_at = $2",
			d.ID, millis(d.DueAt), millis(until))
		if err != nil {
			return outbox.Delivery{}, err
		}
		if claimed == 1 { // else another server has, and the next is to be found
			d.DueAt, d.Tries = until, d.Tries+1
			return d, nil
		}
	}
}

func deliveryFields(d *outbox.Delivery) []any {
	return append([]any{&d.ID, &d.Recipient, &d.Urgent, instant{&d.Since}, instant{&d.DueAt}, &d.Tries, &d.Failure}, factFields(&d.Fact)...)
}

// Delivered implements [outbox.Store].
func (o *Outbox) Delivered(ctx context.Context, id string) error {
	_, err := o.change(ctx, "delete from deliveries where id = $1", id)
	return err
}

// PutOff implements [outbox.Store].
func (o *Outbox) PutOff(ctx context.Context, id string, until time.Time, failure string) error {
	_, err := o.change(ctx, "update deliveries set due_at = $2, failure = $3 where id = $1", id, millis(until), failure)
	return err
}

// GiveUp implements [outbox.Store].
func (o *Outbox) GiveUp(ctx context.Context, id string, entry audit.Entry) error {
	err := o.db.write(ctx, func(ctx context.Context, tx *writeConn) error {
		if err := tx.do(ctx, "delete from deliveries where id = $1", id); err != nil {
			return err
		}
		return insertAudit(ctx, tx, []audit.Entry{entry})
	})
	if err != nil {
		return fmt.Errorf("give a delivery up: %w", err)
	}
	return nil
}

func (o *Outbox) change(ctx context.Context, text string, args ...any) (int64, error) {
	var changed int64
	err := o.db.write(ctx, func(ctx context.Context, tx *writeConn) (err error) {
		changed, err = tx.exec(ctx, text, slices.Clone(args)...)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("change a delivery: %w", err)
	}
	return changed, nil
}

// Prune implements [outbox.Store]. The ids are in the order of time, so that the
// first young fact ends the search.
func (o *Outbox) Prune(ctx context.Context, before time.Time) (int, error) {
	total := 0
	for last := ""; ; {
		facts, err := collect(ctx, o.db.reader, func(f *outbox.Fact) []any { return []any{&f.ID, instant{&f.At}} },
			"select id, at from outbox where id > $1 order by id limit $2", last, prunePage)
		if err != nil {
			return total, err
		}
		old := slices.DeleteFunc(slices.Clone(facts), func(f outbox.Fact) bool { return !f.At.Before(before) })
		forgotten, err := o.forget(ctx, old)
		total += forgotten
		if err != nil || len(old) < prunePage {
			return total, err
		}
		last = facts[len(facts)-1].ID
	}
}

func (o *Outbox) forget(ctx context.Context, facts []outbox.Fact) (int, error) {
	var forgotten int
	err := o.db.write(ctx, func(ctx context.Context, tx *writeConn) error {
		forgotten = 0
		for _, f := range facts {
			n, err := tx.exec(ctx, `delete from outbox where id = $1 and not exists (select 1 from outbox_waiting where fact_id = $1)
				and not exists (select 1 from deliveries where fact_id = $1)`, f.ID)
			if err != nil {
				return err
			}
			forgotten += int(n)
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("forget old facts: %w", err)
	}
	return forgotten, nil
}
