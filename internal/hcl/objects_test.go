package hcl

import (
	"testing"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
)

// plainObjects is an Objects that is no ObjectMap: what it holds may change at any time.
type plainObjects map[addr.Address]cty.Value

func (p plainObjects) Object(a addr.Address) (cty.Value, bool) { v, ok := p[a]; return v, ok }

func TestAnyObjectsWillDo(t *testing.T) {
	c := mustLoad(t, dev+`
key "k" {
  for_each = toset(["x"])
}
alias "a" {
  name = "alias/a"
  key  = one([for k in key.k : k.id])
}
`, Inputs{})
	k := parseAddr(t, `key.k["x"]`)
	objects := plainObjects{}
	for _, id := range []string{"one", "two"} {
		objects[k] = keyObject(c, k, id)
		if got := attr(t, c, "alias.a", "key", objects).AsString(); got != id {
			t.Errorf("%s after the id became %s", got, id)
		}
	}
	// An object of another type, from an older state for instance, is unknown rather than a panic.
	for _, odd := range []cty.Value{cty.StringVal("odd"), cty.EmptyObjectVal, cty.NilVal} {
		objects[k] = odd
		if v := attr(t, c, "alias.a", "key", objects); v.IsKnown() {
			t.Errorf("%#v gave %#v", odd, v)
		}
	}
}

func TestWhatIsNotDeclaredHasNoBody(t *testing.T) {
	c := mustLoad(t, dev+"key \"k\" {\n  for_each = toset([\"x\"])\n}\n", Inputs{})
	for _, a := range []string{"key.nope", "key.k", `key.k["y"]`, "data.encrypt.x"} {
		if _, diags := c.Body(parseAddr(t, a), nil); !diags.HasErrors() {
			t.Errorf("%s has a body", a)
		}
		if deps := c.DependsOn(parseAddr(t, a)); deps != nil {
			t.Errorf("%s depends on %s", a, deps)
		}
	}
	if _, diags := c.OutputValue("nope", nil); !diags.HasErrors() {
		t.Error("an output nobody declared has a value")
	}
	if c.Block(parseAddr(t, "key.nope")) != nil {
		t.Error("a block nobody declared")
	}
}

func TestAnObjectThatIsNotSetIsMadeOnceAndOnlyWhenItIsAskedFor(t *testing.T) {
	k, other := addr.Resource("key", "k"), addr.Resource("key", "other")
	made := 0
	m := NewObjectMapOver(func(a addr.Address) (cty.Value, bool) {
		made++
		return cty.StringVal("made of " + a.String()), a == k
	})
	if made != 0 {
		t.Fatal("objects were made that nobody asked for")
	}
	for range 2 {
		if v, ok := m.Object(k); !ok || v.AsString() != "made of key.k" {
			t.Fatalf("%#v, %v", v, ok)
		}
	}
	if made != 1 {
		t.Errorf("it was made %d times", made)
	}
	if _, ok := m.Object(other); ok {
		t.Error("what there is not was made")
	}
	m.Set(k, cty.StringVal("set"))
	if v, _ := m.Object(k); v.AsString() != "set" {
		t.Errorf("%#v after it was set", v)
	}
}
