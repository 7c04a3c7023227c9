package addr

import (
	"strconv"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

func TestAddressesAreReadAsTheyAreWritten(t *testing.T) {
	for text, want := range map[string]Address{
		"key.orders":              Resource("key", "orders"),
		`alias.app["eu"]`:         Resource("alias", "app").WithKey("eu"),
		`alias.app["a.b[0]\"x"]`:  Resource("alias", "app").WithKey(`a.b[0]"x`),
		"key.n[10]":               Resource("key", "n").WithIndex(10),
		"data.encrypt.config":     DataBlock("encrypt", "config"),
		`data.encrypt.config[""]`: DataBlock("encrypt", "config").WithKey(""),
		"rotation_policy.a-b":     Resource("rotation_policy", "a-b"),

		"check.health.data.key.live":               {Check: "health", Data: true, Kind: "key", Name: "live"},
		`module.a.check.health.data.alias.live[0]`: {Module: "module.a", Check: "health", Data: true, Kind: "alias", Name: "live", Key: "[0]"},
		"check.health":                             Resource("check", "health"),

		"module.billing.key.orders":                       {Module: "module.billing", Kind: "key", Name: "orders"},
		`module.a["x.y"].module.b[2].data.encrypt.c["é"]`: {Module: Module("").Child("a").WithKey("x.y").Child("b").WithIndex(2), Data: true, Kind: "encrypt", Name: "c", Key: `["é"]`},
	} {
		got, err := Parse(text)
		if err != nil || got != want || got.String() != text {
			t.Errorf("%s: %v %v, written %s", text, got, err, got)
		}
	}
}

// However a key is spelled, there is one address for it: it is a map key and stored in state.
func TestAddressesAreCanonical(t *testing.T) {
	for text, want := range map[string]string{`key.a["\x65u"]`: `key.a["eu"]`, "key.a[007]": "key.a[7]", `module.m["\x65u"].key.a`: `module.m["eu"].key.a`} {
		if got, err := Parse(text); err != nil || got.String() != want {
			t.Errorf("%s: %s %v", text, got, err)
		}
	}
}

func TestWhatIsNoAddress(t *testing.T) {
	for _, text := range []string{
		"", "key", "key.", ".orders", "key.a.b", "data.encrypt", "data.encrypt.a.b", "key.a[", "key.a]", "key.a[]", `key.a["x]`, "key.a[-1]",
		"key.a[1.5]", "key.a[`x`]", "key.a[4294967296]", "key. a", "key.a[0][1]", `key.a["x"].id`, "1.2", "key.a\x00",
		"module.a", "module.a.key", "module.key.orders.x.y", "module[0].a.key.b", "module.a[0]key.b", "module.a.data[0].encrypt.b", "module..key.a", "data[0].encrypt.a",
	} {
		a, err := Parse(text)
		if err == nil || a != (Address{}) || !strings.Contains(err.Error(), "looks like key.orders") {
			t.Errorf("%q became %#v, %v", text, a, err)
		}
	}
}

func TestAnInstanceBelongsToItsBlock(t *testing.T) {
	block := Resource("key", "a")
	if block.WithKey("x").Block() != block || block.WithIndex(0).Block() != block {
		t.Error("the block of an instance is another")
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"key.orders", `alias.app["eu"]`, "data.encrypt.a[3]", `key.a["\u00e4"]`, "key.a[`", `module.a["x"].module.b[1].key.c`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse(a.String())
		if err != nil || again != a {
			t.Errorf("%q became %s, and that %v, %v", text, a, again, err)
		}
	})
}

// Plain identifiers and keys are read without HCL's scanner and strconv, and mean the same.
func TestPlainAddressesAreReadAsTheOthersAre(t *testing.T) {
	for a := range 128 {
		for b := range 129 {
			s := string([]byte{byte(a), byte(b)})
			if b == 128 {
				s = s[:1]
			}
			if got, want := isIdentifier(s), hclsyntax.ValidIdentifier(s); got != want {
				t.Errorf("%q is an identifier: %v, want %v", s, got, want)
			}
			quoted := "[" + strconv.Quote(s) + "]"
			key, rest, ok := instanceKey(quoted + ".x")
			if key != quoted || rest != ".x" || !ok {
				t.Errorf("%s is read as %s, %s, %v", quoted, key, rest, ok)
			}
		}
	}
	for _, s := range []string{"", "é", "aé", "a.b"} {
		if got, want := isIdentifier(s), hclsyntax.ValidIdentifier(s); got != want {
			t.Errorf("%q is an identifier: %v, want %v", s, got, want)
		}
	}
	if n := plainKey(`["a"b"]`); n != 0 {
		t.Errorf("a quote inside a key ends at %d", n)
	}
}
