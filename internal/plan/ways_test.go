package plan_test

import (
	"regexp"
	"slices"
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
	resources, files := w.state.Resources, w.state.Files
	defer func() { w.state.Resources, w.state.Files = resources, files }()
	for _, way := range r.WaysForward {
		if shown.MatchString(way) {
			t.Errorf("no file can hold it: %s", way)
		}
		block, rm := written.FindString(way), forgotten.FindStringSubmatch(way)
		if block == "" && rm == nil {
			continue
		}
		w.state.Resources, w.state.Files = resources, files
		if rm != nil {
			w.state.Resources = slices.DeleteFunc(slices.Clone(resources), func(r state.Resource) bool { return r.Address == rm[1] })
			w.state.Files = slices.DeleteFunc(slices.Clone(files), func(f state.File) bool { return f.Address == rm[1] })
			if len(w.state.Resources) == len(resources) && len(w.state.Files) == len(files) {
				t.Errorf("the state does not have it: %s", way)
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
