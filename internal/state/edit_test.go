package state_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/state"
)

func stack() state.State {
	return stateAt(4,
		state.Resource{Address: `alias.app`, Kind: "alias", ID: "alias/app", DependsOn: []string{`key.k["eu"]`}},
		state.Resource{Address: `key.k["eu"]`, Kind: "key", ID: "1"},
		state.Resource{Address: `key.k["us"]`, Kind: "key", ID: "2"},
		state.Resource{Address: `key.kk`, Kind: "key", ID: "3"})
}

func TestSelectNamesInstancesByTheirBlock(t *testing.T) {
	st := stack()
	st.Files = []state.File{{Address: "data.encrypt.f", Path: "b"}, {Address: "data.encrypt.f", Path: "a"}}
	for _, tt := range []struct{ patterns, want string }{
		{"", `alias.app data.encrypt.f key.k["eu"] key.k["us"] key.kk`},
		{"key.k", `key.k["eu"] key.k["us"]`},
		{`key.k["us"]`, `key.k["us"]`},
		{"key.kk alias.app", "alias.app key.kk"},
		{"key.kk key.kk", "key.kk"},
		{"data.encrypt.f", "data.encrypt.f"},
	} {
		got, err := state.Select(st, strings.Fields(tt.patterns)...)
		if err != nil || strings.Join(got, " ") != tt.want {
			t.Errorf("%q selects %v, %v; want %s", tt.patterns, got, err, tt.want)
		}
	}
	if _, err := state.Select(st, "key.nobody"); !errors.Is(err, state.ErrNoSuchAddress) {
		t.Errorf("an unknown address gave %v", err)
	}
	if _, err := state.Select(st, "nonsense"); err == nil {
		t.Error("nonsense was selected")
	}
}

func TestMoveKeepsTheObjectAndWhatDependsOnIt(t *testing.T) {
	before := stack()
	got, err := state.Move(before, "key.k", "key.moved")
	if err != nil {
		t.Fatal(err)
	}
	eu, ok := state.Find(got, `key.moved["eu"]`)
	if !ok || eu.ID != "1" {
		t.Errorf("moved to %+v", got.Resources)
	}
	if app, _ := state.Find(got, "alias.app"); !slices.Equal(app.DependsOn, []string{`key.moved["eu"]`}) {
		t.Errorf("the alias depends on %v", app.DependsOn)
	}
	if !reflect.DeepEqual(before, stack()) {
		t.Error("Move changed the state it was given")
	}
}

// A module is named, moved and forgotten with all that is in it.
func TestAModuleIsEditedAsAWhole(t *testing.T) {
	before := stateAt(4,
		state.Resource{Address: `key.k`, Kind: "key", ID: "1"},
		state.Resource{Address: `module.a["x"].alias.app`, Kind: "alias", ID: "alias/app", DependsOn: []string{`module.a["x"].key.k`}},
		state.Resource{Address: `module.a["x"].key.k`, Kind: "key", ID: "2"},
		state.Resource{Address: `module.aa.key.k`, Kind: "key", ID: "3"})
	before.Files = []state.File{{Address: `module.a["x"].data.encrypt.f`, Path: "a"}}
	for from, want := range map[string]string{
		"module.a":         `module.b["x"].alias.app module.b["x"].data.encrypt.f module.b["x"].key.k`,
		`module.a["\x78"]`: "module.b.alias.app module.b.data.encrypt.f module.b.key.k",
	} {
		got, err := state.Move(before, from, "module.b")
		if err != nil {
			t.Fatal(err)
		}
		if all, _ := state.Select(got, "module.b"); strings.Join(all, " ") != want {
			t.Errorf("%s became %v", from, all)
		}
		if app, _ := state.Find(got, strings.Fields(want)[0]); app.DependsOn[0] != strings.Fields(want)[2] {
			t.Errorf("the alias depends on %v", app.DependsOn)
		}
	}
	got, gone, err := state.Remove(before, "module.a")
	if err != nil || len(got.Resources) != 2 || len(got.Files) != 0 || len(gone) != 3 {
		t.Errorf("removed %v, left %+v: %v", gone, got.Resources, err)
	}
	if got, err := state.Move(before, "key.k", "module.c.key.k"); err != nil || got.Resources[2].Address != "module.aa.key.k" {
		t.Error(got.Resources, err)
	}
	if got, err := state.Move(before, `module.a["x"]`, "module.a"); err != nil || got.Resources[1].Address != "module.a.alias.app" {
		t.Error(got.Resources, err)
	}
	for _, to := range []string{"key.b", "module.aa", "module", "alias.a"} {
		if _, err := state.Move(before, "module.a", to); err == nil {
			t.Errorf("the module was moved to %s", to)
		}
	}
}

func TestMoveRefusesWhatWouldHideAnObject(t *testing.T) {
	for _, tt := range []struct{ from, to string }{
		{"key.kk", "key.k"}, {"key.kk", `key.k["eu"]`}, {"key.nobody", "key.x"}, {"key.kk", "alias.kk"},
		{"key.kk", "data.encrypt.kk"}, {"nonsense", "key.x"}, {"key.kk", "nonsense"}, {"key.kk", "key.kk"},
	} {
		if _, err := state.Move(stack(), tt.from, tt.to); err == nil {
			t.Errorf("%s was moved to %s", tt.from, tt.to)
		}
	}
}

func TestRemoveForgets(t *testing.T) {
	before := stack()
	got, gone, err := state.Remove(before, "key.k", "alias.app")
	if err != nil || len(got.Resources) != 1 || len(gone) != 3 {
		t.Errorf("removed %v, left %+v: %v", gone, got.Resources, err)
	}
	if !reflect.DeepEqual(before, stack()) {
		t.Error("Remove changed the state it was given")
	}
	for _, patterns := range [][]string{nil, {"key.nobody"}, {"key.k", "key.nobody"}} {
		if _, _, err := state.Remove(stack(), patterns...); err == nil {
			t.Errorf("removing %v succeeded", patterns)
		}
	}
}

func TestPushKeepsToItsStackAndItsPast(t *testing.T) {
	here := state.Version{Lineage: "lineage", Serial: 4, Digest: "d"}
	other, older, newer, differs := stack(), stack(), stack(), stack()
	other.Lineage, older.Serial, newer.Serial = "other", 3, 9
	differs.Resources = differs.Resources[1:]
	for _, tt := range []struct {
		name   string
		v      state.Version
		pushed state.State
		force  bool
		serial uint64 // 0 = refused
	}{
		{"itself", here, stack(), false, 5},
		{"a newer one", here, newer, false, 5},
		{"an older one", here, older, false, 0},
		{"an older one, forced", here, older, true, 5},
		{"another stack's", here, other, false, 0},
		{"another stack's, forced", here, other, true, 5},
		{"the same serial with other content", here, differs, false, 0},
		{"anything into an empty store, where it goes on", state.Version{}, other, false, 5},
	} {
		got, err := state.CheckPush(stack(), tt.v, tt.pushed, tt.force)
		if (err != nil) != (tt.serial == 0) || got.Serial != tt.serial {
			t.Errorf("%s: serial %d, %v; want %d", tt.name, got.Serial, err, tt.serial)
		}
	}
}
