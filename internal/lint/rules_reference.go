package lint

import (
	"strings"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/pattern"
)

// keyArguments name keys, by kind and argument.
var keyArguments = [...]struct{ kind, argument string }{
	{"alias", "key"}, {"rotation_policy", "keys"}, {"secret", "encryption_key"}, {"encrypt", "key"}, {"rewrap", "key"},
}

// keyID is how KMS names keys: key-hzz…, a UUID, or an ARN that ends in one.
var keyID = pattern.New(`^(acs:kms:.*:key/.+|key-[a-z0-9]{10,}|[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12})$`)

func referenceRules() []*Rule {
	return []*Rule{{
		ID: "KP008", Name: "literal-key-id", Severity: Warning, Title: "Key named by its id",
		Why: "An id that is written out is of one key in one account. A plan cannot know that this key has to exist first, that it is being retired, or that it has a " +
			"successor.",
		Fix:    "Declare the key, with an `import` block where it exists, and refer to it: `key.NAME.id`. For a key of another stack name its alias, or take the id from a variable.",
		Source: "docs/language.md, References",
		check: func(p *pass) {
			for _, in := range p.module.instances {
				for _, a := range keyArguments {
					if in.addr.Kind != a.kind {
						continue
					}
					for _, id := range literalKeys(p.Config, in, a.argument) {
						p.about(in, a.argument, "%s of %s is the id %s.", a.argument, in.addr.Block(), id)
					}
				}
			}
		},
	}}
}

// literalKeys are the ids of keys that an argument has of itself: no variable, local or each gives them.
func literalKeys(c *hcl.Config, in *instance, argument string) []string {
	refs, _ := c.References(in.addr, argument)
	for _, r := range refs {
		if root, _, _ := strings.Cut(r, "."); root == "var" || root == "local" || root == "each" || root == "count" || root == "module" {
			return nil
		}
	}
	v, known := in.known(argument)
	given := texts(in.Attrs[argument])
	if known && v.Type() == cty.String {
		given = []string{v.AsString()}
	}
	var out []string
	for _, text := range given {
		if keyID.MatchString(text) {
			out = append(out, text)
		}
	}
	return out
}
