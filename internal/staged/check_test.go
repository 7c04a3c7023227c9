package staged

import "testing"

// TestPatternsAreOfTheModuleOrOfTheTop: one row a way to write one.
func TestPatternsAreOfTheModuleOrOfTheTop(t *testing.T) {
	for _, tt := range []struct {
		module, pattern, name string
		want                  bool
	}{
		{".", "secrets/**", "secrets/a/b", true},
		{".", "/secrets/**", "secrets/a/b", true},
		{".", "*.yaml", "a/b.yaml", false},
		{".", "**/*.yaml", "a/b.yaml", true},
		{"infra", "secrets/**", "infra/secrets/a", true},
		{"infra", "secrets/**", "secrets/a", false},
		{"infra", "/secrets/**", "secrets/a", true},
		{"infra", "/secrets/**", "infra/secrets/a", false},
		{"a[b]", "*", "a[b]/c", true}, // the directory is no pattern
		{"infra", "**", "infrastructure/a", false},
	} {
		if got := (Input{Module: tt.module}).pattern(tt.pattern)(tt.name); got != tt.want {
			t.Errorf("%q in %q of %q: %v", tt.pattern, tt.module, tt.name, got)
		}
	}
	for _, tt := range []struct{ module, file, name string }{{".", "a", "a"}, {"x/y", "a", "x/y/a"}, {"x/y", "../a", "x/a"}, {"x", "./b/../a", "x/a"}} {
		if !(Input{Module: tt.module}).named(tt.file)(tt.name) {
			t.Errorf("%s of %s is not %s", tt.file, tt.module, tt.name)
		}
	}
	for _, tt := range []struct{ module, name, want string }{{".", "a/b", "a/b"}, {"m", "m/a", "a"}, {"m", "a", "../a"}, {"m/n", "a", "../../a"}} {
		if got := (Input{Module: tt.module}).fromModule(tt.name); got != tt.want {
			t.Errorf("%s from %s: %s", tt.name, tt.module, got)
		}
	}
}

// TestRulesAreWhole: what a report shows of a rule is there.
func TestRulesAreWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Rules() {
		if seen[r.ID] || r.Title == "" || r.Why == "" || r.Fix == "" || r.Docs() == "" {
			t.Errorf("%+v", r)
		}
		seen[r.ID] = true
	}
}
