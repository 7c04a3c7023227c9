package clientkey

import (
	"testing"

	"kmsplan.dev/kmsplan/internal/kms"
)

func TestEveryOperationHasItsMessages(t *testing.T) {
	for _, o := range kms.InstanceOperations() {
		if in, out := messages(o.Name); in == nil || out == nil {
			t.Errorf("%s has no messages", o.Name)
		}
	}
}
