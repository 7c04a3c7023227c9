package document

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ParsePath reads a path as Path's String writes it, database.hosts[0]."odd name", or as SOPS does: ["database"]["hosts"][0].
func ParsePath(s string) (Path, error) {
	if s == "" {
		return nil, errors.New("a path is names with dots between them, such as database.password")
	}
	var p Path
	for rest := s; rest != ""; {
		step, left, err := parseStep(rest, len(p) == 0)
		if err != nil {
			return nil, fmt.Errorf("%s is no path: %w; write database.hosts[0] or \"odd name\".password", s, err)
		}
		p, rest = append(p, step), left
	}
	return p, nil
}

// parseStep reads the first step, and gives what is left.
func parseStep(s string, first bool) (Step, string, error) {
	if inside, ok := strings.CutPrefix(s, "["); ok {
		return parseBracket(inside)
	}
	if !first {
		var dot bool
		if s, dot = strings.CutPrefix(s, "."); !dot {
			return Step{}, "", errors.New("a dot is missing between two names")
		}
	}
	if strings.HasPrefix(s, `"`) {
		return parseQuoted(s)
	}
	end := strings.IndexAny(s, ".[")
	if end < 0 {
		end = len(s)
	}
	if name := s[:end]; plainName(name) {
		return Name(name), s[end:], nil
	}
	return Step{}, "", errors.New("a name is empty, or has to stand in quotes")
}

// parseBracket reads what stands behind an opening bracket: a number, or a name in quotes.
func parseBracket(s string) (Step, string, error) {
	var step Step
	var left string
	var err error
	if strings.HasPrefix(s, `"`) {
		step, left, err = parseQuoted(s)
	} else {
		end := max(strings.IndexByte(s, ']'), 0)
		step, left = Index(0), s[end:]
		if step.Index, err = strconv.Atoi(s[:end]); err != nil || step.Index < 0 {
			err = errors.New("in brackets stands a number from 0, or a name in quotes")
		}
	}
	if err != nil {
		return Step{}, "", err
	}
	left, closed := strings.CutPrefix(left, "]")
	if !closed {
		return Step{}, "", errors.New("a bracket is not closed")
	}
	return step, left, nil
}

func parseQuoted(s string) (Step, string, error) {
	quoted, err := strconv.QuotedPrefix(s)
	if err != nil {
		return Step{}, "", errors.New("a quote is not closed")
	}
	name, err := strconv.Unquote(quoted)
	return Name(name), s[len(quoted):], err
}

// within reports whether p is q or stands below it.
func (p Path) within(q Path) bool { return len(p) >= len(q) && samePath(p[:len(q)], q) }
