package child

import "io"

// Mask writes what is written to it with three asterisks in the place of secrets, whole and in the forms in which
// programs print them. A secret that comes in parts is found too: what may be the beginning of one is held back until
// more comes, or Flush.
type Mask struct {
	to      io.Writer
	secrets *Secrets
	state   int32
	held    []byte
	hidden  []bool // of held
	inside  bool   // asterisks for the secret that ends here were written
}

// Masked begins to write to to.
func (s *Secrets) Masked(to io.Writer) *Mask { return &Mask{to: to, secrets: s} }

// Write implements io.Writer.
func (m *Mask) Write(p []byte) (int, error) {
	for _, c := range p {
		m.state = m.secrets.step(m.state, c)
		m.held, m.hidden = append(m.held, c), append(m.hidden, false)
		n := m.secrets.nodes[m.state]
		for i := len(m.held) - int(n.longest); i < len(m.held); i++ {
			m.hidden[i] = true
		}
	}
	keep := int(m.secrets.nodes[m.state].depth)
	return len(p), m.release(len(m.held) - keep)
}

// Flush writes what is held back. The output has ended.
func (m *Mask) Flush() error {
	err := m.release(len(m.held))
	m.state = 0
	return err
}

// release writes the first n bytes held.
func (m *Mask) release(n int) error {
	out := make([]byte, 0, n)
	for i, c := range m.held[:n] {
		switch {
		case !m.hidden[i]:
			out, m.inside = append(out, c), false
		case !m.inside:
			out, m.inside = append(out, "***"...), true
		}
	}
	m.held = append(m.held[:0], m.held[n:]...)
	m.hidden = append(m.hidden[:0], m.hidden[n:]...)
	if len(out) == 0 {
		return nil
	}
	_, err := m.to.Write(out)
	return err
}
