package iam

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Document is a RAM policy.
type Document struct {
	Version   string
	Statement []Statement
}

// Statement allows actions on resources, under a condition.
type Statement struct {
	Effect    string
	Action    []string
	Resource  []string
	Condition map[string]map[string][]string `json:",omitempty"`
}

// grants collects actions by what they are allowed on.
type grants struct {
	by    map[target]map[string]bool
	notes map[string]bool
}

// target is a resource, and the tag that it must carry, "NAME=VALUE"; "" = whatever it carries.
type target struct{ resource, tag string }

func newGrants() *grants { return &grants{map[target]map[string]bool{}, map[string]bool{}} }

func (g *grants) allow(t target, operations ...string) {
	if g.by[t] == nil {
		g.by[t] = map[string]bool{}
	}
	for _, o := range operations {
		g.by[t]["kms:"+o] = true
	}
}

func (g *grants) note(format string, args ...any) { g.notes[fmt.Sprintf(format, args...)] = true }

// covered reports whether an action on a resource is allowed by a pattern as well, whatever the resource carries.
func (g *grants) covered(t target, action string) bool {
	for other, actions := range g.by {
		prefix, pattern := strings.CutSuffix(other.resource, "*")
		if pattern && other != t && actions[action] && (other.tag == "" || other.tag == t.tag) && strings.HasPrefix(t.resource, prefix) {
			return true
		}
	}
	return false
}

// document joins the resources that the same actions are allowed on into one statement, in a fixed order.
func (g *grants) document() Document {
	type line struct{ actions, tag string }
	joined := map[line][]string{}
	for t, allowed := range g.by {
		actions := maps.Clone(allowed)
		maps.DeleteFunc(actions, func(action string, _ bool) bool { return g.covered(t, action) })
		if len(actions) == 0 {
			continue
		}
		l := line{strings.Join(slices.Sorted(maps.Keys(actions)), " "), t.tag}
		joined[l] = append(joined[l], t.resource)
	}
	d := Document{Version: "1", Statement: []Statement{}}
	for _, l := range slices.SortedFunc(maps.Keys(joined), func(a, b line) int { return strings.Compare(a.actions+a.tag, b.actions+b.tag) }) {
		slices.Sort(joined[l])
		s := Statement{Effect: "Allow", Action: strings.Fields(l.actions), Resource: joined[l]}
		if name, value, tagged := strings.Cut(l.tag, "="); tagged {
			s.Condition = map[string]map[string][]string{"StringEquals": {"kms:tag/" + name: {value}}}
		}
		d.Statement = append(d.Statement, s)
	}
	return d
}
