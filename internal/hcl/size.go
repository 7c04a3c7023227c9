package hcl

import (
	"errors"
	"fmt"
	"math/big"

	"github.com/zclconf/go-cty/cty"
)

// maxBinaryExponent bounds numbers, whatever they come from: 2^±4096 is about 10^±1233. Written out digit by
// digit, a number from a document with a long exponent would never end.
const maxBinaryExponent = 4096

var errNoNumber = errors.New("it is no number: something is divided by zero, or beyond all numbers")

var errNumber = errors.New("the number is too large or too small to be written out (at most about 1e1200)")

// sizeOf estimates what a value takes, in bytes, and refuses what nothing can be done with: more than most,
// and numbers that are none. What is shared counts as often as it is reached, because whoever walks the value
// reaches it as often.
func sizeOf(v cty.Value, most int64) (int64, error) {
	w := walk{most: most}
	err := w.value(v)
	return w.size, err
}

type walk struct {
	size, most int64
	texts      bool // texts are looked at too
}

func (w *walk) value(v cty.Value) error {
	w.size += leastFee
	if v.IsMarked() {
		v, _ = v.Unmark()
	}
	if v == cty.NilVal || !v.IsKnown() || v.IsNull() {
		return nil
	}
	switch t := v.Type(); {
	case t == cty.String:
		w.size += int64(len(v.AsString()))
		if w.texts {
			if err := textProblem(v.AsString()); err != nil {
				return err
			}
		}
	case t == cty.Number:
		w.size += leastFee // its digits lie apart, and arithmetic makes them anew
		return plausible(v.AsBigFloat())
	case t.IsSetType():
		// cty sorts a set to walk it. Its elements were looked at when they were a list.
		w.size += 2 * leastFee * int64(v.LengthInt())
	case t.IsListType() || t.IsTupleType() || t.IsMapType() || t.IsObjectType():
		return w.elements(v)
	}
	return w.verdict()
}

func (w *walk) elements(v cty.Value) error {
	for it := v.ElementIterator(); it.Next(); {
		key, element := it.Element()
		if t := v.Type(); t.IsMapType() || t.IsObjectType() {
			w.size += int64(len(key.AsString()))
		}
		if err := w.value(element); err != nil {
			return err
		}
		if err := w.verdict(); err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) verdict() error {
	if w.size > w.most {
		return tooLarge{fmt.Sprintf("its value is larger than %d MiB", w.most>>20)}
	}
	return nil
}

// plausible refuses infinities and numbers that would never be written out.
func plausible(n *big.Float) error {
	switch {
	case n.IsInf():
		return errNoNumber
	case n.Sign() != 0 && (n.MantExp(nil) > maxBinaryExponent || n.MantExp(nil) < -maxBinaryExponent):
		return errNumber
	}
	return nil
}
