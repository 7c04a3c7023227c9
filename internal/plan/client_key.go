package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/state"
)

// The calls that make and delete a client key.
const (
	createClientKey = "CreateClientKey"
	deleteClientKey = "DeleteClientKey"
)

// RetireLost marks, in state, a client key whose private half nobody has: the answer to its creation was lost.
const RetireLost = "lost"

// clientKeyWarning is how long before its end a plan warns of a client key that nothing replaces.
const clientKeyWarning = 30 * kind.Day

// ClientKeyFile is what was found out about the files of a client key.
type ClientKeyFile struct {
	Missing    bool
	Ours       bool   // it is the recorded client key's
	ID         string // the client key that it says it holds
	Closed     bool   // the declared password does not open it
	NoPassword bool   // the password file is missing
	Problem    string // why it cannot be told, or ""
}

// other reports whether something is in the way that is not this client key's.
func (f ClientKeyFile) other() bool {
	return f.Problem != "" || !f.Missing && !f.Ours && f != ClientKeyFile{}
}

// clientKeyPlanning is for client keys: what the service knows by an id of its own, and tells the private half of once.
type clientKeyPlanning struct{}

// find takes up the client key that the declared file holds, when the state that knew it was lost.
func (clientKeyPlanning) find(p *planner, n *node) Presence {
	n.object = n.live.object(KindClientKey, p.in.ClientKeys[n.addr].ID)
	if n.object == nil || text(n.object.Attrs["access_point"]) != text(n.body.Attrs["access_point"]) {
		n.object = nil
		return Absent
	}
	if _, held := p.holder[objectID{n.gateway, KindClientKey, n.object.ID}]; held {
		n.object = nil // another address's: its file is in the way, which is said
		return Absent
	}
	n.change.Reason = "its file holds it"
	return FoundOurs
}

func (clientKeyPlanning) plan(p *planner, n *node) { p.planClientKey(n) }
func (clientKeyPlanning) targets(*node) []string   { return nil }
func (clientKeyPlanning) delete(_ *planner, n *node) {
	n.change.Reason = "removed; its file stays, and opens nothing any more"
	for range previousIDs(n.prior) {
		n.change.Calls = append(n.change.Calls, deleteClientKey)
	}
	n.change.Calls = append(n.change.Calls, deleteClientKey)
}

// planClientKey plans one client key:
//
//	client key   file, and what it was made with        →
//	absent       any                                    create
//	there        the answer to its creation was lost    delete it, create the next
//	there        something else is in the file's place  nothing, which stands
//	there        missing, or another password           create the next, exchange the file
//	there        made with other arguments, or ending   create the next, exchange the file
//	there        ours                                   delete earlier ones that were kept for long enough
func (p *planner) planClientKey(n *node) {
	c, file := &n.change, p.in.ClientKeys[n.addr]
	if c.Action == Create {
		n.creation()
		c.Calls = []string{createClientKey}
		if n.prior != nil {
			c.Reason = fmt.Sprintf("%s no longer exists", n.prior.ID)
		}
		if file.other() {
			p.inTheWay(n, file, "Apply does not write over it")
		}
		return
	}
	n.object = recalledOnto(n.object, n.prior, n.block.Kind)
	n.compare()
	if c.Action != NoOp {
		return // it is only taken up
	}
	lost := n.prior.Retire == RetireLost
	why := p.whyNext(n, file, lost)
	if why != "" && file.other() && !n.ignores("file") {
		p.inTheWay(n, file, "No other client key is made until it is moved away")
		why, c.Diff = "", nil
	}
	p.planPrevious(n, why != "", lost)
	if why != "" {
		c.Calls = append(c.Calls, createClientKey)
		c.Reason = why
		n.nextDiff()
	} else {
		p.watchClientKey(n)
	}
	if len(c.Diff) > 0 || len(c.Calls) > 0 {
		c.Action = Update
	}
}

// whyNext says why another client key has to take this one's place; "" = it need not.
func (p *planner) whyNext(n *node, file ClientKeyFile, lost bool) string {
	ends, _ := momentOf(n.object.Attrs["not_after"])
	before, rotates := durationOf(n.body.Attrs["rotate_before"])
	declared := text(n.body.Attrs["file"])
	var changed []string
	for _, d := range n.change.Diff {
		if at := n.block.Kind.Attribute(d.Name); slices.Contains(at.ChangedBy, createClientKey) {
			changed = append(changed, d.Name)
		}
	}
	switch {
	case lost:
		return fmt.Sprintf("the answer to the creation of %s was lost, and with it its private half; another is made, and that one deleted", n.object.ID)
	case len(changed) > 0:
		return fmt.Sprintf("%s changed; another is made, and its file exchanged", strings.Join(changed, ", "))
	case rotates && !ends.IsZero() && !p.in.Now.Before(ends.Add(-before)):
		return fmt.Sprintf("it ends on %s; the next one is made, and its file exchanged", day(ends))
	case n.ignores("file"):
		return ""
	case file.Missing:
		return fmt.Sprintf("its file %s is missing, and its private half is nowhere else; another is made", declared)
	case file.NoPassword:
		return fmt.Sprintf("its password file %s is missing, and the password is nowhere else; another is made", text(n.body.Attrs["password_file"]))
	case file.Closed && file.Ours:
		return "its password is another one now; another is made, and its file exchanged"
	case file.other():
		p.inTheWay(n, file, "The client key stays as it is")
	}
	return ""
}

