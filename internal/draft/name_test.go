package draft_test

import (
	"testing"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"kmsplan.dev/kmsplan/internal/draft"
)

func TestNames(t *testing.T) {
	for name, want := range map[string]string{"orders/db": "orders_db", "1st": "_1st", "": "unnamed", "日本": "unnamed", "a..b": "a_b", "-x-": "x", "a b\nc": "a_b_c"} {
		if got := draft.Identifier(name); got != want || !hclsyntax.ValidIdentifier(got) {
			t.Errorf("%q becomes %q, want %q", name, got, want)
		}
	}
	names := draft.Names{}
	for _, want := range []string{"key.a_b", "key.a_b_2", "key.a_b_3"} {
		if got := names.Name("key", "a/b").String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestFilters(t *testing.T) {
	f, err := draft.NewFilter([]string{"alias/orders/*", "tag:team=ord*"}, []string{"*dev*"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		names []string
		tags  map[string]string
		want  bool
	}{
		{[]string{"alias/orders/db", "key-1"}, nil, true},
		{[]string{"alias/orders/dev", "key-1"}, nil, false},
		{[]string{"key-1"}, map[string]string{"team": "orders"}, true},
		{[]string{"key-1"}, map[string]string{"team": "billing"}, false},
		{[]string{"xalias/orders/db"}, nil, false},
	} {
		if got := f.Chooses(c.names, c.tags); got != c.want {
			t.Errorf("%v %v is chosen: %t", c.names, c.tags, got)
		}
	}
}
