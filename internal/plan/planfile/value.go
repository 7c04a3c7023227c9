package planfile

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/msgpack"
)

// value is a cty value as a plan holds it: its type, and go-cty's own MessagePack, in which any part may
// be unknown.
type value struct{ cty.Value }

type valueForm struct {
	Type  cty.Type `json:"type"`
	Value []byte   `json:"msgpack"`
}

// maxExponent bounds a number read from a plan, in bits: writing out a larger one takes minutes.
const maxExponent = 1 << 16

// MarshalJSON encodes the value; no value at all is null.
func (v value) MarshalJSON() ([]byte, error) {
	if v.Value == cty.NilVal {
		return []byte("null"), nil
	}
	raw, err := msgpack.Marshal(v.Value, v.Type())
	if err != nil {
		return nil, err
	}
	return json.Marshal(valueForm{v.Type(), raw})
}

// UnmarshalJSON decodes what MarshalJSON wrote.
func (v *value) UnmarshalJSON(raw []byte) (err error) {
	v.Value = cty.NilVal
	var form *valueForm
	if err := json.Unmarshal(raw, &form); err != nil || form == nil {
		return err
	}
	if form.Type == cty.NilType {
		return errors.New("a value without a type")
	}
	if err := backed(form.Value); err != nil {
		return err
	}
	// go-cty panics on collections of mixed types, which only a forged plan holds.
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("a value that is no %s", form.Type.FriendlyName())
		}
	}()
	if v.Value, err = msgpack.Unmarshal(form.Value, form.Type); err != nil {
		return err
	}
	return cty.Walk(v.Value, func(_ cty.Path, v cty.Value) (bool, error) {
		if v.Type() == cty.Number && v.IsKnown() && !v.IsNull() && tooLong(v.AsBigFloat()) {
			return false, errors.New("a number that is too large")
		}
		return true, nil
	})
}

func tooLong(f *big.Float) bool {
	exp := f.MantExp(nil)
	return f.IsInf() || exp > maxExponent || exp < -maxExponent
}

// orNull is null where a plan holds no value.
func orNull(v cty.Value) cty.Value {
	if v == cty.NilVal {
		return cty.NullVal(cty.DynamicPseudoType)
	}
	return v
}
