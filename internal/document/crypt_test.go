package document

import "testing"

// The MAC of the document would notice too; a value opens nowhere else even without it.
func TestValueIsBoundToItsPlace(t *testing.T) {
	h := &Header{Generation: 1, ID: NewID()}
	keys, err := h.secrets(make([]byte, h.Suite.KeySize()))
	if err != nil {
		t.Fatal(err)
	}
	at := Item{Kind: Value, Type: "text", Path: Path{Name("a"), Index(1), Name("b")}}
	sealed := keys.seal([]byte("x"), at)
	for name, c := range map[string]struct {
		path  Path
		kind  string
		opens bool
	}{
		"here":                       {at.Path, "text", true},
		"elsewhere in the list":      {Path{Name("a"), Index(0), Name("b")}, "text", true},
		"another name":               {Path{Name("a"), Index(1), Name("c")}, "text", false},
		"a name in place of a place": {Path{Name("a"), Name("1"), Name("b")}, "text", false},
		"one name for two":           {Path{Name("a1b")}, "text", false},
		"deeper":                     {at.Path.With(Name("")), "text", false},
		"another type":               {at.Path, "plain", false},
	} {
		_, err := keys.open(sealed, Item{Kind: Value, Type: c.kind, Path: c.path})
		if (err == nil) != c.opens {
			t.Errorf("%s: %v", name, err)
		}
	}
}
