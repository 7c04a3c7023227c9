package view

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxComment is how long a comment may be, in characters: GitHub takes 65,536, and whoever posts it may add something.
const maxComment = 60_000

// mdDoc is a document in Markdown of limited length. What does not fit is left out whole, or cut at a line with its fence
// closed, and the end says so.
type mdDoc struct {
	b    strings.Builder
	left int // characters
	cut  int // lines that were left out
}

// mdEnd is kept free for what stands at the end of a document that was cut.
const mdEnd = 200

func newMD(limit int) *mdDoc { return &mdDoc{left: limit - mdEnd} }

// add writes a piece whole, or leaves it out.
func (d *mdDoc) add(format string, args ...any) bool {
	text := fmt.Sprintf(format, args...)
	n := utf8.RuneCountInString(text)
	if n > d.left {
		d.cut += strings.Count(text, "\n")
		d.left = min(d.left, 0) // what follows would read as if this were not missing
		return false
	}
	d.left -= n
	d.b.WriteString(text)
	return true
}

// fold writes lines in a fence that can be folded away. Where they do not all fit the fence is closed behind the last
// that does.
func (d *mdDoc) fold(summary, language string, lines []string, open bool) {
	fence := fenceFor(lines)
	attribute := ""
	if open {
		attribute = " open"
	}
	head := fmt.Sprintf("<details%s><summary>%s</summary>\n\n%s%s\n", attribute, mdText(summary), fence, language)
	const foot = "\n</details>\n\n"
	rest := d.left - utf8.RuneCountInString(head) - len(fence) - 1 - len(foot)
	if rest < 0 {
		d.cut += len(lines)
		d.left = min(d.left, 0)
		return
	}
	d.b.WriteString(head)
	for i, line := range lines {
		n := utf8.RuneCountInString(line) + 1
		if n > rest {
			d.cut += len(lines) - i
			rest = 0
			d.b.WriteString(fence + "\n" + foot)
			d.left = 0
			return
		}
		rest -= n
		d.b.WriteString(line + "\n")
	}
	d.b.WriteString(fence + "\n" + foot)
	d.left = rest
}

// String is the document, with how much was left out.
func (d *mdDoc) String() string {
	if d.cut == 0 {
		return d.b.String()
	}
	return d.b.String() + fmt.Sprintf("\n_%s more did not fit here; the log of the job has them._\n", plural(d.cut, "line"))
}

// fenceFor is a fence that none of the lines closes.
func fenceFor(lines []string) string {
	return strings.Repeat("`", max(longestRun(lines), 2)+1)
}

// longestRun is the most backticks in a row.
func longestRun(lines []string) (longest int) {
	for _, line := range lines {
		run := 0
		for _, r := range line {
			if r != '`' {
				run = 0
				continue
			}
			run++
			longest = max(longest, run)
		}
	}
	return longest
}

// mdSpecial is what Markdown, HTML in it, and forges give a meaning: an @ calls a person, a # an issue.
var mdSpecial = strings.NewReplacer(
	"\\", "\\\\", "`", "\\`", "*", "\\*", "_", "\\_", "[", "\\[", "]", "\\]", "|", "\\|", "~", "\\~", "$", "\\$",
	"&", "&amp;", "<", "&lt;", ">", "&gt;", "@", "&#64;", "#", "&#35;", "://", "&#58;//", "\n", " ", "\t", " ",
)

// mdText is text of others as it reads: in one line, with no meaning of its own.
func mdText(s string) string { return mdSpecial.Replace(neutral(s)) }

// mdCode is a name as code, in one line; a pipe would end a cell of a table.
func mdCode(s string) string {
	s = strings.NewReplacer("\n", " ", "\t", " ", "|", "\\|").Replace(neutral(s))
	fence := strings.Repeat("`", longestRun([]string{s})+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return fence + s + fence
}

// mdMarker is the hidden line by which a comment is found again, to be replaced.
func mdMarker(about About) string {
	return fmt.Sprintf("<!-- kmsplan:%s:%s -->\n", about.Command, strings.ReplaceAll(about.Stack, "--", "- -"))
}
