package plan

import (
	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/state"
)

// Calculate plans. Diagnostics are the author's mistakes that only evaluation
// finds; with errors among them the plan is incomplete and must not be applied.
// Refusals are in the plan: it may be shown, and not applied.
func Calculate(in Input) (*Plan, hclv2.Diagnostics) {
	p := newPlanner(in)
	p.evaluate()
	p.diags = append(p.diags, in.Config.CheckInputs(p.objects)...)
	if p.diags.HasErrors() {
		return p.plan, p.diags
	}
	p.planRemovals()
	p.planRenames()
	if len(in.Requests) > 0 {
		return p.calculateAsked()
	}
	p.planPredecessors()
	p.narrow()
	p.reportLacking()
	if p.diags.HasErrors() {
		return p.plan, p.diags
	}
	p.orderRemovals()
	p.orderDisabling()
	p.orderAccess()
	p.checkConditions()
	p.guard()
	p.planLookups()
	p.planFiles()
	p.planBatches()
	p.checkFileKeys()
	p.planOutputs()
	p.reportDrift()
	p.reportDying()
	p.reportStrays()
	p.reportReading()
	p.finish()
	return p.plan, p.diags
}

// objectID names one live object across gateways.
type objectID struct{ gateway, kind, id string }

// calculateAsked goes on with what a person asked of single objects: files are not looked at, and what else differs is no
// matter of the plan.
func (p *planner) calculateAsked() (*Plan, hclv2.Diagnostics) {
	p.plan.Asked, p.plan.MovedGateways = true, nil
	p.narrowToAsked()
	if p.diags.HasErrors() {
		return p.plan, p.diags
	}
	p.guard()
	p.planAskedOutputs()
	p.reportDying()
	p.finish()
	return p.plan, p.diags
}

// planner is the working memory of one Calculate.
type planner struct {
	in    Input
	plan  *Plan
	diags hclv2.Diagnostics

	addrs    []addr.Address                   // of State.Resources, moved blocks applied; zero = unreadable
	prior    map[addr.Address]*state.Resource // state by address, moved blocks applied
	holder   map[objectID]addr.Address        // state by live id
	movedTo  map[addr.Address]addr.Address    // new address → old address
	doubles  []double                         // state holds one object under two addresses
	gateways map[string]*hcl.Gateway

	objects  *hcl.ObjectMap // planned values, for expressions
	lookups  []lookup
	asks     []Ask
	deferred map[addr.Address]bool // lookups that are read during apply
	census   Census
	stale    map[addr.Address]bool // data blocks
	scratch  map[string]cty.Value
	first    map[string]cty.Value // by kind: see typed
	nodes    map[addr.Address]*node
	order    []*node // declared ones in dependency order, then removals
	claimed  map[objectID]addr.Address
	released map[addr.Address]bool // state addresses whose object another address takes over
	wanted   map[addr.Address]bool // in a narrower scope: what stays in the plan
	needed   map[addr.Address]bool // with targets: they, and what they need
}

// node is one object of the plan while it is being decided.
type node struct {
	addr    addr.Address
	block   *hcl.Block // nil for what is not declared
	gateway string
	live    *LiveGateway
	body    hcl.Body
	prior   *state.Resource
	object  *Object // the live object, nil when absent or unknown
	change  Change
	removed *hcl.Removed
	of      *node  // of a predecessor: its successor
	users   []user // of a predecessor: what needs it
	refused bool
	asked   *Request // what a person asks of it; nil = nothing
	unread  bool     // its gateway was not read
	pending bool     // not in the plan yet: see finish

	// What the guards look at.
	facts         Facts
	verdict       Verdict
	conflict      addr.Address      // already holds the object that this address wants; zero = none
	wants         string            // the object's id then
	gave          bool              // aliases: the alias of state is another address's by now
	taken         string            // aliases: the new name, which somebody else has
	immutable     []AttrDiff        // attributes that differ and cannot be changed
	foreign       string            // secrets: the current version, which this stack did not write
	noVersion     []string          // secrets: why a version cannot be the declared one, and the ways on
	otherMaterial bool              // keys: the declared material is not the one that was imported
	needs         []string          // rotation policies: the key ids whose rotation differs
	needsSecret   []string          // rotation policies: likewise the names of secrets
	lacking       *hclv2.Diagnostic // secrets: what a new one needs
	nowhere       []string          // rotation policies: key ids that do not exist
	disabled      []string          // rotation policies: keys that are or become disabled, and would be changed
}

// double is one object that state holds under two addresses.
type double struct {
	addr, other addr.Address
	kind, id    string
}

