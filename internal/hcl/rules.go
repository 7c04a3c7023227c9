package hcl

import (
	"path"
	"slices"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/safety"
)

// rules holds what KMS wants to be true between blocks, as far as it shows before
// anything exists. Instances are taken in dependency order, so a key is known before what
// refers to it.
type rules struct {
	t        *tree
	keys     map[addr.Address]keyFacts
	policies map[string]addr.Address // key or secret (address, id or name) → the policy that rotates it
	generic  map[addr.Address]bool   // secrets that KMS cannot rotate
	names    map[string]addr.Address // "RULE PLACE NAME" → who has it
	writes   map[string]fileUse      // output path → who writes it
	reads    []fileUse               // sources, of decrypt and rewrap
	plain    map[string]fileUse      // source path of encrypt → who reads it
	aliases  map[string][]aliasUse   // name → who makes it
	named    []aliasUse              // data blocks whose key is the name of an alias
	counts   map[string]*quota
	diags    hclv2.Diagnostics
}

// keyFacts is what is written about one key.
type keyFacts struct {
	spec, origin, usage string // "" when not written or not known
	instance            string
	noInstance          bool
	gateway             *Gateway
}

// fileUse is one path of one data block.
type fileUse struct {
	path string
	by   addr.Address
	b    *block
	rng  hclv2.Range
	glob bool
}

func newRules(t *tree) *rules {
	return &rules{
		t: t, keys: map[addr.Address]keyFacts{}, generic: map[addr.Address]bool{}, policies: map[string]addr.Address{}, names: map[string]addr.Address{},
		writes: map[string]fileUse{}, plain: map[string]fileUse{}, aliases: map[string][]aliasUse{},
		counts: map[string]*quota{},
	}
}

// take looks at one evaluated instance and returns what is wrong with it.
func (r *rules) take(b *block, in *instance, body Body, came origins) hclv2.Diagnostics {
	r.diags = nil
	r.sameGateway(b, body, came)
	switch {
	case b.kind.Looks():
		r.nameAlias(b, in, body)
	case b.kind.File():
		r.files(b, in, body)
		r.dataKey(b, body, came)
		r.nameAlias(b, in, body)
	case b.kind.Batch():
		r.dataKey(b, body, came)
		r.nameAlias(b, in, body)
	case b.addr.Kind == "key":
		r.key(b, in, body)
		r.material(b, in, body)
	case b.addr.Kind == "alias":
		r.unique(b, in, body, kind.AliasNameUnique)
		r.makeAlias(b, in, body)
		r.count(b, true, kind.AliasQuota)
	case b.addr.Kind == "rotation_policy":
		r.rotation(in, body, came)
		r.secretRotation(b, in, body)
	case b.addr.Kind == "secret":
		r.secret(in, body)
		r.unique(b, in, body, kind.SecretNameUnique)
		r.encryptionKey(b, body, came)
	case b.addr.Kind == "client_key":
		r.keyFiles(b, in, body)
	case b.kind.CreatedBy != "":
		r.unique(b, in, body, kind.AccessNameUnique)
	}
	return r.diags
}

func (r *rules) fail(at hclv2.Range, rule, detail string, args ...any) {
	r.diags = append(r.diags, breach(kind.RuleOf(rule), at, detail, args...))
}

func text(body Body, name string) string {
	s, _ := kind.Values{Attrs: body.Attrs}.String(name)
	return s
}

func (r *rules) key(b *block, in *instance, body Body) {
	r.keys[in.addr] = keyFacts{
		spec: text(body, "spec"), origin: text(body, "origin"), usage: text(body, "usage"),
		instance: text(body, "instance"), noInstance: b.noInstance(body.Attrs), gateway: b.gatewayDecl(),
	}
	r.count(b, r.keys[in.addr].noInstance, kind.DefaultKeyQuota)
}

