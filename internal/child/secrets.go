package child

import (
	"errors"
	"fmt"
)

// Secrets finds texts in a stream: an automaton of Aho and Corasick, which looks at each byte once.
type Secrets struct {
	nodes []node
	root  [256]int32
}

// node is what has been read so far of one text or several.
type node struct {
	c              byte
	child, sibling int32 // 0 = none
	fail           int32 // the longest other beginning that what was read ends with
	depth          int32 // bytes read
	longest        int32 // bytes of the longest text that ends here; 0 = none
}

// maxSecrets bounds the texts together with their forms, bytes.
const maxSecrets = 4 << 20

// ErrTooMuch says that there are too many texts to be found.
var ErrTooMuch = errors.New("too much to be masked")

// NewSecrets finds the values, and the forms in which programs print them.
func NewSecrets(values []string) (*Secrets, error) {
	s := &Secrets{nodes: make([]node, 1)}
	total := 0
	for _, v := range values {
		for _, form := range forms(v) {
			if total += len(form); total > maxSecrets {
				return nil, fmt.Errorf("%w: with all their forms the values have more than %d bytes", ErrTooMuch, maxSecrets)
			}
			s.add(form)
		}
	}
	s.link()
	return s, nil
}

func (s *Secrets) add(text string) {
	at := int32(0)
	for i := range len(text) {
		next := s.child(at, text[i])
		if next == 0 {
			next = int32(len(s.nodes))
			s.nodes = append(s.nodes, node{c: text[i], sibling: s.nodes[at].child, depth: s.nodes[at].depth + 1})
			s.nodes[at].child = next
			if at == 0 {
				s.root[text[i]] = next
			}
		}
		at = next
	}
	s.nodes[at].longest = s.nodes[at].depth
}

func (s *Secrets) child(at int32, c byte) int32 {
	if at == 0 {
		return s.root[c]
	}
	for n := s.nodes[at].child; n != 0; n = s.nodes[n].sibling {
		if s.nodes[n].c == c {
			return n
		}
	}
	return 0
}

// step reads a byte.
func (s *Secrets) step(at int32, c byte) int32 {
	for {
		if next := s.child(at, c); next != 0 || at == 0 {
			return next
		}
		at = s.nodes[at].fail
	}
}

// link sets where reading goes on after a byte that does not fit, level by level.
func (s *Secrets) link() {
	var level []int32
	for n := s.nodes[0].child; n != 0; n = s.nodes[n].sibling {
		level = append(level, n)
	}
	for len(level) > 0 {
		at := level[0]
		level = level[1:]
		for n := s.nodes[at].child; n != 0; n = s.nodes[n].sibling {
			fail := s.step(s.nodes[at].fail, s.nodes[n].c)
			s.nodes[n].fail = fail
			if s.nodes[n].longest == 0 {
				s.nodes[n].longest = s.nodes[fail].longest
			}
			level = append(level, n)
		}
	}
}
