package view

import (
	"fmt"
	"strconv"
	"strings"
)

// Graph is what depends on what.
type Graph struct {
	Nodes []GraphNode `json:"nodes"`
}

// GraphNode is one instance of a block, or one change of a plan.
type GraphNode struct {
	Address   string   `json:"address"`
	Action    string   `json:"action,omitempty"` // of a plan: its sign
	DependsOn []string `json:"depends_on"`
}

// label is what a node is called: the sign of what is planned, and the address.
func (n GraphNode) label() string {
	return strings.TrimSpace(n.Action + " " + n.Address)
}

// DOT is the graph in Graphviz's language, one statement a line.
func (g Graph) DOT() []string {
	lines := []string{"digraph {", `  rankdir = "RL";`, `  node [shape = "rect", fontname = "sans-serif"];`}
	for _, n := range g.Nodes {
		lines = append(lines, fmt.Sprintf("  %s [label = %s];", dotText(n.Address), dotText(n.label())))
	}
	for _, n := range g.Nodes {
		for _, d := range n.DependsOn {
			lines = append(lines, fmt.Sprintf("  %s -> %s;", dotText(n.Address), dotText(d)))
		}
	}
	return append(lines, "}")
}

// dotText is a quoted string: a backslash stands for itself except before a quote (Graphviz: The DOT Language), and in labels escapes
// what follows it.
func dotText(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(neutral(s)) + `"`
}

// Mermaid is the graph as a flowchart that forges show in Markdown.
func (g Graph) Mermaid() []string {
	lines := []string{"flowchart RL"}
	id := map[string]string{}
	for i, n := range g.Nodes {
		id[n.Address] = "n" + strconv.Itoa(i)
		lines = append(lines, fmt.Sprintf(`  n%d["%s"]`, i, mermaidText(n.label())))
	}
	for _, n := range g.Nodes {
		for _, d := range n.DependsOn {
			lines = append(lines, fmt.Sprintf("  %s --> %s", id[n.Address], id[d]))
		}
	}
	return lines
}

// mermaidText writes what would end or format a label as an entity.
func mermaidText(s string) string {
	var b strings.Builder
	for _, r := range neutral(s) {
		switch r {
		case '"', '#', ';', '<', '>', '`', '&', '\\', '*', '_':
			fmt.Fprintf(&b, "#%d;", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
