package stack_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
)

// blockUnder is a data block that encrypts a.txt under a key that is written out.
func blockUnder(name, key string) string {
	return fmt.Sprintf("data \"encrypt\" %q {\n  key    = %q\n  source = \"a.txt\"\n  output = \"%s.enc\"\n}\n", name, key, name)
}

// TestAKeyThatDoesNotExistIsSaidByThePlan, by its block and its name, at one call a key: the plan was clean, and the
// apply failed half way. What this stack manages needs no call at all.
func TestAKeyThatDoesNotExistIsSaidByThePlan(t *testing.T) {
	r := newRig(t, "key \"k\" {}\nalias \"k\" {\n  name = \"alias/k\"\n  key  = key.k.id\n}\n"+blockUnder("own", "alias/k")+blockUnder("nobody", "alias/nobody")+
		blockUnder("one", "key-nobody")+blockUnder("two", "key-nobody"))
	r.write("a.txt", "a")
	var log bytes.Buffer
	r.options.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s := r.open()
	var said []string
	for _, w := range r.plan(s).Warnings {
		said = append(said, w.Addr.String())
		if name := map[string]string{"data.encrypt.nobody": "alias/nobody"}[w.Addr.String()]; !strings.Contains(w.Detail, name) {
			t.Errorf("%s: %s", w.Addr, w.Detail)
		}
	}
	if want := []string{"data.encrypt.nobody", "data.encrypt.one", "data.encrypt.two"}; !slices.Equal(said, want) {
		t.Errorf("said of %v, want %v", said, want)
	}
	if n := strings.Count(log.String(), "operation=DescribeKey"); n != 1 {
		t.Errorf("%d times DescribeKey, want 1 for key-nobody:\n%s", n, log.String())
	}
}

// TestAKeyThatMayNotBeDescribedIsNotGone: its files were "known after apply", and encrypted again at each apply.
func TestAKeyThatMayNotBeDescribedIsNotGone(t *testing.T) {
	r := newRig(t, "key \"k\" {}\n")
	r.write("a.txt", "a")
	r.apply()
	key := r.idOf("key.k")
	r.write("main.kms.hcl", gateway+"removed {\n  from   = key.k\n  action = \"forget\"\n}\n")
	r.write("files.kms.hcl", blockUnder("f", key))
	r.apply()
	r.options.Faults = "DescribeKey:reject=Forbidden.NoPermission:9"
	if p := r.plan(r.open()); p.Differs() || len(p.Warnings) > 0 {
		t.Errorf("files %+v, warnings %+v", p.Files, p.Warnings)
	}
}