// inTheWay says that something which is not this client key's has the place of its file.
func (p *planner) inTheWay(n *node, file ClientKeyFile, what string) {
	is := fmt.Sprintf("%s is there, and it is not this client key's", text(n.body.Attrs["file"]))
	switch {
	case file.Problem != "":
		is = strings.ToUpper(file.Problem[:1]) + file.Problem[1:]
	case file.ID != "":
		is += ", but that of " + file.ID
	}
	p.stands(n.addr, "A client key's file is something else",
		fmt.Sprintf("%s. %s. Move it away, and plan again; or give the client key another file; or, where its file is kept elsewhere, write lifecycle { ignore_changes = [file] }.", is, what))
}

// planPrevious plans the deletion of earlier client keys whose time is over. One that is in use, or may be, is none of them.
func (p *planner) planPrevious(n *node, next, lost bool) {
	keep := kind.DefaultKeepPrevious
	if d, written := durationOf(n.body.Attrs["keep_previous"]); written {
		keep = d
	}
	was, left := previousIDs(n.prior), []string{}
	for _, previous := range n.prior.Predecessors {
		o := n.live.object(KindClientKey, previous.ID)
		ends := time.Time{}
		if o != nil {
			ends, _ = momentOf(o.Attrs["not_after"])
		}
		switch over := !p.in.Now.Before(previous.Since.Add(keep)) || !ends.IsZero() && !p.in.Now.Before(ends); {
		case o == nil && n.live.Objects[KindClientKey] != nil: // deleted by others
		case over || previous.Retire == RetireLost:
			n.change.Calls = append(n.change.Calls, deleteClientKey)
		default:
			left = append(left, previous.ID)
		}
	}
	switch {
	case lost:
		n.change.Calls = append(n.change.Calls, deleteClientKey)
	case next:
		left = append(left, n.object.ID)
	}
	if gone := slices.DeleteFunc(was, func(id string) bool { return slices.Contains(left, id) }); len(gone) > 0 {
		n.change.Reason = fmt.Sprintf("it took the place of %s, which %s kept for long enough", strings.Join(gone, ", "), plural(len(gone), "was", "were"))
	}
	if before := textSet(previousIDs(n.prior)); !before.RawEquals(textSet(left)) {
		n.change.Diff = append(n.change.Diff, AttrDiff{Name: "previous", Before: before, After: textSet(left)})
	}
}

// nextDiff shows what another client key is other in.
func (n *node) nextDiff() {
	for _, name := range []string{"id", "not_before", "not_after"} {
		n.change.Diff = append(n.change.Diff, AttrDiff{Name: name, Before: n.object.Attrs[name], After: cty.UnknownVal(cty.String)})
	}
	if _, given := n.body.Attrs["password"]; given {
		n.writeOnly(n.block.Kind.Attribute("password"))
	}
}

// watchClientKey warns of one that ends soon, where no plan will make the next.
func (p *planner) watchClientKey(n *node) {
	ends, _ := momentOf(n.object.Attrs["not_after"])
	_, rotates := durationOf(n.body.Attrs["rotate_before"])
	if left := ends.Sub(p.in.Now); !rotates && !ends.IsZero() && left <= clientKeyWarning {
		p.warn(n.addr, "A client key ends soon", fmt.Sprintf(
			"%s (%s) is valid until %s. Then nothing can be called with it. Raise its generation for another one, or write rotate_before, and plans make the next one in time.", n.addr, n.object.ID, ends.Format(time.RFC3339)))
	}
}

// seePrevious marks the earlier client keys of a node as known.
func (n *node) seePrevious(seen map[string]bool) {
	if n.change.Kind == KindClientKey {
		for _, id := range previousIDs(n.prior) {
			seen[id] = true
		}
	}
}

// Previous are the ids of a client key's earlier ones that a change deletes: those that it takes out of the set.
func (c *Change) Previous() (gone []string) {
	d := c.attr("previous")
	if d == nil {
		return nil
	}
	left := Strings(d.After)
	for _, id := range Strings(d.Before) {
		if !slices.Contains(left, id) {
			gone = append(gone, id)
		}
	}
	return gone
}

func previousIDs(r *state.Resource) (ids []string) {
	if r != nil {
		for _, was := range r.Predecessors {
			ids = append(ids, was.ID)
		}
	}
	return ids
}

func textSet(texts []string) cty.Value {
	if len(texts) == 0 {
		return cty.SetValEmpty(cty.String)
	}
	values := make([]cty.Value, len(texts))
	for i, t := range texts {
		values[i] = cty.StringVal(t)
	}
	return cty.SetVal(values)
}

func durationOf(v cty.Value) (time.Duration, bool) {
	d, err := kind.ParseDuration(text(v))
	return d, err == nil
}

// recalledOnto adds to a live object what only the state tells of it: what it was made with. The object itself stays as
// it is.
func recalledOnto(o *Object, r *state.Resource, k *kind.Kind) *Object {
	if r == nil || r.ID != o.ID {
		return o
	}
	all := *o
	all.Attrs = maps.Clone(o.Attrs)
	for i := range k.Attributes {
		at := &k.Attributes[i]
		if _, read := all.Attrs[at.Name]; !read && !at.WriteOnly {
			all.Attrs[at.Name] = FromState(r.Attributes[at.Name], at.Type)
		}
	}
	all.Attrs["previous"] = textSet(previousIDs(r))
	return &all
}
