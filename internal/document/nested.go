package document

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// base is the longest part of the path at which the file has a list or a map.
func (c *change) base() Path {
	for n := len(c.path) - 1; n > 0; n-- {
		if slices.ContainsFunc(c.items, func(i Item) bool {
			named := i.Kind == Mark && (i.Type == "table" || i.Type == "section" || i.Type == "block") && samePath(i.Path, c.path[:n])
			return named || (i.Kind == Value || i.Kind == Empty) && i.Path.within(c.path[:n])
		}) {
			return c.path[:n]
		}
	}
	return nil
}

// possible refuses a new entry that its format, or its place, cannot have.
func (c *change) possible() error {
	base, name := c.base(), c.f.Name()
	rest := c.path[len(base):]
	at := base.String()
	if at == "" {
		at = "the file"
	}
	length, named := c.elements(base)
	switch first := rest[0]; {
	case name == "dotenv" && len(c.path) > 1, name == "ini" && len(c.path) > 2, (name == "dotenv" || name == "ini") && slices.ContainsFunc(c.path, isPlace):
		return fmt.Errorf("%s: a file of this format has neither lists nor names below names; a name with a dot in it stands in quotes", c.path)
	case first.List && named:
		return fmt.Errorf("%s has names and is no list, so that %s has no place in it", at, c.path)
	case first.List && first.Index != length:
		return fmt.Errorf("a new element of %s goes behind its last: %s", at, base.With(Index(length)))
	case !first.List && length > 0:
		return fmt.Errorf("%s is a list, and names stand below an element of it; a new one is %s", at, base.With(Index(length)))
	case slices.ContainsFunc(rest[1:], func(s Step) bool { return s.List && s.Index != 0 }):
		return fmt.Errorf("%s: a list that is new begins with the element [0]", c.path)
	case name == "hcl" && len(rest) > 1:
		return fmt.Errorf("there is no %s, and whether it is a block or an object its path does not say; kmsplan edit adds it by hand", base.With(first))
	}
	return nil
}

func isPlace(s Step) bool { return s.List }

// elements is how long the list at a path is, and whether names stand there.
func (c *change) elements(p Path) (length int, named bool) {
	for _, i := range c.items {
		if (i.Kind != Value && i.Kind != Empty) || len(i.Path) <= len(p) || !i.Path.within(p) {
			continue
		}
		step := i.Path[len(p)]
		named = named || !step.List
		if step.List {
			length = max(length, step.Index+1)
		}
	}
	return length, named
}

// inline is a value with lists and maps around it, on one line.
func inline(steps []Step, text string, name func(string) string, sign string) string {
	for _, step := range slices.Backward(steps) {
		switch {
		case step.List:
			text = "[" + text + "]"
		case sign == " = ":
			text = "{ " + name(step.Name) + sign + text + " }"
		default:
			text = "{" + name(step.Name) + sign + text + "}"
		}
	}
	return text
}

// maxPlaces bounds how many places are tried: each is proved by parsing the file.
const maxPlaces = 32

// closers are the ends of the lists and maps on one line that end behind a value, from the inside.
func closers(src []byte, at int) []int {
	ends := []int{at}
	for len(ends) < 8 {
		for at < len(src) && bytes.IndexByte([]byte(" \t\r\n,"), src[at]) >= 0 {
			at++
		}
		if at >= len(src) || src[at] != '}' && src[at] != ']' {
			break
		}
		at++
		ends = append(ends, at)
	}
	return ends
}

// flow are places for an entry behind the last of a list or a map in brackets: on its line, or on the next where each has one.
func (c *change) flow(parent Path, entry string) (out []splice) {
	i, ok := last(c.items, func(i Item) bool { return i.Path.within(parent) })
	if !ok || len(parent) == 0 && c.f.Name() != "yaml" {
		return nil
	}
	start := bytes.LastIndexByte(c.src[:i.Start], '\n') + 1
	line := string(c.src[start:i.Start])
	spaces := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
	for _, at := range closers(c.src, i.End) {
		if !strings.ContainsAny(line, "[{") && start > 0 {
			next := lineEnding(c.src) + spaces + entry
			out = append(out, splice{at, at, "," + next})
			if c.f.Name() == "hcl" { // which takes a new line for a comma
				out = append(out, splice{at, at, next})
			}
		}
		out = append(out, splice{at, at, ", " + entry})
	}
	return out
}

// filled are the places between the brackets of empty lists or maps, where that at the path is one.
func (c *change) filled(parent Path, entry string) (out []splice) {
	n := slices.IndexFunc(c.items, func(i Item) bool { return i.Kind == Empty && samePath(i.Path, parent) })
	if n < 0 {
		return nil
	}
	brackets := "{}"
	if c.items[n].Type == "list" {
		brackets = "[]"
	}
	for at := 0; at < len(c.src) && len(out) < maxPlaces; at++ {
		if c.src[at] != brackets[0] {
			continue
		}
		end := at + 1
		for end < len(c.src) && bytes.IndexByte([]byte(" \t\r\n"), c.src[end]) >= 0 {
			end++
		}
		if end < len(c.src) && c.src[end] == brackets[1] {
			out = append(out, splice{at + 1, end, entry})
		}
	}
	return out
}
