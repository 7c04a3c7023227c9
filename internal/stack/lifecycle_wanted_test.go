package stack_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// wanted is a configuration that a life wants next: names to what they have. A name that is used once more is another object.
type wanted struct {
	keys     map[string]wantedKey
	aliases  map[string]wantedAlias
	secrets  map[string]wantedSecret
	policies map[string]wantedPolicy
	file     wantedFile
	words    map[string]string // removed blocks, by address: what follows their from
	moved    map[string]string // old address to new one
	imports  map[string]string // address to id
	frozen   bool
	timid    bool // nothing may be taken away: the limits that a stack has by itself
}

type wantedKey struct {
	description, team, spec string
	protected, disabled     bool
	succeed                 bool // an immutable attribute may change
}

type wantedAlias struct {
	name, key string
	id        string // of a key that is nobody's, in place of key
	kept      bool   // prevent_destroy
}

type wantedSecret struct {
	name, description string
	value             int    // which of its values; 0 = one is generated
	key               string // that encrypts it; "" = it is outside any instance
	foreign           string
}

type wantedPolicy struct {
	interval, key string
	kept          bool
}

type wantedFile struct {
	key     string // "" = there is no block
	content int
}

func nothing() *wanted {
	return &wanted{
		keys: map[string]wantedKey{}, aliases: map[string]wantedAlias{}, secrets: map[string]wantedSecret{}, policies: map[string]wantedPolicy{},
		words: map[string]string{}, moved: map[string]string{}, imports: map[string]string{},
	}
}

func (w *wanted) clone() *wanted {
	c := *w
	c.keys, c.aliases, c.secrets, c.policies = maps.Clone(w.keys), maps.Clone(w.aliases), maps.Clone(w.secrets), maps.Clone(w.policies)
	c.words, c.moved, c.imports = maps.Clone(w.words), maps.Clone(w.moved), maps.Clone(w.imports)
	return &c
}

// secretValue is the nth value of a secret.
func secretValue(name string, n int) string { return fmt.Sprintf("value %d of %s", n, name) }

// text is the configuration without its gateway.
func (w *wanted) text() string {
	var b strings.Builder
	b.WriteString("kmsplan {\n")
	if !w.timid {
		b.WriteString("  limits {\n    deletions     = 100\n    deleted_share = 100\n  }\n")
	}
	if w.frozen {
		b.WriteString("  freeze {\n    from   = \"2020-01-01T00:00:00Z\"\n    until  = \"2120-01-01T00:00:00Z\"\n    reason = \"holidays\"\n  }\n")
	}
	b.WriteString("}\n")
	for _, name := range slices.Sorted(maps.Keys(w.keys)) {
		b.WriteString(w.keys[name].text(name))
	}
	for _, name := range slices.Sorted(maps.Keys(w.aliases)) {
		a := w.aliases[name]
		key := "key." + a.key + ".id"
		if a.id != "" {
			key = strconv.Quote(a.id)
		}
		fmt.Fprintf(&b, "alias %q {\n  name = \"alias/%s\"\n  key  = %s\n%s}\n", name, a.name, key, kept(a.kept))
	}
	for _, name := range slices.Sorted(maps.Keys(w.policies)) {
		p := w.policies[name]
		fmt.Fprintf(&b, "rotation_policy %q {\n  interval = %q\n  keys     = [key.%s.id]\n%s}\n", name, p.interval, p.key, kept(p.kept))
	}
	for _, name := range slices.Sorted(maps.Keys(w.secrets)) {
		b.WriteString(w.secrets[name].text(name))
	}
	if w.file.key != "" {
		fmt.Fprintf(&b, "data \"encrypt\" \"e\" {\n  key    = key.%s.id\n  source = \"plain\"\n  output = \"out.enc\"\n}\n", w.file.key)
	}
	for _, from := range slices.Sorted(maps.Keys(w.words)) {
		fmt.Fprintf(&b, "removed {\n  from = %s\n  %s\n}\n", from, w.words[from])
	}
	for _, from := range slices.Sorted(maps.Keys(w.moved)) {
		fmt.Fprintf(&b, "moved {\n  from = %s\n  to   = %s\n}\n", from, w.moved[from])
	}
	for _, to := range slices.Sorted(maps.Keys(w.imports)) {
		fmt.Fprintf(&b, "import {\n  to = %s\n  id = %q\n}\n", to, w.imports[to])
	}
	return b.String()
}

func kept(it bool) string {
	if !it {
		return ""
	}
	return "  lifecycle {\n    prevent_destroy = true\n  }\n"
}

func (k wantedKey) text(name string) string {
	way := "error"
	if k.succeed {
		way = "succeed"
	}
	return fmt.Sprintf("key %q {\n  description         = %q\n  spec                = %q\n  enabled             = %t\n  deletion_protection = %t\n  tags                = { team = %q }\n"+
		"  lifecycle {\n    on_immutable_change = %q\n  }\n}\n", name, k.description, k.spec, !k.disabled, k.protected, k.team, way)
}

func (s wantedSecret) text(name string) string {
	var b strings.Builder
	if s.value > 0 {
		fmt.Fprintf(&b, "variable \"value_of_%s\" {\n  type      = string\n  sensitive = true\n  default   = %q\n}\n", name, secretValue(s.name, s.value))
	}
	fmt.Fprintf(&b, "secret %q {\n  name        = %q\n  description = %q\n", name, s.name, s.description)
	if s.value > 0 {
		fmt.Fprintf(&b, "  value       = var.value_of_%s\n", name)
	} else {
		b.WriteString("  generate {\n    length = 24\n  }\n")
	}
	if s.key != "" {
		fmt.Fprintf(&b, "  encryption_key = key.%s.id\n", s.key)
	} else {
		b.WriteString("  instance = null\n")
	}
	if s.foreign != "" {
		fmt.Fprintf(&b, "  lifecycle {\n    on_foreign_version = %q\n  }\n", s.foreign)
	}
	b.WriteString("}\n")
	return b.String()
}
