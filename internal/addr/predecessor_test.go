package addr_test

import (
	"testing"

	"kmsplan.dev/kmsplan/internal/addr"
)

// A predecessor's address says which key it is and whose place that had, and is read like any other.
func TestPredecessorsHaveAddresses(t *testing.T) {
	of := addr.Resource("key", "orders").WithKey("eu")
	of.Module = "module.billing"
	a := addr.Predecessor(of, `key-"1"`)
	const want = `module.billing.predecessor.orders["key-\"1\""]`
	again, err := addr.Parse(a.String())
	if a.String() != want || err != nil || again != a || again.PredecessorID() != `key-"1"` || !again.IsPredecessor() {
		t.Errorf("%s, read again %v %v", a, again, err)
	}
	for _, other := range []addr.Address{of, a.Block(), addr.DataBlock("predecessor", "x").WithKey("k"), addr.Resource("predecessor", "x").WithIndex(0)} {
		if id := other.PredecessorID(); id != "" {
			t.Errorf("%s names the predecessor %q", other, id)
		}
	}
}