func newPlanner(in Input) *planner {
	p := &planner{
		in: in,
		plan: &Plan{
			Writer: in.Writer, Created: in.Now.UTC(),
			Lineage: in.State.Lineage, Serial: in.State.ObjectsSerial, Workspace: in.Config.Workspace, MovedGateways: in.MovedGateways,
		},
		prior:    make(map[addr.Address]*state.Resource, len(in.State.Resources)),
		holder:   make(map[objectID]addr.Address, len(in.State.Resources)),
		movedTo:  map[addr.Address]addr.Address{},
		gateways: map[string]*hcl.Gateway{},
		objects:  hcl.NewObjectMap(),
		census:   CensusOf(MovedFiles(in.Config, in.State.Files)),
		stale:    Stale(in.Files),
		scratch:  map[string]cty.Value{},
		first:    map[string]cty.Value{},
		nodes:    make(map[addr.Address]*node, len(in.State.Resources)),
		claimed:  make(map[objectID]addr.Address, len(in.State.Resources)),
		released: map[addr.Address]bool{},
		deferred: map[addr.Address]bool{},
	}
	for _, g := range in.Config.Gateways {
		p.gateways[g.Name] = g
	}
	in.Live.setGateways(in.Config, p.objects)
	p.indexState()
	return p
}

// indexState reads state's addresses and renames what moved blocks rename.
func (p *planner) indexState() {
	var stays []addr.Address
	p.addrs, stays = movedAddresses(p.in.Config, p.in.State)
	p.reportStays(stays, movesOf(p.in.Config))
	for i := range p.in.State.Resources {
		r, a := &p.in.State.Resources[i], p.addrs[i]
		was, err := addr.Parse(r.Address)
		if err != nil {
			p.diags = p.diags.Append(&hclv2.Diagnostic{
				Severity: hclv2.DiagError, Summary: "Unreadable address in state",
				Detail: "The state holds an object under an address this version of kmsplan cannot read: " + err.Error() + ".",
			})
			continue
		}
		if a != was {
			p.movedTo[a] = was
		}
		p.prior[a] = r
		id := objectID{r.Gateway, r.Kind, r.ID}
		if other, taken := p.holder[id]; taken {
			p.doubles = append(p.doubles, double{a, other, r.Kind, r.ID})
			continue
		}
		p.holder[id] = a
		for _, was := range r.Predecessors {
			p.holder[objectID{r.Gateway, r.Kind, was.ID}] = addr.Predecessor(a, was.ID)
		}
	}
}

// MovedAddresses indexes state by the addresses its objects have now, with moved
// blocks applied.
func MovedAddresses(cfg *hcl.Config, s state.State) map[addr.Address]*state.Resource {
	now, _ := movedAddresses(cfg, s)
	out := make(map[addr.Address]*state.Resource, len(s.Resources))
	for i, a := range now {
		if a.Kind != "" {
			out[a] = &s.Resources[i]
		}
	}
	return out
}

// evaluate walks the declared blocks in dependency order, so that every
// instance sees the planned values of those it refers to.
func (p *planner) evaluate() {
	for _, block := range p.in.Config.Blocks {
		switch {
		case block.Kind.File():
			p.knowData(block)
			continue
		case block.Kind.Looks():
			for _, a := range block.Instances {
				p.lookUp(block, a)
			}
			continue
		}
		for _, a := range block.Instances {
			p.evaluateInstance(block, a)
		}
	}
}

func (p *planner) evaluateInstance(block *hcl.Block, a addr.Address) {
	body, diags := p.in.Config.Body(a, p.objects)
	p.diags = append(p.diags, diags...)
	if diags.HasErrors() {
		return
	}
	n := &node{addr: a, block: block, gateway: block.GatewayName(), body: body, prior: p.prior[a]}
	n.live = p.in.Live.Gateways[n.gateway]
	n.change = Change{
		Addr: a, Kind: block.Kind.Name, Gateway: n.gateway, Protected: p.in.Config.Protects(a),
		MovedFrom: p.movedTo[a], DependsOn: p.in.Config.DependsOn(a),
	}
	p.nodes[a] = n
	p.order = append(p.order, n)
	said, warned := len(p.diags), len(p.plan.Warnings)
	p.planDeclared(n)
	if len(p.in.Requests) > 0 { // what a block wants is no matter of a plan of requests, nor what is wrong with that
		p.diags, p.plan.Warnings = p.diags[:said], p.plan.Warnings[:warned]
	}
	p.request(n)
	p.know(n)
}

// finish moves the decided changes into the plan, each after those it depends
// on and otherwise in the order they were found in.
func (p *planner) finish() {
	p.plan.Changes = make([]Change, 0, len(p.order))
	for _, n := range p.order {
		n.pending = true
	}
	for _, n := range p.order {
		p.emit(n)
	}
}

func (p *planner) emit(n *node) {
	if !n.pending {
		return
	}
	n.pending = false
	n.whole()
	for _, a := range n.change.DependsOn {
		if d := p.nodes[a]; d != nil {
			p.emit(d)
		}
	}
	if n.change.Action == 0 {
		n.change.Action = NoOp // refused before anything was decided: nothing will be done with it
	}
	p.plan.Changes = append(p.plan.Changes, n.change)
}
