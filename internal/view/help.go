package view

import (
	"fmt"
	"strings"

	"kmsplan.dev/kmsplan/internal/pattern"
)

// Help prints what a command says of itself. Where the terminal is narrow its paragraphs are set anew; what stands beside a name, below it.
func (t *Terminal) Help(text string) {
	if t.Width >= defaultWidth {
		fmt.Fprint(t.people(), text)
		return
	}
	paragraphs := strings.Split(text, "\n\n")
	for i, p := range paragraphs {
		paragraphs[i] = reflowed(p)
	}
	fmt.Fprint(t.people(), wrap(strings.Join(paragraphs, "\n\n"), t.Width))
}

// twoColumns are a name and what it is, side by side.
var twoColumns = pattern.New(`^( +)(\S.*?) {2,}(\S.*)$`)

// reflowed joins the lines of prose. A heading, and lines that are indented, stand alone.
func reflowed(paragraph string) string {
	var out []string
	prose := false
	for line := range strings.SplitSeq(paragraph, "\n") {
		own := strings.HasPrefix(line, " ") || strings.HasSuffix(line, ":") || line == ""
		if prose && !own {
			out[len(out)-1] += " " + line
			continue
		}
		out, prose = append(out, twoColumns.ReplaceAllString(line, "$1$2\n$1  $3")), !own
	}
	return strings.Join(out, "\n")
}
