package hcl

import (
	"cmp"
	"maps"
	"path/filepath"
	"slices"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/kind"
)

// Load reads the module in in.Dir, checks it and evaluates what is known before anything
// is planned. It always returns a Config, as complete as the files allow; it must not be
// planned from when the diagnostics hold an error.
func Load(in Inputs) (*Config, hclv2.Diagnostics) {
	if in.Dir == "" {
		in.Dir = "."
	}
	sources, diags := readModule(in.Dir)
	return load(in, sources, diags)
}

func load(in Inputs, sources []source, diags hclv2.Diagnostics) (*Config, hclv2.Diagnostics) {
	t := newTree(in)
	m := t.module("", ".")
	c := &Config{
		Dir: in.Dir, Workspace: in.workspace(), module: m, Files: m.files, byAddr: map[addr.Address]*Block{},
		Settings: Settings{BackendType: kind.DefaultBackend, Backend: map[string]string{}},
	}
	d := &decoder{config: c, m: m}
	d.files(sources)
	c.Imports = append(c.Imports, in.Imports...)
	diags = append(diags, t.readCalled(d)...)
	d.names()
	diags = append(diags, d.diags...)
	diags = append(diags, m.assign()...)
	m.setVariables()
	diags = append(diags, m.resolve()...)
	diags = append(diags, t.expandCalls(d)...)
	diags = append(diags, t.evaluate(c)...)
	diags = append(diags, m.finish(c, d)...)
	if len(sources) > 0 {
		diags = append(diags, t.needsGateway()...)
	}
	return c, inSourceOrder(once(diags))
}

// inSourceOrder sorts findings by file and line, those about no place first, so that
// they read like the source whichever phase found them.
func inSourceOrder(diags hclv2.Diagnostics) hclv2.Diagnostics {
	slices.SortStableFunc(diags, func(a, b *hclv2.Diagnostic) int {
		var from, to hclv2.Range
		if a.Subject != nil {
			from = *a.Subject
		}
		if b.Subject != nil {
			to = *b.Subject
		}
		return compareRanges(from, to)
	})
	return diags
}

func newTree(in Inputs) *tree {
	return &tree{sources: map[string]*calledSource{}, in: in, files: map[string]*hclv2.File{}, library: newLibrary(in), all: map[addr.Address]*block{}, settledGateways: map[string]cty.Value{}}
}

// newModule is an empty module, in no place yet.
func (t *tree) newModule(path addr.Module, dir string) *module {
	return &module{
		tree: t, path: path, dir: dir, variables: map[string]*variable{}, locals: map[string]*local{},
		gateways: map[string]*gateway{}, blocks: map[addr.Address]*block{}, outputs: map[string]*output{},
		calls: map[string]*call{}, checks: map[string]*check{}, elements: map[string][]element{},
		base: &hclv2.EvalContext{
			Functions: t.library.functions,
			Variables: map[string]cty.Value{"path": t.paths(dir),
				"kmsplan": cty.ObjectVal(map[string]cty.Value{"workspace": cty.StringVal(t.in.workspace())}), workName: cty.CapsuleVal(workType, t.library.work)},
		},
	}
}

// module adds a module to the tree.
func (t *tree) module(path addr.Module, dir string) *module {
	m := t.newModule(path, dir)
	t.modules = append(t.modules, m)
	return m
}

// paths are path.module and its like.
func (t *tree) paths(dir string) cty.Value {
	cwd := cmp.Or(t.in.Cwd, t.in.WorkDir, t.in.Dir)
	return cty.ObjectVal(map[string]cty.Value{"module": cty.StringVal(dir), "root": cty.StringVal("."), "cwd": cty.StringVal(filepath.ToSlash(cwd))})
}

// setVariables puts the variables where every expression finds them, once they have values.
func (m *module) setVariables() {
	values := map[string]cty.Value{}
	for name, v := range m.variables {
		if !v.dynamic {
			values[name] = v.value
		}
	}
	m.base.Variables["var"] = cty.ObjectVal(values)
	m.varsReady = true
}

// evaluate runs the second and third phase, of all modules.
func (t *tree) evaluate(c *Config) hclv2.Diagnostics {
	order, diags := t.sortGraph()
	t.spread(order)
	diags = append(diags, t.settleLocals(order)...)
	t.setOwned(c)
	for _, m := range t.modules {
		diags = append(diags, m.validate()...)
	}
	return append(diags, t.checkBlocks(order)...)
}

