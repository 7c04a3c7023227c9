package document

import (
	"fmt"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/pattern"
)

// Given is a value to be put into a file.
type Given struct {
	Text    string
	Literal bool // a number or a truth value, as it is written; else a text
}

// literals are what may be given as one: what every format reads as a number or a truth value.
var literals = pattern.New(`^(-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?|true|false)$`)

// Check refuses what no format can hold.
func (g Given) Check() error {
	switch {
	case g.Literal && !literals.MatchString(g.Text):
		return fmt.Errorf("this is neither a number nor true or false; leave -literal out for a text")
	case strings.ContainsRune(g.Text, 0):
		return fmt.Errorf("the value has a NUL byte, which no text file can hold; encrypt it as a file of its own")
	case strings.ToValidUTF8(g.Text, "") != g.Text:
		return fmt.Errorf("the value is not UTF-8 text; give it in base64, or encrypt it as a file of its own")
	}
	return nil
}

// spellings are the ways to write a value in the place of raw (nil = a new one), the one most like raw first. Which of
// them the format reads as meant is proved afterwards.
func spellings(format string, g Given, raw []byte) []string {
	switch {
	case format == "ini":
		return iniSpellings(g.Text)
	case g.Literal:
		return []string{g.Text}
	case format == "dotenv":
		return dotenvSpellings(g.Text, raw)
	case format == "hcl":
		return hclSpellings(g.Text, raw)
	}
	var out []string
	single := !strings.ContainsFunc(g.Text, control)
	switch {
	case format == "yaml" && startsWith(raw, "'") && single:
		out = append(out, "'"+strings.ReplaceAll(g.Text, "'", "''")+"'")
	case format == "yaml" && startsWith(raw, "|"):
		out = append(out, yamlBlock(g.Text, string(raw))...)
	case format == "yaml" && !startsWith(raw, `"`) && yamlWord(g.Text):
		out = append(out, g.Text)
	case format == "toml" && startsWith(raw, "'") && single && !strings.Contains(g.Text, "'"):
		out = append(out, "'"+g.Text+"'")
	}
	return append(out, inQuotes(g.Text))
}

func startsWith(raw []byte, with string) bool { return strings.HasPrefix(string(raw), with) }

func control(r rune) bool {
	return r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfeff
}

// inQuotes writes a text in double quotes with the escapes that JSON, YAML, TOML and HCL share.
func inQuotes(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case control(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// hclSpellings is a text in quotes; in the place of a heredoc also with the line end that belongs to that.
func hclSpellings(s string, raw []byte) []string {
	quoted := strings.NewReplacer("${", "$${", "%{", "%%{").Replace(inQuotes(s))
	if startsWith(raw, "<<") {
		return []string{quoted, quoted + lineEnding(raw)}
	}
	return []string{quoted}
}

// word is a text that needs no quotes for any reader.
var word = pattern.New(`^[A-Za-z_][A-Za-z0-9_./@+-]*$`)

// notText are words that YAML, 1.1 or 1.2, reads as something else than a text.
var notText = []string{"true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf"}

func yamlWord(s string) bool {
	return word.MatchString(s) && !slices.Contains(notText, strings.ToLower(s))
}

// yamlBlock writes a text of several lines as the literal block that stood there, where it can be one.
func yamlBlock(s, raw string) []string {
	_, below, _ := strings.Cut(raw, "\n")
	below = strings.TrimLeft(below, "\r\n")
	indent := below[:len(below)-len(strings.TrimLeft(below, " "))]
	lines, ended := strings.CutSuffix(s, "\n")
	if indent == "" || lines == "" || strings.HasPrefix(lines, " ") || strings.HasPrefix(lines, "\n") || strings.HasSuffix(lines, "\n") ||
		strings.ContainsFunc(lines, func(r rune) bool { return r != '\n' && control(r) }) {
		return nil
	}
	eol := lineEnding([]byte(raw))
	out := "|"
	if !ended {
		out = "|-"
	}
	for line := range strings.SplitSeq(lines, "\n") {
		if line != "" {
			line = indent + line
		}
		out += eol + line
	}
	return []string{out, out + eol}
}

// dotenvBare needs no quotes, and nothing in it is expanded.
var dotenvBare = pattern.New(`^[A-Za-z0-9_./:@%+=,-]*$`)

// dotenvSpellings keep the quotes that there are, if they can.
func dotenvSpellings(s string, raw []byte) []string {
	double := `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`, `$`, `\$`).Replace(s) + `"`
	var bare, single []string
	if dotenvBare.MatchString(s) {
		bare = []string{s}
	}
	if !strings.ContainsAny(s, "'\\\r\n") {
		single = []string{"'" + s + "'"}
	}
	switch {
	case startsWith(raw, `"`):
		return append([]string{double}, single...)
	case startsWith(raw, "'"):
		return append(single, double)
	}
	return append(append(bare, single...), double)
}

// iniSpellings is the text itself: INI has neither quotes nor escapes that its readers agree upon.
func iniSpellings(s string) []string {
	if strings.ContainsFunc(s, control) || strings.TrimSpace(s) != s || strings.HasSuffix(s, `\`) {
		return nil
	}
	return []string{s}
}
