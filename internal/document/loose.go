package document

// Signature is a text that every document holds, and little else.
const Signature = magic + " "

// Loose is a value that stands readable in a document whose rules mean it to be sealed.
type Loose struct {
	Path         string
	Line, Column int // from 1
}

// Readable finds the values of a document that its own rules mean and that are not sealed, as after an edit by hand.
// No key is needed, and nothing is proved.
func Readable(src []byte) ([]Loose, error) {
	f, body, h, err := detach(src)
	if err != nil {
		return nil, err
	}
	rules, err := h.Rules.compile()
	if err != nil {
		return nil, err
	}
	items, err := parse(f, body)
	if err != nil {
		return nil, err
	}
	var out []Loose
	for _, i := range items {
		if rules.meant(i) && !Token(i.Text) {
			line, column := position(body, i.Start)
			out = append(out, Loose{i.Path.String(), line, column})
		}
	}
	return out, nil
}