// unique refuses two blocks that claim one name in one account and region.
func (r *rules) unique(b *block, in *instance, body Body, rule string) {
	name := text(body, "name")
	if name == "" || b.gateway == nil {
		return
	}
	key := rule + " " + b.addr.Kind + " " + b.gateway.decl.place() + " " + name
	if other, taken := r.names[key]; taken {
		r.fail(body.Ranges["name"], rule, "%s and %s are both named %q, and names are unique in an account and region. Rename one.", other, in.addr, name)
		return
	}
	r.names[key] = in.addr
}

// rotation holds a policy's keys to what KMS can rotate.
func (r *rules) rotation(in *instance, body Body, came origins) {
	at := body.Ranges["keys"]
	interval, _ := kind.ParseDuration(text(body, "interval"))
	for _, key := range came["keys"] {
		f := r.keys[key]
		spec, known := kind.LookupSpec(f.spec)
		switch {
		case known && !spec.Symmetric:
			r.fail(at, kind.KeyRotates, "%s has the asymmetric spec %q, and KMS rotates symmetric keys only. Take it out of %s; create a new key and re-point its alias instead.", key, f.spec, in.addr)
		case f.origin == kind.OriginExternal:
			r.fail(at, kind.KeyRotates, "%s has imported material (origin %q), and KMS rotates only material it made itself. Take it out of %s; rotate by importing a new key and re-pointing its alias.", key, f.origin, in.addr)
		case f.noInstance && interval != 0 && interval != kind.DefaultKeyRotation:
			r.fail(body.Ranges["interval"], kind.DefaultKeyInterval, `%s is in no KMS instance, and KMS rotates such keys every 365 days only. Write interval = "365d", or a policy of its own for it.`, key)
		}
		r.claim(in, key.String(), key.String(), at)
	}
	r.literalKeys(in, body, at)
}

// literalKeys claims the keys that a policy names by their ids.
func (r *rules) literalKeys(in *instance, body Body, at hclv2.Range) {
	keys := body.Attrs["keys"]
	if keys == cty.NilVal || keys.IsNull() || !keys.IsKnown() {
		return
	}
	for it := keys.ElementIterator(); it.Next(); {
		if _, id := it.Element(); id.IsKnown() && !id.IsNull() {
			r.claim(in, id.AsString(), "the key "+id.AsString(), at)
		}
	}
}

func (r *rules) claim(in *instance, key, shown string, at hclv2.Range) {
	if other, taken := r.policies[key]; taken && other != in.addr {
		r.fail(at, kind.OneRotationPolicy, "%s and %s both rotate %s, and would undo each other. Take it out of one.", other, in.addr, shown)
		return
	}
	r.policies[key] = in.addr
}

// encryptionKey wants a secret's key to be symmetric and in the secret's instance.
func (r *rules) encryptionKey(b *block, body Body, came origins) {
	at := body.Ranges["encryption_key"]
	for _, key := range came["encryption_key"] {
		f := r.keys[key]
		if spec, known := kind.LookupSpec(f.spec); known && !spec.Symmetric {
			r.fail(at, kind.SecretKeySymmetric, "%s has the asymmetric spec %q, and secrets are encrypted with symmetric keys. Name another key.", key, f.spec)
		}
		own := text(body, "instance")
		if own != "" && f.instance != "" && own != f.instance {
			r.fail(at, kind.SecretKeyInstance, "%s is in the instance %s and the secret in %s; KMS wants both in one. Name another key, or change instance.", key, f.instance, own)
		}
		if f.noInstance != b.noInstance(body.Attrs) {
			r.fail(at, kind.SecretKeyInstance, "Of %s and the secret, one is in a KMS instance and the other is not; KMS wants both in one place. Name another key, or change instance.", key)
		}
	}
}

// files gathers what data blocks read and write.
func (r *rules) files(b *block, in *instance, body Body) {
	use := func(name string) (fileUse, bool) {
		p := text(body, name)
		return fileUse{path: path.Clean(p), by: in.addr, b: b, rng: body.Ranges[name], glob: b.addr.Kind == "rewrap"}, p != ""
	}
	if source, ok := use("source"); ok {
		if what := r.t.owned.Pattern(source.path); what != "" && source.glob {
			r.fail(source.rng, kind.FilesNotOwned, "%s would write into %s. Name other files.", in.addr, what)
		}
		if b.addr.Kind == "encrypt" {
			r.plain[source.path] = source
		} else {
			r.reads = append(r.reads, source)
		}
	}
	if output, ok := use("output"); ok {
		r.write(in, output)
	}
}

