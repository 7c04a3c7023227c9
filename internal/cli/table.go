package cli

import (
	"bytes"
	"encoding/csv"
	"strings"
)

// table is rows below the names of their columns.
type table struct {
	head []string
	rows [][]string
}

// joined are two tables in one: the first column says of which a row is, and columns of one name are one.
func joined(a string, first table, b string, second table) table {
	out := table{head: append([]string{"TYPE"}, first.head...)}
	at := map[string]int{}
	for i, name := range out.head {
		at[name] = i
	}
	for _, name := range second.head {
		if _, ok := at[name]; !ok {
			at[name] = len(out.head)
			out.head = append(out.head, name)
		}
	}
	add := func(kind string, t table) {
		for _, cells := range t.rows {
			row := make([]string, len(out.head))
			row[0] = kind
			for i, cell := range cells {
				row[at[t.head[i]]] = cell
			}
			out.rows = append(out.rows, row)
		}
	}
	add(a, first)
	add(b, second)
	return out
}

// csvLines are a table's lines as CSV. A cell that a spreadsheet would take for a formula begins with an apostrophe.
func csvLines(t table) []string {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	names := make([]string, len(t.head))
	for i, name := range t.head {
		names[i] = strings.ReplaceAll(strings.ToLower(name), " ", "_")
	}
	rows := append([][]string{names}, t.rows...)
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") {
				cell = "'" + cell
			}
			cells[i] = strings.NewReplacer("\n", `\n`, "\r", `\r`).Replace(cell)
		}
		_ = w.Write(cells) // into memory
	}
	w.Flush()
	return strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
}

// markdownLines are a table as GitHub and GitLab show it.
func markdownLines(title string, t table) []string {
	if len(t.rows) == 0 {
		return nil
	}
	line := func(cells []string) string {
		out := make([]string, len(cells))
		for i, cell := range cells {
			out[i] = strings.NewReplacer("|", `\|`, "\n", " ", "\r", " ", "<", "&lt;", "`", "\\`").Replace(cell)
		}
		return "| " + strings.Join(out, " | ") + " |"
	}
	lines := []string{"## " + title, "", line(t.head), "|" + strings.Repeat("---|", len(t.head))}
	for _, row := range t.rows {
		lines = append(lines, line(row))
	}
	return append(lines, "")
}
