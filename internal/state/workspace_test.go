package state

import (
	"errors"
	"strings"
	"testing"
)

func TestAWorkspaceHasAPlainName(t *testing.T) {
	for name, good := range map[string]bool{
		"default": true, "prod": true, "Review_12-a": true, "0": true, strings.Repeat("a", 64): true,
		"": false, "-a": false, "_a": false, "a.d": false, "a/b": false, "a b": false, "a@b": false, "ü": false, "a\n": false, strings.Repeat("a", 65): false, "..": false,
	} {
		if err := CheckWorkspace(name); (err == nil) != good || err != nil && !errors.Is(err, ErrWorkspaceName) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// Whatever lies beside a state is told from the states of other workspaces.
func TestTheWorkspaceOfAName(t *testing.T) {
	for _, workspace := range []string{"prod", "Review_12-a", "0"} {
		if got, ok := WorkspaceOf("a/state.json", InWorkspace("a/state.json", workspace)); got != workspace || !ok {
			t.Errorf("%s comes back as %q, %t", workspace, got, ok)
		}
	}
	if InWorkspace("s", "") != "s" || InWorkspace("s", DefaultWorkspace) != "s" {
		t.Error("the default workspace has another place than the backend's")
	}
	for _, other := range []string{"s", "s@", "s@prod.d", "s@prod.journal", "s@prod/x", "s@default", "s.d", "s-prod", "other@prod", "S@prod", ""} {
		if got, ok := WorkspaceOf("s", other); ok {
			t.Errorf("%q is taken for workspace %q", other, got)
		}
	}
}
