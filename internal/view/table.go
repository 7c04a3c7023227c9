package view

import "strings"

// Table prints the rows of an answer below the names of their columns; where the terminal is narrow, each row is lines of a name
// and a value.
func (t *Terminal) Table(_ any, head []string, rows [][]string) { t.tell("%s", t.table(head, rows)) }

func (t *Terminal) table(head []string, rows [][]string) string {
	for _, row := range rows {
		for i := range row {
			row[i] = neutral(row[i])
		}
	}
	if t.Width >= narrowest && t.Width < defaultWidth {
		return stacked(head, rows)
	}
	wide := make([]int, len(head))
	for _, row := range append([][]string{head}, rows...) {
		for i, cell := range row {
			wide[i] = max(wide[i], columns(cell))
		}
	}
	var b strings.Builder
	for _, row := range append([][]string{head}, rows...) {
		line := ""
		for i, cell := range row {
			line += pad(cell, wide[i]+2)
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}

// stacked is a table without columns side by side.
func stacked(head []string, rows [][]string) string {
	var parts []string
	for _, row := range rows {
		var b strings.Builder
		for i, cell := range row {
			indent := "  "
			if i == 0 {
				indent = ""
			}
			b.WriteString(indent + strings.ToLower(head[i]) + ": " + strings.TrimSpace(cell) + "\n")
		}
		parts = append(parts, b.String())
	}
	return strings.Join(parts, "\n")
}
