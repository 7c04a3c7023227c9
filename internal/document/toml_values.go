package document

import (
	"github.com/pelletier/go-toml/v2"
)

// tomlBatch is how many values the library is asked about at once.
const tomlBatch = 4096

// tomlValues refuses numbers and times that have the look of one and are none: 2021-13-01, 1e999999. Their library reads
// them as lists of their own, one in a line: of a whole file it would build the tree, and take the square of its names.
func tomlValues(src []byte, items []Item) error {
	var list []byte
	var starts []int
	for n, i := range items {
		if i.Kind == Value && i.Type == plain {
			list = append(append(list, src[i.Start:i.End]...), ",\n"...)
			starts = append(starts, i.Start)
		}
		if len(starts) == tomlBatch || n == len(items)-1 {
			if err := tomlList(src, list, starts); err != nil {
				return err
			}
			list, starts = list[:0], starts[:0]
		}
	}
	return nil
}

// tomlList holds values to the library; the first stands in line 2.
func tomlList(src, list []byte, starts []int) error {
	var values map[string]any
	err := toml.Unmarshal(append(append([]byte("a=[\n"), list...), ']'), &values)
	if err == nil {
		return nil
	}
	r := notTOML(err)
	if n := r.Line - 2; n >= 0 && n < len(starts) {
		r.Line, r.Column = position(src, starts[n])
	}
	return r
}