// checkBlocks expands every block and evaluates every instance, with the ids of objects
// unknown and marked, then applies KMS's rules between blocks.
func (t *tree) checkBlocks(order []*vertex) hclv2.Diagnostics {
	var diags hclv2.Diagnostics
	known := NewObjectMap()
	r := newRules(t)
	for _, v := range order {
		b := v.block
		if b == nil {
			continue
		}
		s := session{m: b.m, objects: known, loading: true}
		diags = append(diags, b.expand(s)...)
		b.ranges = writtenAt(b.attrs, b.nested)
		all := &collector{}
		all.add(b.literalSecrets())
		all.add(b.manageable())
		if b.broken {
			all.add(b.constants(s))
		}
		for _, in := range b.instances {
			body, came, found := b.evaluate(s, in)
			all.add(found)
			if !b.dynamics && (!b.dynamic || !found.HasErrors()) {
				in.body, in.diags = &body, found
			}
			if b.usedWhole || b.usedAttrs != nil {
				known.Set(in.addr, b.expected(in, body))
			}
			all.add(r.take(b, in, body, came))
		}
		diags = append(diags, all.result(b)...)
	}
	diags = append(diags, r.finish()...)
	for _, m := range t.modules {
		diags = append(diags, m.checkDynamic(session{m: m, objects: known, loading: true})...)
	}
	return diags
}

// checkDynamic evaluates locals and outputs that depend on objects once, for their
// diagnostics.
func (m *module) checkDynamic(s session) hclv2.Diagnostics {
	var diags hclv2.Diagnostics
	for _, l := range m.localOrder {
		if l.dynamic && !l.broken {
			_, found := value(l.expr, s.scope(l.refs, nil, nil), l.secretive)
			diags = append(diags, found...)
		}
	}
	if m.path != "" {
		return append(diags, m.checkCalled(s)...)
	}
	c := &Config{module: m}
	for _, o := range m.outputOrder {
		_, found := c.OutputValue(o.decl.Name, s.objects)
		diags = append(diags, found...)
	}
	return diags
}

// checkCalled evaluates what a module is given and gives back that depends on objects.
func (m *module) checkCalled(s session) hclv2.Diagnostics {
	var diags hclv2.Diagnostics
	for _, name := range slices.Sorted(maps.Keys(m.variables)) {
		if v := m.variables[name]; v.dynamic && !v.broken {
			_, found := s.given(v)
			diags = append(diags, found...)
		}
	}
	for _, o := range m.outputOrder {
		if o.dynamic && !o.broken {
			_, found := s.outputValue(o)
			diags = append(diags, found...)
		}
	}
	return diags
}

// expected is what references to an instance evaluate to while loading: what is
// written, everything else unknown, and the id marked with where it comes from. Only
// attributes that are referred to are in it.
func (b *block) expected(in *instance, body Body) cty.Value {
	values := make(map[string]cty.Value, len(b.usedAttrs))
	for i := range b.kind.Attributes {
		a := &b.kind.Attributes[i]
		if a.WriteOnly || !b.usedWhole && !b.usedAttrs[a.Name] {
			continue
		}
		v, written := body.Attrs[a.Name]
		if !written {
			v = cty.UnknownVal(a.Type)
		}
		if a.Opened {
			v = Handed(v)
		}
		if a.Name == "id" {
			v = v.Mark(origin{in.addr})
		}
		values[a.Name] = v
	}
	return cty.ObjectVal(values)
}

// finish fills the Config's own lists.
func (m *module) finish(c *Config, d *decoder) hclv2.Diagnostics {
	before := len(d.diags)
	d.report(d.expandRefactorings()...)
	d.refactorings()
	diags := slices.Clone(d.diags[before:])
	for _, id := range m.importIDs {
		diags = append(diags, m.staticText(id.expr, "An import's id", "An import needs the id of the live object: a key id, an alias name or a secret's name.", &c.Imports[id.at].ID)...)
		if id.takeOver != nil {
			diags = append(diags, m.staticText(id.takeOver, "take_over", "take_over names the lineage of the stack that owns the object now, as the refusal told it.", &c.Imports[id.at].TakeOver)...)
		}
	}
	diags = append(diags, m.settleEncryption(c.Settings.Encryption, c.Imports)...)
	c.index()
	order, cycles := m.sortGraph() // anew, with who reads what another block writes
	for _, v := range order {
		if v.block != nil {
			c.add(v.block)
		}
	}
	for _, v := range order {
		v.setReach()
	}
	return append(diags, cycles...)
}

func (c *Config) add(b *block) {
	out := &Block{Addr: b.addr, Kind: b.kind, Lifecycle: b.lifecycle, Range: b.rng, Referred: b.usedWhole || b.usedAttrs != nil, Instances: make([]addr.Address, len(b.instances))}
	if b.gateway != nil {
		out.Gateway = b.gateway.decl
	}
	for i, in := range b.instances {
		out.Instances[i] = in.addr
	}
	if b.kind.Batch() {
		c.Batches = append(c.Batches, out)
	} else {
		c.Blocks = append(c.Blocks, out)
	}
	c.byAddr[b.addr] = out
	b.public = out
}

// needsGateway reports managed or data blocks in a configuration without any gateway.
func (t *tree) needsGateway() hclv2.Diagnostics {
	i := slices.IndexFunc(t.modules, func(m *module) bool { return len(m.blockOrder) > 0 })
	if len(t.modules[0].gatewayOrder) > 0 || i < 0 {
		return nil
	}
	return hclv2.Diagnostics{fault(t.modules[i].blockOrder[0].rng, "No gateway",
		`No gateway block says in which account and region this lives. Add gateway "dev" { emulator {} } to try it out, or gateway "NAME" { region = "…" public {} } for the real service.`)}
}
