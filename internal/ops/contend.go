package ops

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/safety"
)

// contenders knows which blocks give an envelope its key: those that encrypt into it, and those that rewrap what they match.
type contenders struct {
	outputs  map[string]Block   // encrypt blocks by their outputs
	named    map[string][]Block // rewrap blocks of one file
	patterns []Block            // the other rewrap blocks
}

func newContenders(blocks []Block) contenders {
	c := contenders{outputs: map[string]Block{}, named: map[string][]Block{}}
	for _, b := range blocks {
		switch name := slash(b.Source); {
		case b.Addr.Kind == "encrypt" && b.Output != "":
			c.outputs[slash(b.Output)] = b
		case b.Addr.Kind != "rewrap" || b.Source == "":
		case isPattern(b.Source):
			c.patterns = append(c.patterns, b)
		default:
			c.named[name] = append(c.named[name], b)
		}
	}
	return c
}

func isPattern(source string) bool { return strings.ContainsAny(source, `*?[{\`) }

// of are the blocks that work on a file.
func (c contenders) of(name string) []Block {
	out := slices.Clone(c.named[name])
	if b, ok := c.outputs[name]; ok {
		out = append(out, b)
	}
	for _, b := range c.patterns {
		if kind.MatchGlob(slash(b.Source), name) {
			out = append(out, b)
		}
	}
	return out
}

// written are the outputs that a rewrap block matches, sorted.
func (c contenders) written(b Block) (names []string) {
	if !isPattern(b.Source) {
		if _, ok := c.outputs[slash(b.Source)]; ok {
			return []string{slash(b.Source)}
		}
		return nil
	}
	for name := range maps.Keys(c.outputs) {
		if kind.MatchGlob(slash(b.Source), name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// contended says which other block would bring a file that a rewrap block matches under another key, at each run again; "" =
// none that is known to. An envelope of several keys keeps them all. h is nil for a file that is not there yet.
func (s *survey) contended(b Block, name string, h *envelope.Header) string {
	if h != nil && len(h.KMSStanzas()) > 1 {
		return ""
	}
	for _, other := range s.others.of(name) {
		if other.Addr == b.Addr {
			continue
		}
		mine, theirs := s.keyID(b), s.keyID(other)
		if mine == "" || theirs == "" || mine == theirs || safety.Off(safety.OneKeyAFile) {
			continue
		}
		does := "rewraps it under"
		if other.Addr.Kind == "encrypt" {
			does = "encrypts it under"
		}
		return fmt.Sprintf("the envelope %s is brought under the key %s here, and %s %s %s: each would undo the other's work at every run, for ever; "+
			"let one of them leave the file out, or name one key in both", shown(name), mine, other.Addr, does, theirs)
	}
	return ""
}

// keyID is the key of a block; "" while nothing tells.
func (s *survey) keyID(b Block) string {
	gateway, key := b.Key()
	if key == "" {
		return ""
	}
	facts, ok := s.ask(gateway, key)
	if !ok {
		return ""
	}
	if facts.ID == "" && !strings.Contains(key, "alias/") {
		facts.ID = KeyID(key)
	}
	return facts.ID
}
