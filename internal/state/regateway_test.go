package state

import (
	"slices"
	"strings"
	"testing"
)

// Only the name changes, of what is on that gateway and of nothing else; the given state stays as it is.
func TestReplaceGateway(t *testing.T) {
	st := State{Resources: []Resource{
		{Address: "alias.a", Kind: "alias", Gateway: "old", ID: "alias/a"},
		{Address: "key.k", Kind: "key", Gateway: "old", ID: "k"},
		{Address: "key.other", Kind: "key", Gateway: "other", ID: "o"},
	}}
	next, changed, err := ReplaceGateway(st, "old", "new")
	if err != nil || !slices.Equal(changed, []string{"alias.a", "key.k"}) || next.Resources[1].Gateway != "new" || next.Resources[2].Gateway != "other" || st.Resources[1].Gateway != "old" {
		t.Fatal(next, changed, err)
	}
	for want, names := range map[string][2]string{"no object on gateway": {"none", "new"}, "one gateway": {"old", "old"}} {
		if _, _, err := ReplaceGateway(st, names[0], names[1]); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", names, err)
		}
	}
	st.Resources[2].ID = "k"
	if _, _, err := ReplaceGateway(st, "old", "other"); err == nil || !strings.Contains(err.Error(), "would be one object") {
		t.Errorf("two addresses got one object: %v", err)
	}
}
