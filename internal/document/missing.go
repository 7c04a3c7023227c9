package document

import "slices"

// Missing gives the places of values that stand in a document and not in plain: what would be lost if plain were
// sealed in its place. The document need not open: it was changed without its key, and nothing that is said of it is
// proved. Comments and order do not count, nor does a place in a list.
func Missing(doc, plain, dataKey []byte) ([]Path, error) {
	f, body, h, err := detach(doc)
	if err != nil {
		return nil, err
	}
	keys, err := h.secrets(dataKey)
	if err != nil {
		return nil, err
	}
	there, err := parse(f, body)
	if err != nil {
		return nil, err
	}
	ours, err := parse(f, plain)
	if err != nil {
		return nil, err
	}
	has := map[string]int{}
	for _, i := range ours {
		if i.Kind == Value {
			has[saidAs(i)]++
			has[written(i, plain[i.Start:i.End])]++
		}
	}
	var missing []Path
	for _, i := range there {
		if i.Kind != Value {
			continue
		}
		at := saidAs(i)
		if Token(i.Text) {
			_, raw, err := keys.reveal(i)
			if at = written(i, raw); err != nil {
				at = "" // of another file, or cut: nobody knows what it is
			}
		}
		if has[at]--; has[at] < 0 {
			missing = append(missing, slices.Clone(i.Path))
		}
	}
	return missing, nil
}

// saidAs is a value by its place and what it says, written by its place and bytes.
func saidAs(i Item) string {
	return "said" + i.Type + "\x00" + i.Text + "\x00" + string(i.Path.appendTo(nil, false))
}

func written(i Item, raw []byte) string {
	return "written" + string(raw) + "\x00" + string(i.Path.appendTo(nil, false))
}
