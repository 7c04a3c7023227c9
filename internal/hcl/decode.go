package hcl

import (
	"maps"
	"slices"
	"strings"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/kind"
)

// rootSchema is every block type a file may hold, the ones of later versions and of
// neighbouring tools included, so that each gets an answer of its own.
func rootSchema() *hclv2.BodySchema {
	s := &hclv2.BodySchema{Blocks: []hclv2.BlockHeaderSchema{
		{Type: "kmsplan"}, {Type: "locals"}, {Type: "removed"}, {Type: "moved"}, {Type: "import"},
		{Type: "gateway", LabelNames: []string{"name"}},
		{Type: "variable", LabelNames: []string{"name"}},
		{Type: "output", LabelNames: []string{"name"}},
		{Type: "module", LabelNames: []string{"name"}},
		{Type: "check", LabelNames: []string{"name"}},
		{Type: "data", LabelNames: []string{"type", "name"}},
		{Type: "ephemeral", LabelNames: []string{"type", "name"}},
	}}
	for _, k := range append(kind.Managed(), kind.BatchKind) {
		s.Blocks = append(s.Blocks, hclv2.BlockHeaderSchema{Type: k, LabelNames: []string{"name"}})
	}
	for _, f := range foreignBlocks {
		s.Blocks = append(s.Blocks, hclv2.BlockHeaderSchema{Type: f.name, LabelNames: f.labels})
	}
	return s
}

// decoder fills a Config and its module from parsed files.
type decoder struct {
	config   *Config
	m        *module
	called   bool        // the module is called by another
	pattern  bool        // it is looked at once for all its instances: nothing of it gets into the configuration
	settings hclv2.Range // where the kmsplan block stands
	later    []func()    // what needs every block's name to be known
	diags    hclv2.Diagnostics
}

// files decodes the files of a module, names of other things unresolved.
func (d *decoder) files(sources []source) {
	for _, s := range sources {
		if s.file != nil {
			d.m.files[s.name] = s.file
			d.file(s.file)
		}
	}
}

// names resolves the names that were decoded, once all are known.
func (d *decoder) names() {
	for _, step := range d.later {
		step()
	}
}

func (d *decoder) report(diags ...*hclv2.Diagnostic) {
	for _, p := range diags {
		// HCL's own answers to unknown names end without a way forward when it has no suggestion.
		if strings.HasSuffix(p.Detail, "not expected here.") {
			p.Detail += " docs/language.md lists what may stand here."
		}
	}
	d.diags = append(d.diags, diags...)
}

func (d *decoder) file(f *hclv2.File) {
	content, diags := contentOf(f.Body, rootSchema())
	d.report(diags...)
	blocks := content.Blocks
	slices.SortStableFunc(blocks, func(a, b *hclv2.Block) int { return compareRanges(a.DefRange, b.DefRange) })
	for _, b := range blocks {
		if d.labels(b) {
			d.block(b)
		}
	}
}

// labels checks that a block's labels can be written in references.
func (d *decoder) labels(b *hclv2.Block) bool {
	for i, label := range b.Labels {
		if !hclsyntax.ValidIdentifier(label) && !isForeign(b.Type) {
			d.report(fault(b.LabelRanges[i], "Invalid name",
				"%q cannot be a block's name: it starts with a letter and holds letters, digits, _ and - only, so that %s.NAME can refer to it.", label, b.Type))
			return false
		}
	}
	return true
}

func (d *decoder) block(b *hclv2.Block) {
	if why := rootOnly[b.Type]; d.called && why != "" {
		d.report(fault(b.DefRange, "Block of the root module", "A module that is called has no %s block: %s", b.Type, why))
		return
	}
	switch b.Type {
	case "kmsplan":
		d.settingsBlock(b)
	case "gateway":
		d.gateway(b)
	case "variable":
		d.variable(b)
	case "locals":
		d.localsBlock(b)
	case "output":
		d.output(b)
	case "data":
		d.data(b)
	case "ephemeral":
		d.ephemeral(b)
	case "module":
		d.module(b)
	case "check":
		d.check(b)
	case kind.BatchKind:
		d.object(b, kind.Batch(), addr.Resource(kind.BatchKind, b.Labels[0]))
	case "removed":
		d.removed(b)
	case "moved":
		d.moved(b)
	case "import":
		d.imported(b)
	default:
		if k := kind.Lookup(b.Type, false); k != nil {
			d.object(b, k, addr.Resource(k.Name, b.Labels[0]))
			return
		}
		d.report(foreign(b))
	}
}

// rootOnly are the blocks that stand in the root module and nowhere else, and why.
var rootOnly = map[string]string{
	"kmsplan": "the settings are those of the whole stack. Move it to the root module.",
	"gateway": "the root module says in which accounts and regions the stack lives, and passes its gateways: all of them by their names, or those that the call's gateways argument names. Move it there.",
	"import":  "the root module says which live objects the stack takes up. Move it there, with the whole address: to = module.NAME.key.NAME.",
}

func (d *decoder) data(b *hclv2.Block) {
	if k := kind.Lookup(b.Labels[0], true); k != nil {
		d.object(b, k, addr.DataBlock(k.Name, b.Labels[1]))
		return
	}
	d.report(fault(b.LabelRanges[0], "Unknown data block",
		"There is no data block of type %q.%s Data blocks are %s.", b.Labels[0], didYouMean(b.Labels[0], kind.DataKinds()), quotedList(kind.DataKinds())))
}

func (d *decoder) localsBlock(b *hclv2.Block) {
	attrs, diags := b.Body.JustAttributes()
	d.report(diags...)
	for _, a := range sortedAttributes(attrs) {
		a.Expr = native(a.Expr)
		if prior := d.m.locals[a.Name]; prior != nil {
			d.report(duplicate(a.NameRange, "local value", a.Name, prior.rng))
			continue
		}
		l := &local{node: node{m: d.m, name: d.m.named("local." + a.Name), rng: a.NameRange}, label: a.Name, expr: a.Expr}
		d.m.locals[a.Name] = l
		d.m.localOrder = append(d.m.localOrder, l)
	}
}

func sortedAttributes(attrs hclv2.Attributes) []*hclv2.Attribute {
	return slices.SortedFunc(maps.Values(attrs), func(a, b *hclv2.Attribute) int { return compareRanges(a.Range, b.Range) })
}

func duplicate(at hclv2.Range, what, name string, prior hclv2.Range) *hclv2.Diagnostic {
	return fault(at, "Duplicate "+what, "There is already a %s named %q, at %s:%d. Rename one of them, or remove it.", what, name, prior.Filename, prior.Start.Line)
}
