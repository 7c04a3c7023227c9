package plan

import (
	"fmt"
	"strings"

	"kmsplan.dev/kmsplan/internal/safety"
)

// maxListedUsers bounds a refusal's sentence; the number is always given.
const maxListedUsers = 50

// checkUses refuses to disable or schedule a key that something still uses once
// this plan is applied: aliases managed or not, secrets, rotation policies, recorded files.
func (p *planner) checkUses() {
	var users map[objectID][]user // built when the first key needs it
	for _, n := range p.order {
		if n.refused || n.object == nil || !n.takesOutOfUse() || safety.Off(safety.PlanInUse) {
			continue
		}
		if users == nil {
			users = p.users()
		}
		var names []string
		radius := Radius{Addr: n.addr}
		for _, u := range users[objectID{n.gateway, KindKey, n.change.ID}] {
			radius.count(u)
			if u.kind != KindRotation || n.change.Action == Retire {
				names = append(names, u.name)
			}
		}
		if !radius.None() {
			p.plan.Radius = append(p.plan.Radius, radius)
		}
		if len(names) > 0 && !p.tearsDown(n) {
			p.refuseStillInUse(n, names)
		}
	}
}

// user is something that uses a key. A rotation policy stands in the way of a
// retirement only: a disabled key's rotation is suspended and goes on when it is enabled again.
type user struct{ name, kind string }

// The kinds of users that are no objects.
const (
	usedByFile  = "file"
	usedByBatch = "batch"
)

func (r *Radius) count(u user) {
	switch u.kind {
	case KindSecret:
		r.Secrets++
	case KindAlias:
		r.Aliases++
	case usedByFile:
		r.Files++
	}
}

// takesOutOfUse reports whether the change makes an enabled key unusable, or
// moves a retirement on.
func (n *node) takesOutOfUse() bool {
	return n.change.Action == Retire || n.change.Kind == KindKey && n.change.Action == Delete || n.change.Kind == KindKey && n.change.Needs("DisableKey") && n.object.State == StateEnabled
}

// users lists who will use each key after this plan.
func (p *planner) users() map[objectID][]user {
	users := map[objectID][]user{}
	add := func(gateway, key, name, kind string) {
		if key != "" {
			id := objectID{gateway, KindKey, key}
			users[id] = append(users[id], user{name, kind})
		}
	}
	p.aliasUsers(add)
	p.secretUsers(add)
	for _, n := range p.order {
		if n.change.Kind == KindRotation && n.block != nil {
			for _, key := range Strings(n.body.Attrs["keys"]) {
				add(n.gateway, key, n.addr.String(), KindRotation)
			}
		}
	}
	for _, f := range p.in.State.Files {
		for name := range p.in.Live.Gateways {
			add(name, f.KeyID, "file "+f.Path+" ("+f.Address+")", usedByFile)
		}
	}
	p.batchUsers(add)
	return users
}

// aliasUsers walks the aliases as they will be: the live ones, less what this
// plan deletes, re-points or renames, plus what it creates.
func (p *planner) aliasUsers(add func(gateway, key, user, kind string)) {
	changed := map[objectID]bool{}
	for _, n := range p.order {
		if n.change.Kind != KindAlias {
			continue
		}
		if n.change.ID != "" && !n.refused && n.change.Action != Forget {
			changed[objectID{n.gateway, KindAlias, n.change.ID}] = true
		}
		if n.block != nil && !n.refused {
			add(n.gateway, n.target(), fmt.Sprintf("%s (%s)", n.addr, text(n.body.Attrs["name"])), KindAlias)
		}
	}
	for name, g := range p.in.Live.Gateways {
		for _, alias := range sorted(keysOf(g.Aliases)) {
			if changed[objectID{name, KindAlias, alias}] {
				continue
			}
			user := alias + " (not managed here)"
			if a, held := p.holder[objectID{name, KindAlias, alias}]; held {
				user = fmt.Sprintf("%s (%s)", a, alias)
			}
			add(name, g.Aliases[alias], user, KindAlias)
		}
	}
}

// secretUsers counts every secret the snapshot read, also one in its recovery
// window: it could not be restored without its key.
func (p *planner) secretUsers(add func(gateway, key, user, kind string)) {
	for name, g := range p.in.Live.Gateways {
		for _, id := range sorted(keysOf(g.Objects[KindSecret])) {
			user := "secret " + id
			if a, held := p.holder[objectID{name, KindSecret, id}]; held {
				user = fmt.Sprintf("%s (%s)", a, id)
			}
			add(name, text(g.Objects[KindSecret][id].Attrs["encryption_key"]), user, KindSecret)
		}
	}
}

func (p *planner) refuseStillInUse(n *node, users []string) {
	what := "disabled"
	if n.change.Needs("ScheduleKeyDeletion") {
		what = "scheduled for deletion"
	}
	listed := users
	if len(listed) > maxListedUsers {
		listed = append(listed[:maxListedUsers:maxListedUsers], fmt.Sprintf("and %d more", len(users)-maxListedUsers))
	}
	ways := p.waysFromKey(n)
	if n.of != nil {
		ways = p.waysFromPredecessor(n)
	}
	last := "If it has to be disabled now whatever breaks, take enabled out of the block and run " + ByHand(n.gateway, "DisableKey", "-key-id", n.change.ID) + "; " + ByHand(n.gateway, "EnableKey", "-key-id", n.change.ID) + " takes it back."
	if n.change.Action == Retire {
		last = "To keep the key, take the removed block out and put the key's block back."
	}
	if n.of != nil {
		last = "To keep it for what it encrypted, take the removed block out."
	}
	p.refuseObject(n, GuardStillInUse,
		fmt.Sprintf("%s (%s) would be %s while %d %s: %s.", n.addr, n.change.ID, what, len(users),
			plural(len(users), "object still uses it", "objects still use it"), strings.Join(listed, "; ")),
		append(ways, last)...)
}

// checkTargets refuses a rotation policy that names keys which do not exist, and refuses to point something at a key that waits for deletion
// and is not rescued by this plan; KMS would refuse it half-way through the apply.
func (p *planner) checkTargets() {
	for _, n := range p.order {
		for _, id := range n.nowhere {
			p.refuseNoKey(n, id)
		}
	}
	dying := map[objectID]bool{}
	for name, g := range p.in.Live.Gateways {
		for _, k := range g.Dying {
			dying[objectID{name, KindKey, k.ID}] = true
		}
	}
	if len(dying) == 0 {
		return
	}
	for _, n := range p.order {
		if n.block == nil || n.refused || len(n.change.Calls) == 0 {
			continue
		}
		for _, id := range planningOf(n.change.Kind).targets(n) {
			if dying[objectID{n.gateway, KindKey, id}] && !p.rescued(n.gateway, id) && !safety.Off(safety.PlanDyingTarget) {
				p.refuseDyingTarget(n, id)
			}
		}
	}
}

func (p *planner) rescued(gateway, id string) bool {
	a, ok := p.claimed[objectID{gateway, KindKey, id}]
	return ok && p.nodes[a].change.Action == Rescue
}

func (p *planner) refuseDyingTarget(n *node, id string) {
	p.refuseObject(n, GuardKeyUnusable,
		fmt.Sprintf("%s needs the key %s, and that key waits for deletion.", n.addr, id),
		fmt.Sprintf("To bring the key back, run `kmsplan rescue %s`, or declare a key and add:", id)+importText("key.NAME", id, ""),
		"Otherwise refer to another key.")
}

func keysOf[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	return out
}