// keyFiles gathers what client keys write.
func (r *rules) keyFiles(b *block, in *instance, body Body) {
	for _, name := range []string{"file", "password_file"} {
		if p := text(body, name); p != "" {
			r.write(in, fileUse{path: path.Clean(p), by: in.addr, b: b, rng: body.Ranges[name]})
		}
	}
}

// write notes what writes a file, and refuses what is not its own to write.
func (r *rules) write(in *instance, output fileUse) {
	if what := r.reaches(output.path); what != "" && !safety.Off(safety.OwnedOutput) {
		r.fail(output.rng, kind.OutputNotOwned, "%s would write over %s, which is %s. Give it another output.", in.addr, output.path, what)
		return
	}
	if other, taken := r.writes[output.path]; taken {
		r.fail(output.rng, kind.OutputUnique, "%s and %s both write %s. Give each its own file.", other.by, in.addr, output.path)
		return
	}
	r.writes[output.path] = output
}

// reaches is what an output would write over that kmsplan or git owns, or "".
func (r *rules) reaches(output string) string {
	if r.t.in.SkipFiles {
		return r.t.owned.Named(output)
	}
	return r.t.owned.Reaches(output)
}

// finish compares what data blocks read with what others write: a reader comes after its
// writer, and nobody writes over the plaintext that is to be encrypted. Who names an alias comes after who makes it.
func (r *rules) finish() hclv2.Diagnostics {
	r.diags = r.quotas()
	r.orderByAliases()
	for _, use := range r.reads {
		if !use.glob {
			if w, ok := r.writes[use.path]; ok {
				use.b.after(use.by, w.by)
			}
			continue
		}
		for _, w := range sortedUses(r.writes) {
			if kind.MatchGlob(use.path, w.path) {
				use.b.after(use.by, w.by)
			}
		}
	}
	for _, p := range sortedUses(r.plain) {
		w, ok := r.writes[p.path]
		switch {
		case !ok || w.by == p.by:
		case w.by.Kind == "decrypt", w.by.Kind == "client_key":
			r.fail(w.rng, kind.OutputSparesSources, "%s would write over %s, the plaintext that %s encrypts. Give it another output.", w.by, p.path, p.by)
		default:
			p.b.after(p.by, w.by)
		}
	}
	return r.diags
}

func (b *block) after(reader, writer addr.Address) {
	if reader == writer {
		return
	}
	if b.extra == nil {
		b.extra = map[addr.Address][]addr.Address{}
	}
	b.extra[reader] = append(b.extra[reader], writer)
}

func sortedUses(m map[string]fileUse) []fileUse {
	list := make([]fileUse, 0, len(m))
	for _, u := range m {
		list = append(list, u)
	}
	slices.SortFunc(list, func(a, b fileUse) int { return addr.Compare(a.by, b.by) })
	return list
}

// literalSecrets warns of secret values that stand in the configuration. It points at
// the block's header, because a snippet of the argument would show the secret.
func (b *block) literalSecrets() hclv2.Diagnostics {
	var diags hclv2.Diagnostics
	args := slices.Clone(b.attrs)
	for _, n := range b.nested {
		args = append(args, n.args...)
	}
	for _, a := range args {
		if a.decl.WriteOnly && written(a.expr) && !isNull(a.expr) {
			diags = append(diags, breach(kind.RuleOf(kind.SecretNotWritten), b.rng,
				"The %s of %s stands in the configuration, for everyone who can read it. Take it from a variable with sensitive = true, or let generate { } make it.", a.decl.Name, b.addr))
		}
	}
	return diags
}

func isNull(expr hclv2.Expression) bool {
	v, diags := expr.Value(nil)
	return !diags.HasErrors() && v.IsNull()
}
