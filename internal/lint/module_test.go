package lint

import (
	"slices"
	"testing"
)

// TestAModuleThatIsCalledTwice holds that what a module's files break is found once, where it stands, and that a comment there
// answers for it.
func TestAModuleThatIsCalledTwice(t *testing.T) {
	const main = `gateway "dev" {
  emulator {}
}
module "team" {
  for_each = toset(["a", "b"])
  source   = "./team"
}
`
	for text, want := range map[string][]string{
		"key \"k\" {}\nkey \"l\" {}\n":                                        {`team/main.kms.hcl:1 module.team["a"].key.k`, `team/main.kms.hcl:2 module.team["a"].key.l`},
		"# kmsplan:ignore KP001 the teams' own\nkey \"k\" {}\nkey \"l\" {}\n": {`team/main.kms.hcl:3 module.team["a"].key.l`},
	} {
		in := fixture{"main.kms.hcl": []byte(main), "team/main.kms.hcl": []byte(text)}.input(t)
		if got := places(Run(in, Options{Only: []*Rule{Lookup(Rules(), "KP001")}}).Findings); !slices.Equal(got, want) {
			t.Errorf("found %q, and %q was meant", got, want)
		}
	}
}
