package officefile

import (
	"errors"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// shape is what a value in the file is.
type shape string

const (
	isText   shape = "text"
	isNumber shape = "a whole number"
	isFlag   shape = "true or false"
	isList   shape = "a list"
	isTable  shape = "a table"
	isOther  shape = "a value of another kind"
)

// value is a value with the line it stands on.
type value struct {
	line   int
	shape  shape
	text   string // of a text; of any other scalar as it is written
	number int
	flag   bool
	list   []*value
	table  *table
}

// table is a table with the line its name stands on.
type table struct {
	line   int
	values map[string]*value
	keys   []string // in the order of the file
	flawed bool     // a problem of it is known: what follows from that is not told
}

func newTable(line int) *table { return &table{line: line, values: map[string]*value{}} }

func (t *table) set(key string, v *value) {
	if t.values[key] == nil {
		t.keys = append(t.keys, key)
	}
	t.values[key] = v
}

// lineOf is the line of a key, or of the table when it lacks the key.
func (t *table) lineOf(key string) int {
	if v := t.values[key]; v != nil {
		return v.line
	}
	return t.line
}

// find is the line of a field of the directory, which may be given derived, or
// of the table when it lacks the field.
func (t *table) find(field string) (line int, given bool) {
	for _, key := range []string{field, field + "_hash", field + "_md5"} {
		if v := t.values[key]; v != nil {
			return v.line, true
		}
	}
	return t.line, false
}

// parse reads TOML into a tree that knows its lines. The library's decoder
// finds what is wrong with the syntax, and its parser tells the positions that
// the decoder keeps to itself.
func parse(data []byte) (*table, []Problem) {
	var document map[string]any
	if err := toml.Unmarshal(data, &document); err != nil {
		line := 1
		if at, is := errors.AsType[*toml.DecodeError](err); is {
			line, _ = at.Position()
		}
		return nil, []Problem{{
			Line: line, Wrong: strings.TrimPrefix(err.Error(), "toml: "), Fix: "correct the line: this is no TOML (toml.io)",
		}}
	}
	g := grower{root: newTable(1)}
	g.in = g.root
	g.lines = append(g.lines, 0)
	for i, c := range data {
		if c == '\n' {
			g.lines = append(g.lines, i+1)
		}
	}
	g.parser.Reset(data)
	for g.parser.NextExpression() {
		g.expression(g.parser.Expression())
	}
	return g.root, nil
}

// grower builds the tree from the parser's expressions.
type grower struct {
	parser unstable.Parser
	root   *table
	in     *table // the one that the last header opened
	lines  []int  // where each line starts
}

func (g *grower) lineAt(offset uint32) int {
	return sort.Search(len(g.lines), func(i int) bool { return g.lines[i] > int(offset) })
}

func (g *grower) expression(n *unstable.Node) {
	keys, line := g.keys(n)
	if len(keys) == 0 {
		return
	}
	last := keys[len(keys)-1]
	switch n.Kind {
	case unstable.Table:
		g.in = enter(g.root, keys, line)
		g.in.line = line
	case unstable.ArrayTable:
		outer := enter(g.root, keys[:len(keys)-1], line)
		all := outer.values[last]
		if all == nil {
			all = &value{line: line, shape: isList}
			outer.set(last, all)
		}
		g.in = newTable(line)
		all.list = append(all.list, &value{line: line, shape: isTable, table: g.in})
	case unstable.KeyValue:
		g.assign(g.in, n)
	default: // a comment
	}
}

// keys reads the dotted key of an expression and the line it stands on.
func (g *grower) keys(n *unstable.Node) (keys []string, line int) {
	if n.Kind != unstable.Table && n.Kind != unstable.ArrayTable && n.Kind != unstable.KeyValue {
		return nil, 0
	}
	for it := n.Key(); it.Next(); {
		if line == 0 {
			line = g.lineAt(it.Node().Raw.Offset)
		}
		keys = append(keys, string(it.Node().Data))
	}
	return keys, line
}

func (g *grower) assign(in *table, n *unstable.Node) {
	keys, line := g.keys(n)
	last := len(keys) - 1
	enter(in, keys[:last], line).set(keys[last], g.value(n.Value(), line))
}

// enter goes down to a table, making those that are missing. A list of tables
// is entered at its last one, as TOML has it.
func enter(t *table, keys []string, line int) *table {
	for _, key := range keys {
		v := t.values[key]
		if v == nil {
			v = &value{line: line, shape: isTable, table: newTable(line)}
			t.set(key, v)
		}
		if v.shape == isList && len(v.list) > 0 {
			v = v.list[len(v.list)-1]
		}
		if v.table == nil { // the decoder refuses such a file
			return newTable(line)
		}
		t = v.table
	}
	return t
}

func (g *grower) value(n *unstable.Node, line int) *value {
	if n.Raw.Length > 0 {
		line = g.lineAt(n.Raw.Offset)
	}
	v := &value{line: line, shape: isOther, text: string(n.Data)}
	switch n.Kind {
	case unstable.String:
		v.shape = isText
	case unstable.Bool:
		v.shape, v.flag = isFlag, v.text == "true"
	case unstable.Integer:
		if number, err := strconv.ParseInt(strings.ReplaceAll(v.text, "_", ""), 0, 32); err == nil {
			v.shape, v.number = isNumber, int(number)
		}
	case unstable.Array:
		v.shape = isList
		for it := n.Children(); it.Next(); {
			v.list = append(v.list, g.value(it.Node(), line))
		}
	case unstable.InlineTable:
		v.shape, v.table = isTable, newTable(line)
		for it := n.Children(); it.Next(); {
			if it.Node().Kind == unstable.KeyValue {
				g.assign(v.table, it.Node())
			}
		}
	default:
	}
	return v
}

// nearest is the word most like another, or "" when none is like it.
func nearest(word string, words []string) string {
	best, least := "", max(2, len(word)/3)+1
	for _, w := range words {
		if d := distance(word, w); d < least {
			best, least = w, d
		}
	}
	return best
}

// distance is how many characters must be put, dropped or replaced to make one
// word the other.
func distance(a, b string) int {
	if len(a) > 64 {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], slices.Min([]int{row[j+1] + 1, row[j] + 1, diagonal + cost})
		}
	}
	return row[len(b)]
}
