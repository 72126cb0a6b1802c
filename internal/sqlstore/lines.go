package sqlstore

import (
	"context"
	"fmt"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

func putNumbers(ctx context.Context, tx *writeConn, c directory.Change) error {
	rows := make([][]any, len(c.PutNumbers))
	for i, n := range c.PutNumbers {
		rows[i] = []any{n.ID, c.Domain.ID, reference(n.UserID), n.Number}
	}
	err := put(ctx, tx, `insert into numbers (id, domain_id, user_id, number) values %s
		on conflict (id) do update set user_id = excluded.user_id, number = excluded.number
		where numbers.domain_id = excluded.domain_id`, rows)
	if isConflict(err, "numbers_number") {
		return fmt.Errorf("a public number is %w", directory.ErrTaken)
	}
	return err
}

func putTrunks(ctx context.Context, tx *writeConn, c directory.Change) error {
	rows := make([][]any, len(c.PutTrunks))
	for i, t := range c.PutTrunks {
		rows[i] = []any{
			t.ID, c.Domain.ID, t.Name, t.Host, t.Transport, t.Register, t.User, t.Password, t.Priority, t.MaxCalls, t.Disabled,
		}
	}
	return put(ctx, tx, `insert into trunks (id, domain_id, name, host, transport, registers, user_name, password,
		priority, max_calls, disabled) values %s
		on conflict (id) do update set name = excluded.name, host = excluded.host, transport = excluded.transport,
		registers = excluded.registers, user_name = excluded.user_name, password = excluded.password,
		priority = excluded.priority, max_calls = excluded.max_calls, disabled = excluded.disabled
		where trunks.domain_id = excluded.domain_id`, rows)
}

// readLines reads the public numbers and the trunks.
func readLines(ctx context.Context, q querier, domainID string, offices map[string]*directory.Office) error {
	var within selection
	within.where("domain_id = $", domainID)
	end := within.end("id", 0)
	numbers, err := collect(ctx, q, numberFields, "select id, domain_id, user_id, number from numbers"+end, within.args...)
	if err != nil {
		return err
	}
	for _, n := range numbers {
		o := offices[n.DomainID]
		o.Numbers = append(o.Numbers, n)
	}
	trunks, err := collect(ctx, q, trunkFields, `select id, domain_id, name, host, transport, registers, user_name, password,
		priority, max_calls, disabled from trunks`+end, within.args...)
	if err != nil {
		return err
	}
	for _, t := range trunks {
		o := offices[t.DomainID]
		o.Trunks = append(o.Trunks, t)
	}
	return nil
}

func numberFields(n *directory.Number) []any {
	return []any{&n.ID, &n.DomainID, optionalText{&n.UserID}, &n.Number}
}

func trunkFields(t *directory.Trunk) []any {
	return []any{
		&t.ID, &t.DomainID, &t.Name, &t.Host, &t.Transport, &t.Register, &t.User, &t.Password, &t.Priority, &t.MaxCalls, &t.Disabled,
	}
}
