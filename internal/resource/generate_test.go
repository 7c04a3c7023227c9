package resource

import (
	"errors"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"
	"pgregory.net/rapid"
)

// A generated value has its length, nothing that is excluded, and something of
// every class that is not.
func TestGenerate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		args := map[string]cty.Value{
			"length":             cty.NumberIntVal(rapid.Int64Range(8, 128).Draw(t, "length")),
			"exclude_characters": cty.StringVal(rapid.StringOfN(rapid.SampledFrom([]rune("aAzZ09!~")), 0, 8, -1).Draw(t, "characters")),
		}
		sets := map[string]string{"lowercase": lowercase, "uppercase": uppercase, "numbers": numbers, "punctuation": punctuation}
		in := ""
		for _, name := range []string{"lowercase", "uppercase", "numbers", "punctuation"} {
			out := rapid.Bool().Draw(t, name)
			args["exclude_"+name] = cty.BoolVal(out)
			if !out {
				in += name + " "
			}
		}
		value, err := generate(args)
		if in == "" {
			if !errors.Is(err, errNoCharacters) {
				t.Fatalf("nothing to choose from: %v", err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		n, _ := args["length"].AsBigFloat().Int64()
		if int64(len(value)) != n || strings.ContainsAny(string(value), args["exclude_characters"].AsString()) {
			t.Fatalf("%d characters, want %d, without %q", len(value), n, args["exclude_characters"].AsString())
		}
		for name, set := range sets {
			if has := strings.ContainsAny(string(value), set); has != strings.Contains(in, name) {
				t.Fatalf("%s: %v, asked for %q", name, has, in)
			}
		}
	})
}

func TestGenerateDefaults(t *testing.T) {
	a, err := generate(nil)
	if err != nil || len(a) != defaultLength {
		t.Fatal(len(a), err)
	}
	b, _ := generate(nil)
	if string(a) == string(b) {
		t.Error("two values are the same")
	}
	if _, err := generate(map[string]cty.Value{"length": cty.NumberIntVal(3)}); !errors.Is(err, errNoCharacters) {
		t.Errorf("four classes in three characters: %v", err)
	}
}
