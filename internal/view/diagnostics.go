package view

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"sort"
	"strings"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hcled"
	"github.com/zclconf/go-cty/cty"
)

// Diagnostics prints every diagnostic: errors to Err, warnings to Out, each with the
// source it is about. files holds the sources by name and may be nil.
func (t *Terminal) Diagnostics(diags hclv2.Diagnostics, files map[string]*hclv2.File) {
	for _, d := range sorted(diags) {
		if d.Severity == hclv2.DiagWarning && t.CompactWarnings {
			t.compactWarning(d.Summary, place(d))
			continue
		}
		w, color := t.beside(), t.ErrColor
		if d.Severity == hclv2.DiagWarning {
			w, color = t.people(), t.Color
		}
		fmt.Fprint(w, frame(diagnosticText(d, files, color, t.Width-2), severityStyle(d.Severity), color))
	}
}

// compactWarning is a warning as one line: what it is about and where.
func (t *Terminal) compactWarning(summary, where string) {
	if where != "" {
		where = " (" + where + ")"
	}
	t.tell("%s %s%s\n", paint(t.Color, yellow, paint(t.Color, bold, "Warning:")), neutral(summary), neutral(where))
}

// place is where a diagnostic is, in a few words.
func place(d *hclv2.Diagnostic) string {
	if d.Subject == nil {
		return ""
	}
	return fmt.Sprintf("%s line %d", d.Subject.Filename, d.Subject.Start.Line)
}

// sorted puts diagnostics in reading order: by file and line, those without a place first.
func sorted(diags hclv2.Diagnostics) hclv2.Diagnostics {
	out := append(hclv2.Diagnostics(nil), diags...)
	sort.SliceStable(out, func(i, j int) bool {
		a, b := out[i].Subject, out[j].Subject
		switch {
		case a == nil || b == nil:
			return a == nil && b != nil
		case a.Filename != b.Filename:
			return a.Filename < b.Filename
		default:
			return a.Start.Byte < b.Start.Byte
		}
	})
	return out
}

func severityStyle(s hclv2.DiagnosticSeverity) style {
	if s == hclv2.DiagWarning {
		return yellow
	}
	return red
}

// diagnosticText lays one diagnostic out: heading, place, source, values, detail.
func diagnosticText(d *hclv2.Diagnostic, files map[string]*hclv2.File, color bool, width int) string {
	var b strings.Builder
	word := "Error"
	if d.Severity == hclv2.DiagWarning {
		word = "Warning"
	}
	fmt.Fprintf(&b, "%s%s\n", paint(color, severityStyle(d.Severity), paint(color, bold, word+": ")), paint(color, bold, neutral(d.Summary)))
	if d.Subject != nil {
		b.WriteString("\n")
		writeSnippet(&b, d, files, color)
	}
	if d.Detail != "" {
		fmt.Fprintf(&b, "\n%s\n", wrap(neutral(d.Detail), width))
	}
	return b.String()
}

// writeSnippet quotes the source lines a diagnostic is about and the values involved.
func writeSnippet(b *strings.Builder, d *hclv2.Diagnostic, files map[string]*hclv2.File, color bool) {
	subject := *d.Subject
	where := ""
	f := files[subject.Filename]
	if f != nil {
		if context := hcled.ContextString(f, subject.Start.Byte); context != "" {
			where = ", in " + context
		}
	}
	fmt.Fprintf(b, "  on %s line %d%s:\n", subject.Filename, subject.Start.Line, where)
	if f == nil {
		return
	}
	for _, line := range sourceLines(f.Bytes, subject) {
		before, marked, after := line.quoted(subject)
		fmt.Fprintf(b, "%4d: %s%s%s\n", line.number, before, paint(color, "\x1b[4m", marked), after)
	}
	writeValues(b, d, color)
}

// sourceLine is one line of a file with the byte it starts at.
type sourceLine struct {
	number, start int
	text          string
	inside        bool // a heredoc, whose text may be a secret
}

// sourceLines returns the lines a range touches, five at most.
func sourceLines(src []byte, r hclv2.Range) []sourceLine {
	var out []sourceLine
	scanner := bufio.NewScanner(bytes.NewReader(src))
	scanner.Buffer(nil, 1<<20)
	at, end := 0, ""
	for n := 1; scanner.Scan(); n++ {
		text := scanner.Text()
		inside := end != ""
		if inside && strings.TrimSpace(text) == end {
			end, inside = "", false
		} else if start := heredoc.FindStringSubmatch(text); !inside && start != nil {
			end = start[1]
		}
		if n >= r.Start.Line && n <= max(r.End.Line, r.Start.Line) && len(out) < 5 {
			out = append(out, sourceLine{n, at, text, inside})
		}
		at += len(text) + 1
	}
	return out
}

