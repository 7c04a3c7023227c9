package document

import "fmt"

// tomlNames are the tables and names of a file as far as it has been read: what TOML says of a name that comes twice. Each
// is looked up once, so that a file costs its length; the library's own check walks through all names for each.
type tomlNames struct {
	known   []tomlName // 0 is the file itself
	under   map[tomlChild]int
	current int // the table that names stand in now
}

// tomlName is one name in one table. Each element of an array of tables is a new one, under which nothing is known yet.
type tomlName struct {
	kind     tomlKind
	elements int // of an array of tables, with this one
}

type tomlChild struct {
	parent int
	name   string
}

type tomlKind string

// What a name can stand for.
const (
	tomlValue    tomlKind = "value"
	tomlDotted   tomlKind = "table by dotted names" // only further dotted names, and headers of tables below it, add to it
	tomlImplicit tomlKind = "table"                 // named on the way to a table below it; it may have one header of its own
	tomlTable    tomlKind = "table with a header"
	tomlElement  tomlKind = "array of tables"
)

func newTOMLNames() *tomlNames {
	return &tomlNames{known: []tomlName{{kind: tomlTable}}, under: map[tomlChild]int{}}
}

func (t *tomlNames) put(parent int, name string, is tomlName) int {
	t.known = append(t.known, is)
	t.under[tomlChild{parent, name}] = len(t.known) - 1
	return len(t.known) - 1
}

// header enters a table, and gives its path: with the last element of each array of tables on the way, and a new one of its own.
func (t *tomlNames) header(names []string, element bool) (p Path, err error) {
	at := 0
	for n, name := range names {
		enter := t.passed
		if n == len(names)-1 {
			enter = t.table
			if element {
				enter = t.element
			}
		}
		if at, err = enter(at, name); err != nil {
			return nil, err
		}
		p = p.With(Name(name))
		if count := t.known[at].elements; count > 0 {
			p = p.With(Index(count - 1))
		}
	}
	t.current = at
	return p, nil
}

// passed is a table on the way to one below it.
func (t *tomlNames) passed(parent int, name string) (int, error) {
	i, ok := t.under[tomlChild{parent, name}]
	if !ok {
		return t.put(parent, name, tomlName{kind: tomlImplicit}), nil
	}
	if t.known[i].kind == tomlValue {
		return 0, fmt.Errorf("%q is a value already, and no table", name)
	}
	return i, nil
}

func (t *tomlNames) table(parent int, name string) (int, error) {
	i, ok := t.under[tomlChild{parent, name}]
	if !ok {
		return t.put(parent, name, tomlName{kind: tomlTable}), nil
	}
	if kind := t.known[i].kind; kind != tomlImplicit {
		return 0, fmt.Errorf("the table %q is there already, as %s", name, article(kind))
	}
	t.known[i].kind = tomlTable
	return i, nil
}

func (t *tomlNames) element(parent int, name string) (int, error) {
	i, ok := t.under[tomlChild{parent, name}]
	if !ok {
		return t.put(parent, name, tomlName{tomlElement, 1}), nil
	}
	if kind := t.known[i].kind; kind != tomlElement {
		return 0, fmt.Errorf("the array of tables %q is there already, as %s", name, article(kind))
	}
	return t.put(parent, name, tomlName{tomlElement, t.known[i].elements + 1}), nil
}

// key takes the name of a value, in parts, below a table.
func (t *tomlNames) key(parent int, names []string) (int, error) {
	for n, name := range names {
		i, ok := t.under[tomlChild{parent, name}]
		last := n == len(names)-1
		switch {
		case ok && (last || t.known[i].kind != tomlDotted):
			return 0, fmt.Errorf("the name %q is there already, as %s", name, article(t.known[i].kind))
		case ok:
			parent = i
		case last:
			parent = t.put(parent, name, tomlName{kind: tomlValue})
		default:
			parent = t.put(parent, name, tomlName{kind: tomlDotted})
		}
	}
	return parent, nil
}

// nameless is what stands in a list: names in it are known to nothing else.
func (t *tomlNames) nameless() int {
	t.known = append(t.known, tomlName{kind: tomlValue})
	return len(t.known) - 1
}

func article(kind tomlKind) string {
	if kind == tomlElement {
		return "an " + string(kind)
	}
	return "a " + string(kind)
}
