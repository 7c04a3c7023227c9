package evidence

import "testing"

// TestEveryDocumentedRefusalIsProvoked: each refusal that the service documents
// was met by a client, from each operation that documents it.
func TestEveryDocumentedRefusalIsProvoked(t *testing.T) {
	all, err := Load(records)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range Refusals() {
		if missing := r.Missing(all); len(missing) > 0 {
			t.Errorf("%s gateway: nobody got %s from %v", r.Gateway, r.Answer, missing)
		}
	}
}