// split cuts a line around the part the range covers.
func (l sourceLine) split(r hclv2.Range) (before, marked, after string) {
	from := min(max(r.Start.Byte-l.start, 0), len(l.text))
	to := min(max(r.End.Byte-l.start, from), len(l.text))
	return neutral(l.text[:from]), neutral(l.text[from:to]), neutral(l.text[to:])
}

// quoted is the line cut around the range, or uncut where a part of it is not to be shown.
func (l sourceLine) quoted(r hclv2.Range) (before, marked, after string) {
	if l.inside {
		return hidden, "", ""
	}
	if text := quotable(r.Filename, l.text); text != l.text {
		return neutral(text), "", ""
	}
	return l.split(r)
}

// writeValues shows what the variables of the failing expression held, below a rule that plain output does without.
func writeValues(b *strings.Builder, d *hclv2.Diagnostic, color bool) {
	if d.Expression == nil || d.EvalContext == nil {
		return
	}
	var lines []string
	seen := map[string]bool{}
	for _, traversal := range d.Expression.Variables() {
		value, diags := traversal.TraverseAbs(d.EvalContext)
		name := traversalText(traversal)
		if diags.HasErrors() || seen[name] {
			continue
		}
		seen[name] = true
		if text := describeValue(value); text != "" {
			lines = append(lines, fmt.Sprintf("%s %s", name, text))
		}
	}
	if len(lines) == 0 {
		return
	}
	sort.Strings(lines)
	if color {
		b.WriteString("    ├────────────────\n")
	}
	for _, line := range lines {
		fmt.Fprintf(b, "    │ %s\n", neutral(line))
	}
}

// describeValue says what a value is, without ever printing a marked one.
func describeValue(v cty.Value) string {
	switch {
	case v.IsMarked():
		return "has a sensitive value"
	case !v.IsKnown():
		return "will be known only after apply"
	case v.IsNull():
		return "is null"
	case v.Type() == cty.String:
		return fmt.Sprintf("is %q", v.AsString())
	case v.Type() == cty.Number, v.Type() == cty.Bool:
		return "is " + valueText(v)
	case v.CanIterateElements():
		return fmt.Sprintf("is %s with %s", v.Type().FriendlyName(), plural(v.LengthInt(), "element"))
	}
	return ""
}

// traversalText renders a reference as it was written.
func traversalText(t hclv2.Traversal) string {
	var b strings.Builder
	for _, step := range t {
		switch s := step.(type) {
		case hclv2.TraverseRoot:
			b.WriteString(s.Name)
		case hclv2.TraverseAttr:
			b.WriteString("." + s.Name)
		case hclv2.TraverseIndex:
			if s.Key.Type() == cty.String {
				fmt.Fprintf(&b, "[%q]", s.Key.AsString())
			} else {
				fmt.Fprintf(&b, "[%s]", valueText(s.Key))
			}
		}
	}
	return b.String()
}

// frame puts the left rule around a message on a colour terminal; elsewhere the
// message stands between blank lines, as pipelines expect it.
func frame(text string, s style, color bool) string {
	text = strings.TrimRight(text, "\n")
	if !color {
		return "\n" + text + "\n"
	}
	var b strings.Builder
	b.WriteString(paint(true, s, "╷") + "\n")
	for line := range strings.SplitSeq(text, "\n") {
		b.WriteString(paint(true, s, "│") + " " + line + "\n")
	}
	b.WriteString(paint(true, s, "╵") + "\n")
	return b.String()
}

// Error prints an error that is not about a place in a file. hints stand under it.
func (t *Terminal) Error(summary string, err error, hints ...string) {
	t.clearReading()
	writeError(t.beside(), t.ErrColor, t.Width, summary, err, hints)
}

func writeError(w io.Writer, color bool, width int, summary string, err error, hints []string) {
	d := &hclv2.Diagnostic{Severity: hclv2.DiagError, Summary: summary, Detail: errorDetail(err, hints)}
	fmt.Fprint(w, frame(diagnosticText(d, nil, color, width-2), red, color))
}

// errorDetail is an error as sentences, with the help that stands under it.
func errorDetail(err error, hints []string) string {
	var parts []string
	if err != nil {
		parts = append(parts, sentence(err.Error()))
	}
	return strings.Join(append(parts, hints...), "\n\n")
}

// sentence makes an error's text a sentence.
func sentence(s string) string {
	s = strings.TrimSpace(s)
	if s == "" || strings.HasSuffix(s, ".") || strings.HasSuffix(s, "?") || strings.Contains(s, "\n") {
		return s
	}
	return s + "."
}
