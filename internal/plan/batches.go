package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/safety"
	"kmsplan.dev/kmsplan/internal/state"
)

// MovedBatches is what batches left behind, with moved blocks applied.
func MovedBatches(cfg *hcl.Config, batches []state.Evidence) []state.Evidence {
	if len(cfg.Moved) == 0 || len(batches) == 0 {
		return batches
	}
	moves, out := movesOf(cfg), slices.Clone(batches)
	for i := range out {
		if a, err := addr.Parse(out[i].Address); err == nil {
			to, _ := moves.target(a)
			out[i].Address = to.String()
		}
	}
	return out
}

// batchUsers names the batches whose objects are under a key, or may be.
func (p *planner) batchUsers(add func(gateway, key, user, kind string)) {
	for name, g := range p.in.Live.Gateways {
		if len(p.in.State.Batches) == 0 {
			return
		}
		for _, key := range p.batchKeys(g) {
			for _, h := range p.heldByBatches(name, key) {
				add(name, key, h.Evidence.Address+" ("+HoldWords(h)+")", usedByBatch)
			}
		}
	}
}

// batchKeys are the keys of a gateway that a batch may say something of.
func (p *planner) batchKeys(g *LiveGateway) []string {
	keys := keysOf(g.Objects[KindKey]) // for what nobody read
	for i := range p.in.State.Batches {
		keys = append(keys, p.in.State.Batches[i].Keys()...)
	}
	return sortedOnce(keys)
}

// heldByBatches are the batches that say something of a key.
func (p *planner) heldByBatches(gateway, key string) []state.Hold {
	st := state.State{Batches: p.keptBatches()}
	near := func(other string) bool { return !p.gateways[gateway].Elsewhere(p.gateways[other]) }
	return st.HoldsOn(near, key, "")
}

// HoldWords say what a batch's objects have to do with a key: "1,234 objects of s3://archive/ under version v1".
func HoldWords(h state.Hold) string {
	e := h.Evidence
	switch {
	case h.Unread:
		return fmt.Sprintf("%d objects of %s whose headers were not read: they may be under it", e.Unread, e.Source)
	case h.Was:
		return fmt.Sprintf("%d objects of %s were under it, version %s, and that none is any more is not proved", h.Objects, e.Source, h.Versions)
	}
	return fmt.Sprintf("%d %s of %s under it, version %s", h.Objects, plural(int(h.Objects), "object", "objects"), e.Source, h.Versions)
}

// HoldCommand is the one command that brings on what keeps a key for a batch: the proof, where only that is missing, or the batch.
func HoldCommand(h state.Hold) string {
	verb := "start"
	if lacksProof(h) {
		verb = "verify"
	}
	return "kmsplan batch " + verb + " " + shellWord(h.Evidence.Address)
}

// lacksProof reports whether a batch is done, and keeps a key only because nobody knows that its objects left it.
func lacksProof(h state.Hold) bool {
	return (h.Was || h.Unread) && h.Evidence.Status == state.EvidenceDone
}

// waysOfBatches say how the objects of batches let go of a key, one command a batch.
func (p *planner) waysOfBatches(n *node) (ways []string) {
	for _, h := range p.heldByBatches(n.gateway, n.change.ID) {
		e, way := h.Evidence, ""
		a, err := addr.Parse(e.Address)
		switch {
		case err != nil || !p.in.Config.Declares(a):
			way = fmt.Sprintf("declare %s again and prove that its objects are under another key, or have the state forget it, if the objects are gone: `kmsplan state rm %s`", e.Address, shellWord(e.Address)) + ", or a removed block for it"
		case lacksProof(h):
			way = fmt.Sprintf("have every wrap of %s opened: `%s`", e.Source, HoldCommand(h))
		default:
			way = fmt.Sprintf("bring the objects of %s under another key, and have every wrap opened by verify = \"all\": `%s`", e.Source, HoldCommand(h))
		}
		ways = append(ways, way)
	}
	return ways
}

// Batch is a batch that waits to be run, or whose evidence gets another address or is forgotten.
type Batch struct {
	Addr      addr.Address
	Action    string       // rewrap and its like
	Source    string       // where its objects are, as the block says
	Waits     string       // one clause: why it is to be run; "" = nothing says that it is
	Starts    bool         // it is started once the plan is carried out, as its block asks for
	MovedFrom addr.Address // the address that the state has what it left under
	Forgets   string       // what the state knows of it and forgets: "1000 objects of s3://archive/ …"; "" = nothing
}

// Command is how it is run: planned first, and created paused.
func (b Batch) Command() string { return "kmsplan batch plan " + shellWord(b.Addr.String()) }

