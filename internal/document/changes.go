package document

import "slices"

// Changes names the values that are other ones in another plaintext of the same format, or only in one of both, in
// the order of the new one. What it cannot read it refuses, with a *Refusal.
func (d *Document) Changes(plain []byte) ([]string, error) {
	items, err := parse(d.format, plain)
	if err != nil {
		return nil, err
	}
	before := map[string][]string{}
	for _, i := range d.items {
		if i.Kind == Value {
			before[i.Path.String()] = append(before[i.Path.String()], i.Type+i.Text)
		}
	}
	var changed []string
	for _, i := range items {
		if i.Kind != Value {
			continue
		}
		at := i.Path.String()
		was := before[at]
		if len(was) == 0 || was[0] != i.Type+i.Text {
			changed = append(changed, at)
		}
		if before[at] = was[min(1, len(was)):]; len(before[at]) == 0 {
			delete(before, at)
		}
	}
	var gone []string
	for at := range before {
		gone = append(gone, at)
	}
	slices.Sort(gone)
	changed = append(changed, gone...)
	slices.Sort(changed)
	return slices.Compact(changed), nil
}
