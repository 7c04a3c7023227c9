package document

// The second reader's dotenv and INI, by regular expressions.

import (
	"errors"
	"regexp"
	"strings"
)

var (
	secondEnvLine  = regexp.MustCompile(`^[ \t]*(export[ \t]+)?([A-Za-z0-9_.-]+)(?:([ \t]*=)|(:)[ \t]|[ \t]*(?:\r?\n|$)|[ \t]+#)`)
	secondEnvValue = regexp.MustCompile("^[ \t]*(?:\"((?:[^\"\\\\]|\\\\(?s:.))*)\"|'((?:[^'\\\\]|\\\\(?s:.))*)'|`((?:[^`\\\\]|\\\\(?s:.))*)`)((?:[ \t]+#[^\n]*)?)[ \t]*(?:\r?\n|$)")
	secondEnvPlain = regexp.MustCompile(`^[ \t]*`)
	secondComment  = regexp.MustCompile(`[ \t]#`)
)

// secondDotenv is §10.2. Of the values in quotes it reads those whose backslashes escape.
func secondDotenv(src string) (items []secondItem, err error) {
	at := len(src) - len(strings.TrimPrefix(src, "\ufeff"))
	comment := func(text string) {
		if text = strings.Trim(text, " \t\r"); text != "" {
			items = append(items, secondItem{kind: "comment", text: text})
		}
	}
	for at < len(src) {
		line, _, _ := strings.Cut(src[at:], "\n")
		next := min(at+len(line)+1, len(src))
		if trimmed := strings.Trim(line, " \t\r"); trimmed == "" || trimmed[0] == '#' {
			comment(trimmed)
			at = next
			continue
		}
		m := secondEnvLine.FindStringSubmatchIndex(src[at:])
		if m == nil {
			return nil, errors.New("a line that is none of these")
		}
		path := secondName(nil, src[at+m[4]:at+m[5]])
		mark := func(kind, text string) {
			items = append(items, secondItem{kind: "mark", kindOf: kind, text: text, path: path})
		}
		if m[2] >= 0 {
			mark("export", "")
		}
		begin := 0
		switch {
		case m[6] >= 0:
			begin = at + m[7]
		case m[8] >= 0:
			mark("separator", ":")
			begin = at + m[9]
		default:
			mark("name", "")
			comment(src[at+m[5] : at+len(line)])
			at = next
			continue
		}
		if v := secondEnvValue.FindStringSubmatchIndex(src[begin:]); v != nil {
			for quote := 2; quote <= 6; quote += 2 {
				if v[quote] >= 0 {
					from, to := begin+v[quote], begin+v[quote+1]
					mark("quoted", src[from-1:from])
					items = append(items, secondItem{kind: "value", kindOf: "text", text: src[from:to], path: path, at: from - 1, end: to + 1})
				}
			}
			comment(src[begin+v[8] : begin+v[9]])
			at = begin + v[1]
			continue
		}
		rest := strings.TrimRight(src[begin:at+len(line)], " \t\r")
		value, behind := rest, ""
		if c := secondComment.FindStringIndex(rest); c != nil {
			value, behind = strings.TrimRight(rest[:c[0]], " \t"), rest[c[1]-1:]
		}
		from := begin + len(secondEnvPlain.FindString(value))
		if strings.Trim(value, " \t") == "" {
			from, value = begin, ""
		}
		items = append(items, secondItem{kind: "value", kindOf: "text", text: strings.Trim(value, " \t"), path: path, at: from, end: begin + len(value)})
		comment(behind)
		at = next
	}
	return items, nil
}

var secondSection = regexp.MustCompile(`^(\[+)((?:[^]"]|"(?:[^"\\]|\\.)*")*)(\]+)[ \t]*([;#].*)?$`)

// secondINI is §10.3. Of the files whose lines are ambiguous it refuses none.
func secondINI(src string) (items []secondItem, err error) {
	type line struct {
		text            string
		start, at, next int
	}
	var lines []line
	for at := len(src) - len(strings.TrimPrefix(src, "\ufeff")); at < len(src); {
		raw, _, _ := strings.Cut(src[at:], "\n")
		text := strings.Trim(raw, " \t\r")
		lines = append(lines, line{text, at, at + strings.Index(raw, text), min(at+len(raw)+1, len(src))})
		at += len(raw) + 1
	}
	isComment := func(text string) bool { return strings.HasPrefix(text, "#") || strings.HasPrefix(text, ";") }
	open := func(text string) bool { return (len(text)-len(strings.TrimRight(text, `\`)))%2 == 1 }
	var section []string
	for n := 0; n < len(lines); n++ {
		l := lines[n]
		if l.text == "" {
			continue
		}
		if isComment(l.text) {
			items = append(items, secondItem{kind: "comment", text: l.text})
			continue
		}
		if l.text[0] == '!' || strings.HasPrefix(l.text, ".include ") {
			items = append(items, secondItem{kind: "mark", kindOf: "directive", text: l.text})
			continue
		}
		if l.text[0] == '[' {
			m := secondSection.FindStringSubmatch(l.text)
			if m == nil {
				return nil, errors.New("a section without an end")
			}
			name := m[1][1:] + strings.Trim(m[2], " \t") + m[3][1:]
			section = secondName(nil, name)
			items = append(items, secondItem{kind: "mark", kindOf: "section", text: name, path: section})
			if m[4] != "" {
				items = append(items, secondItem{kind: "comment", text: m[4]})
			}
			continue
		}
		signs := "=:"
		if strings.HasPrefix(l.text, "//") {
			signs = "="
		}
		sign := strings.IndexAny(l.text, signs)
		if sign < 0 {
			items = append(items, secondItem{kind: "mark", kindOf: "name", path: secondName(section, l.text)})
			continue
		}
		path := secondName(section, strings.TrimRight(l.text[:sign], " \t"))
		if l.text[sign] == ':' {
			items = append(items, secondItem{kind: "mark", kindOf: "separator", text: ":", path: path})
		}
		value := strings.TrimLeft(l.text[sign+1:], " \t")
		i := secondItem{kind: "value", kindOf: "text", path: path, at: l.at + len(l.text) - len(value), end: l.at + len(l.text)}
		if value == "" && strings.HasPrefix(src[i.end:], " ") { // an empty value stands one blank behind the sign, if there is one
			i.at, i.end = i.at+1, i.end+1
		}
		texts, notes, last := []string{value}, []string(nil), n
		goesOn := open(l.text)
		for k := n + 1; k < len(lines); k++ {
			c := lines[k]
			if !goesOn && (c.text == "" || isComment(c.text)) {
				if c.text != "" {
					notes = append(notes, c.text)
				}
				continue
			}
			if !goesOn && c.at-c.start <= l.at-l.start {
				break
			}
			texts = append(texts, c.text)
			i.note, i.end, last, goesOn = strings.Join(notes, "\n"), c.at+len(c.text), k, open(c.text)
		}
		i.text = strings.Join(texts, "\n")
		items = append(items, i)
		n = last
	}
	return items, nil
}