// planBatches notes which batches wait, and what is forgotten of those that are gone. It reads nothing of their sources: it knows
// the state, and the keys of this plan.
func (p *planner) planBatches() {
	was := map[addr.Address]addr.Address{}
	moves := movesOf(p.in.Config)
	for i := range p.in.State.Batches {
		if a, err := addr.Parse(p.in.State.Batches[i].Address); err == nil {
			if to, moved := moves.target(a); moved {
				was[to] = a
			}
		}
	}
	left := MovedBatches(p.in.Config, p.in.State.Batches)
	for _, block := range p.in.Config.Batches {
		for _, a := range block.Instances {
			body, diags := p.in.Config.Body(a, p.objects)
			if p.diags = append(p.diags, diags...); diags.HasErrors() {
				continue
			}
			b := Batch{Addr: a, Action: text(body.Attrs["action"]), Source: SourceWords(body), MovedFrom: was[a]}
			due := false
			b.Waits, due = p.batchWaits(block.GatewayName(), body, lastOf(left, a))
			if due && text(body.Attrs["start"]) == kind.StartApply && p.in.Scope.Holds(a) {
				b.Starts = true
				p.keepFrozen(&b)
			}
			if b.Waits != "" || b.MovedFrom.Kind != "" {
				p.plan.Batches = append(p.plan.Batches, b)
			}
		}
	}
	p.forgetBatches(left)
}

// keepFrozen leaves a batch that writes for after a freeze: what else the plan does needs not wait for it.
func (p *planner) keepFrozen(b *Batch) {
	if b.Action == kind.BatchVerify || safety.Off(safety.BatchFrozen) {
		return
	}
	if list := FrozenBatch(p.in.Config, b.Addr, p.today()); len(list) > 0 {
		b.Starts = false
		b.Waits += ", and a freeze keeps apply from starting it"
	}
}

// lastOf is what a batch left last, or nil.
func lastOf(batches []state.Evidence, a addr.Address) (last *state.Evidence) {
	for i := range batches {
		if e := &batches[i]; e.Address == a.String() && (last == nil || e.Created.After(last.Created)) {
			last = e
		}
	}
	return last
}

// batchWaits says why a batch is to be run, and whether that is due to what was declared or rotated, and not to what became of
// its last run.
func (p *planner) batchWaits(gateway string, body hcl.Body, left *state.Evidence) (why string, due bool) {
	key, version, known := p.batchTarget(gateway, body)
	switch {
	case left == nil:
		return "it has not been planned yet", true
	case left.Status == state.EvidenceCreated:
		return "it has not ended", false
	case left.Status == state.EvidenceCancelled:
		return "it was cancelled", false
	case left.KeyID == "" && body.Attrs["key"] == cty.NilVal:
	case !known:
		return "its key is another one after this plan", true
	case key != "" && key != left.KeyID:
		return fmt.Sprintf("its key is %s by now, and it brought objects under %s", key, left.KeyID), true
	case version != "" && version != left.KeyVersion:
		return fmt.Sprintf("its key's version is %s by now, and it brought objects under %s", version, left.KeyVersion), true
	}
	if left.Failed > 0 {
		return fmt.Sprintf("%d of its objects failed", left.Failed), false
	}
	return "", false
}

// batchTarget is the key of a batch and its primary version, "" where nothing tells; known = false where this plan makes it.
func (p *planner) batchTarget(gateway string, body hcl.Body) (key, version string, known bool) {
	named := body.Attrs["key"]
	if declared := p.keyOfAlias(gateway, text(named)); declared != cty.NilVal {
		named = declared
	}
	if named != cty.NilVal && !named.IsKnown() {
		return "", "", false
	}
	live := p.in.Live.Gateways[gateway]
	key = text(named)
	key = key[strings.LastIndexByte(key, '/')+1:] // of an ARN
	if live == nil {
		return "", "", true
	}
	if whole := text(named); strings.HasPrefix(whole, kind.AliasPrefix) {
		key = live.Aliases[whole]
	}
	if o := live.object(KindKey, key); o != nil {
		version = text(o.Attrs["primary_version"])
	}
	return key, version, true
}

// SourceWords say where the objects of a batch are, as its block has it.
func SourceWords(body hcl.Body) string {
	name := kind.Values{Attrs: body.Attrs, Blocks: body.Blocks}.BatchSource()
	args := body.Blocks["source."+name]
	switch name {
	case kind.SourceFiles:
		return text(args["path"])
	case kind.SourcePostgres:
		return text(args["table"]) + "." + text(args["column"])
	}
	return name + "://" + text(args["bucket"]) + "/" + text(args["prefix"])
}

// keyOfAlias is the key that an alias is of after this plan, which may move it to a key that is made only then; NilVal = the plan says
// nothing of such an alias.
func (p *planner) keyOfAlias(gateway, name string) cty.Value {
	if !strings.HasPrefix(name, kind.AliasPrefix) {
		return cty.NilVal
	}
	for _, block := range p.in.Config.Blocks {
		if block.Kind.Name != KindAlias || p.gateways[gateway].Elsewhere(p.gateways[block.GatewayName()]) {
			continue
		}
		for _, a := range block.Instances {
			if o, planned := p.objects.Object(a); planned && p.in.Scope.Holds(a) && text(o.GetAttr("name")) == name {
				return o.GetAttr("key")
			}
		}
	}
	return cty.NilVal
}
