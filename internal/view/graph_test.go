package view

import (
	"strings"
	"testing"
)

func TestGraphsQuoteTheirNames(t *testing.T) {
	g := Graph{Nodes: []GraphNode{
		{Address: "key.k", Action: "+"},
		{Address: `alias.a["x\"; <b>\\"]`, DependsOn: []string{"key.k"}},
	}}
	dot := strings.Join(g.DOT(), "\n")
	for _, want := range []string{`  "key.k" [label = "+ key.k"];`, `  "alias.a[\"x\\\"; <b>\\\\\"]" -> "key.k";`} {
		if !strings.Contains(dot, want) {
			t.Errorf("no %s in\n%s", want, dot)
		}
	}
	mermaid := strings.Join(g.Mermaid(), "\n")
	if !strings.Contains(mermaid, "  n1 --> n0") || strings.Count(mermaid, `"`) != 4 || strings.Contains(mermaid, "<b>") {
		t.Error(mermaid)
	}
}
