//go:build unix

package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// underKey wraps the stack's fingerprint key under a KMS key that is no stack's; what follows is fingerprinted.
const underKey = `
kmsplan {
  encryption {
    key = "alias/fingerprints"
  }
}
key "k" {
}
`

// BenchmarkFingerprints plans, on a fresh checkout, what is as it was: 1,000 encrypt blocks whose sources are compared
// with keyed fingerprints, and 1,000 secrets whose values are.
func BenchmarkFingerprints(b *testing.B) {
	for _, tt := range []struct{ name, module string }{
		{"sources", `
data "encrypt" "f" {
  for_each = toset([for n in range(1000) : tostring(n)])
  key      = key.k.id
  source   = "in/${each.key}"
  output   = "out/${each.key}.enc"
  scope    = "run"
}
`},
		{"secrets", `
secret "s" {
  for_each       = toset([for n in range(1000) : tostring(n)])
  name           = "s-${each.key}"
  encryption_key = key.k.id
  value          = sensitive("value ${each.key}")
}
`},
	} {
		b.Run(tt.name, func(b *testing.B) {
			w := newWorld(b, "memory")
			w.run("kms", "CreateAlias", "-alias-name", "alias/fingerprints", "-key-id", w.key())
			w.write("main.kms.hcl", []byte(underKey+tt.module))
			for i := range objects {
				w.write(fmt.Sprint("in/", i), fmt.Appendf(nil, "content %d", i))
			}
			w.run("apply", "-auto-approve")
			var s sum
			unwrapped := 0
			for b.Loop() {
				_ = os.Remove(filepath.Join(w.dir, ".kmsplan", "files.json"))
				w.clearCalls()
				s.add(w.run("plan", "-detailed-exitcode")) // fails if anything differs
				unwrapped = w.callsOf("AdvanceDecrypt")
			}
			s.report(b, objects, tt.name)
			b.ReportMetric(float64(unwrapped), "unwraps/op")
		})
	}
}
