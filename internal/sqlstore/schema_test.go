package sqlstore_test

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write testdata/schema.txt as the tables are now")

// Each of these queries describes one line of a schema in the same words on
// both databases.
const (
	liteSchema = `
select t.name || ' ' || printf('%02d', c.cid + 1) || ' ' || c.name || ' ' || lower(c.type) ||
  case when c."notnull" then ' not null' else '' end
from sqlite_schema t, pragma_table_info(t.name) c
where t.type = 'table' and t.name not like 'sqlite%' and t.name not like 'goose%'
union all
select t.name || ' ' || case i.origin when 'pk' then 'primary key' else case when i."unique" then 'unique ' else '' end || 'index ' || i.name end ||
  ' (' || (select group_concat(name, ', ') from (select name from pragma_index_info(i.name) order by seqno)) || ')' ||
  coalesce((select ' where ' || trim(substr(x.sql, instr(x.sql, ' where ') + 7)) from sqlite_schema x where x.name = i.name and i.partial), '')
from sqlite_schema t, pragma_index_list(t.name) i
where t.type = 'table' and t.name not like 'sqlite%' and t.name not like 'goose%'
union all
select t.name || ' foreign key (' || f."from" || ') references ' || f."table" || ' (' || f."to" || ') on delete ' || lower(f.on_delete)
from sqlite_schema t, pragma_foreign_key_list(t.name) f
where t.type = 'table'`

	postgresSchema = `
select table_name || ' ' || to_char(ordinal_position, 'FM00') || ' ' || column_name || ' ' || data_type ||
  case is_nullable when 'NO' then ' not null' else '' end
from information_schema.columns where table_schema = 'public' and table_name not like 'goose%'
union all
select t.relname || ' ' || case when i.indisprimary then 'primary key' else case when i.indisunique then 'unique ' else '' end || 'index ' || x.relname end ||
  ' (' || (select string_agg(a.attname, ', ' order by k.n) from unnest(i.indkey::int[]) with ordinality k(attnum, n)
    join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum) || ')' ||
  coalesce(' where ' || lower(replace(translate(pg_get_expr(i.indpred, i.indrelid), '()', ''), '::text', '')), '')
from pg_index i join pg_class t on t.oid = i.indrelid join pg_class x on x.oid = i.indexrelid
where t.relnamespace = 'public'::regnamespace and t.relname not like 'goose%'
union all
select t.relname || ' foreign key (' || a.attname || ') references ' || r.relname || ' (' || b.attname || ') on delete ' ||
  case c.confdeltype when 'c' then 'cascade' when 'a' then 'no action' else c.confdeltype::text end
from pg_constraint c join pg_class t on t.oid = c.conrelid join pg_class r on r.oid = c.confrelid
join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
join pg_attribute b on b.attrelid = c.confrelid and b.attnum = c.confkey[1]
where c.contype = 'f' and t.relnamespace = 'public'::regnamespace`
)

// The migrations, run on either database, must lead to the one schema that is
// written down beside this test.
func TestSchema(t *testing.T) {
	t.Parallel()
	const file = "testdata/schema.txt"
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			query := postgresSchema
			if db.url == "sqlite" {
				query = liteSchema
			}
			all := column(t, db, query)
			slices.Sort(all)
			got := strings.Join(all, "\n") + "\n"
			if *update && db.url == "sqlite" {
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// column reads the one column of a query.
func column(t *testing.T, db *database, query string) []string {
	t.Helper()
	rows, err := db.raw(t).QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var all []string
	for rows.Next() {
		var one string
		if err := rows.Scan(&one); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}
