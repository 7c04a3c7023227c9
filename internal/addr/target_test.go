package addr

import (
	"slices"
	"strings"
	"testing"
)

func target(t *testing.T, text string) Address {
	t.Helper()
	a, err := ParseTarget(text)
	if err != nil || a.String() != text {
		t.Fatalf("%s: read %s, %v", text, a, err)
	}
	return a
}

func TestATargetIsAnAddressOrAModule(t *testing.T) {
	for _, text := range []string{"key.orders", `alias.app["eu"]`, "module.a", `module.a["x"]`, `module.a["x"].module.b[2]`, "module.a.data.encrypt.f", "module.module"} {
		target(t, text)
	}
	for _, text := range []string{"", "module", "module.", "module.a.module", "module.a.key", "module[0].a", "module.a.", "nonsense", "module.a[", "data.a"} {
		if a, err := ParseTarget(text); err == nil || !strings.Contains(err.Error(), "module.billing") {
			t.Errorf("%q became %#v, %v", text, a, err)
		}
	}
}

func TestWhatATargetCovers(t *testing.T) {
	for _, tt := range []struct {
		target, address string
		want            bool
	}{
		{"key.a", "key.a", true},
		{"key.a", `key.a["x"]`, true},
		{`key.a["x"]`, "key.a", false},
		{"key.a", "key.ab", false},
		{"key.a", "module.m.key.a", false},
		{"module.m.key.a", `module.m.key.a["x"]`, true},
		{"module.m", "module.m.key.a", true},
		{"module.m", `module.m["x"].key.a`, true},
		{"module.m", `module.m["x"].module.n.data.encrypt.f`, true},
		{`module.m["x"]`, `module.m["x"].module.n.key.a`, true},
		{`module.m["x"]`, `module.m["x.y"].key.a`, false},
		{`module.m["x"]`, `module.m.key.a`, false},
		{"module.m", "module.mm.key.a", false},
		{"module.m", "key.m", false},
		{"module.m.module.n", "module.m.key.n", false},
		{"module.m[0]", "module.m[0].key.a", true},
		{"module.m[0]", "module.m[10].key.a", false},
	} {
		if got := target(t, tt.target).Covers(target(t, tt.address)); got != tt.want {
			t.Errorf("%s covers %s: %v", tt.target, tt.address, got)
		}
	}
}

func TestTheWayToAModule(t *testing.T) {
	m := Module("").Child("a").WithKey(`x.module.y["`).Child("b").Child("c").WithIndex(3)
	var steps []string
	for _, s := range m.Steps() {
		steps = append(steps, string(s))
	}
	want := []string{`module.a["x.module.y[\""]`, `module.a["x.module.y[\""].module.b`, `module.a["x.module.y[\""].module.b.module.c[3]`}
	if !slices.Equal(steps, want) {
		t.Error(steps)
	}
	if call, key := m.Call(); string(call) != strings.TrimSuffix(want[2], "[3]") || key != "[3]" {
		t.Error(call, key)
	}
	if call, key := m.Steps()[0].Call(); call != "module.a" || key != `["x.module.y[\""]` {
		t.Error(call, key)
	}
	if call, key := Module("").Call(); call != "" || key != "" || len(Module("").Steps()) != 0 {
		t.Error(call, key)
	}
	if below := m.Below(m.Steps()[1]); below != ".module.c[3]" {
		t.Error(below)
	}
}

func TestAddressesAreOrderedAsTheyAreWritten(t *testing.T) {
	list := []string{"alias.z", "data.encrypt.a", "key.a", "key.b", "module.a.alias.b", "module.a.key.a", `module.a["x"].alias.a`, "module.b.alias.a", "secret.a"}
	for i, a := range list {
		for j, b := range list {
			if got := Compare(target(t, a), target(t, b)); (got < 0) != (i < j) || (got == 0) != (i == j) {
				t.Errorf("%s against %s: %d", a, b, got)
			}
		}
	}
}

func TestNamesAreWhatATargetMayBe(t *testing.T) {
	got := Names([]Address{target(t, `module.a["x"].key.k["eu"]`), target(t, `module.a["x"].key.k["us"]`), target(t, "alias.a")})
	want := `module.a module.a["x"] module.a["x"].key.k module.a["x"].key.k["eu"] module.a["x"].key.k["us"] alias.a`
	if strings.Join(got, " ") != want {
		t.Error(got)
	}
}

func FuzzParseTarget(f *testing.F) {
	for _, seed := range []string{"key.orders", "module.a", `module.a["x"].module.b[1]`, `module.a["\u00e4"]`, "module.a.module", "module.a["} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ParseTarget(text)
		if err != nil {
			return
		}
		again, err := ParseTarget(a.String())
		if err != nil || again != a || !a.Covers(a) {
			t.Errorf("%q became %s, and that %v, %v", text, a, again, err)
		}
		if steps := a.Module.Steps(); len(steps) > 0 && steps[len(steps)-1] != a.Module {
			t.Errorf("%q leads through %v", text, steps)
		}
	})
}
