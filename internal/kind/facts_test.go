package kind

import (
	"regexp"
	"slices"
	"testing"

	"github.com/zclconf/go-cty/cty"
)

// What the planner, the apply and lint read off the tables is there and fits together.
func TestTheFactsOfAnAttributeFitTogether(t *testing.T) {
	for _, k := range Kinds() {
		for _, a := range k.Attributes {
			if a.Default != nil {
				v := a.Default("1234567890123456")
				if !v.Type().Equals(a.Type) {
					t.Errorf("%s.%s: the default has another type: %#v", k.Name, a.Name, v)
				}
				if !v.IsNull() && a.Check != nil && a.Check(v) != nil {
					t.Errorf("%s.%s: the default is refused: %s", k.Name, a.Name, a.Check(v))
				}
			}
			if a.AfterCreate && (len(a.ChangedBy) == 0 || a.Default == nil) {
				t.Errorf("%s.%s: set after the creation, by no call, or whatever a new object has", k.Name, a.Name)
			}
			if a.Immutable && len(a.ChangedBy) > 0 || a.Watched && a.Mode != Computed {
				t.Errorf("%s.%s: immutable and changed, or watched and configured", k.Name, a.Name)
			}
			if k.Class == ManagedClass && !k.OnlyRecorded && !a.Immutable && !a.WriteOnly && a.Mode != Computed && len(a.ChangedBy) == 0 && !unsent[k.Name+"."+a.Name] {
				t.Errorf("%s.%s can change, and no call changes it", k.Name, a.Name)
			}
		}
		if !slices.IsSorted(k.PreImage()) || k.Class == ManagedClass && !k.OnlyRecorded && len(k.PreImage()) == 0 {
			t.Errorf("%s: pre-image %v", k.Name, k.PreImage())
		}
	}
}

// unsent are attributes that no call sends once an object exists.
var unsent = map[string]bool{
	"secret.data_type": true, "secret.recovery_window_days": true,
	"client_key.file": true, "client_key.password_file": true, "client_key.rotate_before": true, "client_key.keep_previous": true,
}

func TestEveryManagedKindCanBeForgottenAndOnlyOtherwiseGoes(t *testing.T) {
	ranks := map[int]string{}
	for _, k := range Kinds() {
		if k.Class != ManagedClass {
			if len(k.Removals) > 0 || k.Protected {
				t.Errorf("%s: a file is nobody's object", k.Name)
			}
			continue
		}
		if len(k.Removals) == 0 || k.Removals[0].Action != "forget" {
			t.Errorf("%s: the gentlest way is to forget: %v", k.Name, k.Removals)
		}
		if other, taken := ranks[k.RemovalRank]; taken {
			t.Errorf("%s and %s have one rank", k.Name, other)
		}
		ranks[k.RemovalRank] = k.Name
		if k.Naming("key") != nil && k.RemovalRank >= Lookup("key", false).RemovalRank {
			t.Errorf("%s uses keys and is removed after them", k.Name)
		}
		for _, r := range k.Removals {
			for _, d := range []Days{r.Soak, r.Window} {
				if r.Doc == "" || d.Asked() && (d.Default < d.Least || d.Default > d.Most) {
					t.Errorf("%s, %s: %+v", k.Name, r.Action, r)
				}
			}
		}
	}
	if Lookup("key", false).Removal("delete") != nil {
		t.Error("a key can be deleted outright")
	}
}

// Lint lists the rules, and people switch them off by their ids.
func TestEveryRuleHasAnIDOfItsOwnAndWords(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Rules() {
		if seen[r.ID] || !regexp.MustCompile(`^[a-z]+(-[a-z]+)+$`).MatchString(r.ID) || r.Summary == "" || r.Doc == "" {
			t.Errorf("%+v", r)
		}
		seen[r.ID] = true
	}
	for _, k := range Kinds() {
		for _, r := range k.Rules {
			if r.Check == nil {
				t.Errorf("%s: nobody looks at %s", k.Name, r.ID)
			}
		}
	}
	for _, r := range BetweenBlocks() {
		if RuleOf(r.ID).Doc != r.Doc {
			t.Errorf("%s is not found", r.ID)
		}
	}
}

func TestTheDefaultPolicyNamesTheAccount(t *testing.T) {
	if v := Lookup("key", false).ServiceDefault("policy", "1"); !equalPolicy(v, cty.StringVal(`{"Statement":[{"Action":["kms:*"],"Effect":"Allow","Principal":{"RAM":["acs:ram::1:*"]},"Resource":["*"],"Sid":"kms default key policy"}],"Version":"1"}`)) {
		t.Error(v)
	}
	if Lookup("key", false).ServiceDefault("protection_level", "1") != cty.NilVal {
		t.Error("what the service chooses has a default")
	}
}

// What is refused says so in a sentence, and everything else is documented; a static argument has a type to be held to.
func TestTheTablesOfTheLanguageAreComplete(t *testing.T) {
	var look func(path string, b *Block)
	look = func(path string, b *Block) {
		path += b.Name
		if (b.Doc == "") == (b.Refused == "") {
			t.Errorf("%s: neither documented nor refused, or both", path)
		}
		for _, a := range b.Attributes {
			if (a.Doc == "") == (a.Refused == "") || a.Static && a.Type == cty.DynamicPseudoType || a.Mode == Computed {
				t.Errorf("%s.%s: %+v", path, a.Name, a)
			}
		}
		for i := range b.Blocks {
			look(path+".", &b.Blocks[i])
		}
	}
	for _, b := range Language() {
		look("", b)
	}
}
