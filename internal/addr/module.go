package addr

import (
	"strconv"
	"strings"
)

// Module is the path of a module instance as it is written: module.a["x"].module.b; "" is the
// root module.
type Module string

// Child is the path of a module called from m, without instance key.
func (m Module) Child(name string) Module {
	if m == "" {
		return Module("module." + name)
	}
	return m + Module(".module."+name)
}

// WithKey is the instance of a module called with for_each.
func (m Module) WithKey(key string) Module { return m + Module("["+strconv.Quote(key)+"]") }

// WithIndex is the instance of a module called with count.
func (m Module) WithIndex(i int) Module { return m + Module("["+strconv.Itoa(i)+"]") }

// Within reports whether m is the module, an instance of it, or called from there. Everything is within
// the root module.
func (m Module) Within(outer Module) bool {
	rest, ok := strings.CutPrefix(string(m), string(outer))
	switch {
	case !ok:
		return false
	case outer == "" || rest == "":
		return true
	}
	return rest[0] == '.' || rest[0] == '[' && !strings.HasSuffix(string(outer), "]")
}

// Steps are the paths on the way from the root module to m, the outermost first and m last; none for the root.
func (m Module) Steps() []Module {
	steps, _ := split(string(m))
	var paths []Module
	path := Module("")
	for i := 1; i < len(steps); i += 2 {
		path = path.Child(steps[i].name) + Module(steps[i].key)
		paths = append(paths, path)
	}
	return paths
}

// Call is the path without the instance key of its last step: how the module is called. key is what was left out.
func (m Module) Call() (call Module, key string) {
	steps, _ := split(string(m))
	if len(steps) < 2 {
		return m, ""
	}
	key = steps[len(steps)-1].key
	return m[:len(m)-len(key)], key
}

// Name is the last step's name.
func (m Module) Name() string {
	steps, _ := split(string(m))
	if len(steps) == 0 {
		return ""
	}
	return steps[len(steps)-1].name
}

// Join is the path that is written as inner in the module m.
func (m Module) Join(inner Module) Module {
	if m == "" || inner == "" {
		return m + inner
	}
	return m + "." + inner
}

// Below is the part of m that leads on from outer, which m is within: what has to be appended to outer.
func (m Module) Below(outer Module) Module { return m[len(outer):] }
