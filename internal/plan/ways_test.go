package plan_test

import (
	"regexp"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

var (
	// written is a block that a message shows as it is to be written.
	written = regexp.MustCompile(`(?ms)^(import|removed|moved|kmsplan) \{\n.*?^\}$`)
	// shown is what looks like a block and is none that a file could hold.
	shown = regexp.MustCompile(`(import|removed|moved|kmsplan) \{ `)
	// forgotten is an address that state is to forget.
	forgotten = regexp.MustCompile("`kmsplan state rm '([^`]+)'`")
)

// checkWays holds the blocks that a refusal's ways forward show, and the addresses they let go, against the language and
// the guard: with what a way says, the configuration is valid and the guard lets the object be.
func checkWays(t *testing.T, w *world, wrong string, r plan.Refusal) {
	t.Helper()
	before := w.state
	defer func() { w.state = before }()
	for _, way := range r.WaysForward {
		if shown.MatchString(way) {
			t.Errorf("no file can hold it: %s", way)
		}
		block, rm := written.FindString(way), forgotten.FindStringSubmatch(way)
		if block == "" && rm == nil {
			continue
		}
		w.state = before
		if rm != nil {
			var err error
			if w.state, _, err = state.Remove(before, rm[1]); err != nil {
				t.Errorf("%s: %s", err, way)
			}
		}
		p := w.plan(config(t, follow(wrong, way, block)))
		for _, still := range refusals(p, r.Guard) {
			if still.Addr == r.Addr {
				t.Errorf("done as the way forward says, and refused all the same: %s\n%s", way, lines(p))
			}
		}
	}
}

// follow is the configuration after somebody did what a way forward says.
func follow(src, way, block string) string {
	drop := func(pattern string) { src = regexp.MustCompile(pattern).ReplaceAllString(src, "") }
	switch {
	case strings.Contains(way, "take its block out"):
		src = ""
	case strings.Contains(way, "put the block back in place of its removal"):
		drop(`(?ms)^removed \{\n.*?^\}$`)
		src += "\nkey \"old\" {}"
	case strings.Contains(way, "was renamed, take it out"):
		drop(`(?m)^key "k" \{\}$`)
	}
	if strings.Contains(block, "secret.NAME") {
		src += "\nsecret \"NAME\" {\n  name = \"app/s\"\n}\n"
	}
	if strings.Contains(block, "key.NAME") {
		src += "\nkey \"NAME\" {}"
	}
	switch {
	case strings.HasPrefix(block, "kmsplan"):
		drop(`(?ms)^kmsplan \{\n.*?^\}$`)
	case strings.HasPrefix(block, "import"), strings.HasPrefix(block, "moved"):
		drop(`(?ms)^import \{\n.*?^\}$`)
	}
	return src + "\n" + block + "\n"
}
