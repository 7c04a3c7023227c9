package cli

import (
	"bytes"
	"strings"
	"testing"
)

// TestSetGuardsItsValue gives values in the wrong way: a secret is not written where it stays readable, and a value that
// is sealed is not taken from the command line. The file stays as it was.
func TestSetGuardsItsValue(t *testing.T) {
	dir, _ := aSealedFile(t)
	write(t, dir, "rules.yaml", "password: canary-old\nhost: db\n")
	run(t, dir, 0, "encrypt", "-key", "alias/k", "-values", "-only", "password", "-in-place", "rules.yaml")
	before := readIn(t, dir, "rules.yaml")
	for name, args := range map[string][]string{
		"unseen, and readable":   {"set", "-value-file", "value", "rules.yaml", "host"},
		"unseen, and new":        {"set", "-value-file", "value", "rules.yaml", "port"},
		"in argv, and sealed":    {"set", "-plain", "canary-set", "rules.yaml", "password"},
		"in argv, new, sealed":   {"set", "-plain", "canary-set", "rules.yaml", "password2"},
		"in argv as an argument": {"set", "rules.yaml", "password", "canary-set"},
	} {
		t.Run(name, func(t *testing.T) {
			write(t, dir, "value", "canary-set")
			c := kmsplan(t, dir, args...)
			out, err := c.CombinedOutput()
			if err == nil || strings.Contains(string(out), "canary") {
				t.Errorf("%v: %s", err, out)
			}
			if !bytes.Equal(readIn(t, dir, "rules.yaml"), before) {
				t.Errorf("the file changed:\n%s", readIn(t, dir, "rules.yaml"))
				write(t, dir, "rules.yaml", string(before))
			}
		})
	}
}
