package planfile

import (
	"maps"
	"slices"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/safety"
)

// lookup is a data block that reads live objects, with what it found.
type lookup struct {
	Addr      string     `json:"address"`
	Gateway   string     `json:"gateway"`
	Deferred  string     `json:"deferred,omitempty"`
	Arguments []argument `json:"arguments,omitempty"`
	Value     value      `json:"value"`
	DependsOn []string   `json:"depends_on,omitempty"`
	Users     []string   `json:"users,omitempty"`
}

type argument struct {
	Name  string `json:"name"`
	Value value  `json:"value"`
}

func (w *writer) lookups(list []plan.Lookup) []lookup {
	var out []lookup
	for _, l := range list {
		of := l.Addr.String()
		saved := lookup{Addr: of, Gateway: l.Gateway, Deferred: l.Deferred, Value: w.value(of, l.Value), DependsOn: texts(l.DependsOn), Users: texts(l.Users)}
		for _, name := range slices.Sorted(maps.Keys(l.Arguments)) {
			saved.Arguments = append(saved.Arguments, argument{name, w.value(name+" of "+of, l.Arguments[name])})
		}
		out = append(out, saved)
	}
	return out
}

func (r *reader) lookups(list []lookup) []plan.Lookup {
	var out []plan.Lookup
	for _, l := range list {
		read := plan.Lookup{Addr: r.must(l.Addr), Gateway: l.Gateway, Deferred: l.Deferred, Value: orNull(l.Value.Value), DependsOn: r.addrs(l.DependsOn), Users: r.addrs(l.Users)}
		for _, a := range l.Arguments {
			if read.Arguments == nil {
				read.Arguments = map[string]cty.Value{}
			}
			read.Arguments[a.Name] = orNull(a.Value.Value)
		}
		out = append(out, read)
	}
	return out
}

// compareLookups finds the lookups that give another value now than when the plan was saved, where something that the
// saved plan does comes from them. What such a value leads to need not show in a change: the key that a file is
// encrypted under, the text of a secret.
func (c *Comparison) compareLookups(saved, now *plan.Plan) {
	if safety.Off(safety.SavedLookups) {
		return
	}
	acts := map[addr.Address]bool{}
	for i := range saved.Changes {
		acts[saved.Changes[i].Addr] = saved.Changes[i].Acts()
	}
	for i := range saved.Files {
		acts[saved.Files[i].Addr] = acts[saved.Files[i].Addr] || saved.Files[i].Acts()
	}
	current := make(map[addr.Address]*plan.Lookup, len(now.Lookups))
	for i := range now.Lookups {
		current[now.Lookups[i].Addr] = &now.Lookups[i]
	}
	for i := range saved.Lookups {
		was := &saved.Lookups[i]
		user := slices.IndexFunc(was.Users, func(a addr.Address) bool { return acts[a] })
		is := current[was.Addr]
		switch {
		case user < 0:
		case is == nil:
			c.differ(was.Addr, "%s comes from it, and it is looked up no longer", was.Users[user])
		case !orNull(was.Value).RawEquals(orNull(is.Value)):
			c.differ(was.Addr, "it gives another value than when the plan was saved, and %s comes from it", was.Users[user])
		}
	}
}
