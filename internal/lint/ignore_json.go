package lint

import (
	"bytes"
	"encoding/json"

	hclv2 "github.com/hashicorp/hcl/v2"
)

// jsonIgnores reads the "//" properties of a file in JSON: a text, or a list of them.
func jsonIgnores(name string, text []byte) []*ignore {
	d := json.NewDecoder(bytes.NewReader(text))
	r := &jsonReader{name: name, text: text, d: d}
	_ = r.value() // it was parsed before
	return r.found
}

// jsonReader walks a document and keeps the ignores of the objects it is in.
type jsonReader struct {
	name  string
	text  []byte
	d     *json.Decoder
	found []*ignore
}

// value reads one value; comments in an object answer for it.
func (r *jsonReader) value() error {
	t, err := r.d.Token()
	if err != nil {
		return err
	}
	switch t {
	case json.Delim('{'):
		return r.object()
	case json.Delim('['):
		for r.d.More() {
			if err := r.value(); err != nil {
				return err
			}
		}
		_, err = r.d.Token()
	}
	return err
}

func (r *jsonReader) object() error {
	from := int(r.d.InputOffset()) - 1
	var own []*ignore
	for r.d.More() {
		key, err := r.d.Token()
		if err != nil {
			return err
		}
		if key != "//" {
			if err := r.value(); err != nil {
				return err
			}
			continue
		}
		start := int(r.d.InputOffset())
		var raw json.RawMessage
		if err := r.d.Decode(&raw); err != nil {
			return err
		}
		own = append(own, r.comments(raw, start)...)
	}
	_, err := r.d.Token()
	for _, g := range own {
		g.from, g.to = from, int(r.d.InputOffset())
	}
	r.found = append(r.found, own...)
	return err
}

// comments are the ignores in the value of one "//" property.
func (r *jsonReader) comments(raw json.RawMessage, start int) []*ignore {
	var texts words
	if texts.UnmarshalJSON(raw) != nil {
		return nil
	}
	at := start + bytes.Index(r.text[start:], raw)
	var out []*ignore
	for _, text := range texts {
		place := hclv2.Range{Filename: r.name, Start: r.pos(at), End: r.pos(at + len(raw))}
		if g := parseIgnore(text, place); g != nil {
			out = append(out, g)
		}
	}
	return out
}

func (r *jsonReader) pos(at int) hclv2.Pos {
	before := r.text[:at]
	return hclv2.Pos{Line: bytes.Count(before, []byte("\n")) + 1, Column: at - bytes.LastIndexByte(before, '\n'), Byte: at}
}
