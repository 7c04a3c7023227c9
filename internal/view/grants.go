package view

import "strings"

// Granted are the statements that give a role its least rights in one place.
type Granted struct {
	Place      string   `json:"place"`
	Statements []string `json:"statements"`
}

// Granting prints them as a script of SQL: the places are comments.
func (t *Terminal) Granting(role string, list []Granted) {
	t.Listed(nil, grantLines(list)...)
}

// Granting writes them as one line.
func (l *Lines) Granting(role string, list []Granted) {
	l.emit("info", "grants", "The least rights of "+role, map[string]any{"role": role, "grants": list})
}

func grantLines(list []Granted) (lines []string) {
	for _, g := range list {
		lines = append(lines, "-- "+strings.Join(strings.Fields(g.Place), " "))
		lines = append(lines, g.Statements...)
	}
	return lines
}
