package store

import (
	"fmt"
	"reflect"
	"time"
)

// cloner copies a value so deeply that the copy shares no memory with the
// original. It is compiled once per record type; a nil cloner means that plain
// assignment already is a full copy.
type cloner func(dst, src reflect.Value)

var timeType = reflect.TypeFor[time.Time]()

// newCloner compiles the copier of a record type. Kinds that no record needs
// (pointers, interfaces, channels, functions) are a programmer's mistake.
func newCloner(t reflect.Type) cloner {
	if t == timeType {
		return nil
	}
	switch t.Kind() {
	case reflect.Struct:
		return structCloner(t)
	case reflect.Slice:
		return sliceCloner(newCloner(t.Elem()))
	case reflect.Map:
		return mapCloner(t)
	case reflect.Pointer, reflect.Interface, reflect.Chan, reflect.Func, reflect.UnsafePointer, reflect.Array:
		panic(fmt.Sprintf("store: a record cannot hold a %s", t))
	default:
		return nil
	}
}

func structCloner(t reflect.Type) cloner {
	type field struct {
		index int
		clone cloner
	}
	var deep []field
	for i := range t.NumField() {
		if c := newCloner(t.Field(i).Type); c != nil {
			deep = append(deep, field{i, c})
		}
	}
	if deep == nil {
		return nil
	}
	return func(dst, src reflect.Value) {
		for _, f := range deep {
			f.clone(dst.Field(f.index), src.Field(f.index))
		}
	}
}

func sliceCloner(elem cloner) cloner {
	return func(dst, src reflect.Value) {
		if src.IsNil() {
			return
		}
		out := reflect.MakeSlice(src.Type(), src.Len(), src.Len())
		reflect.Copy(out, src)
		if elem != nil {
			for i := range src.Len() {
				elem(out.Index(i), src.Index(i))
			}
		}
		dst.Set(out)
	}
}

func mapCloner(t reflect.Type) cloner {
	if newCloner(t.Elem()) != nil {
		panic(fmt.Sprintf("store: a record cannot hold a %s", t))
	}
	return func(dst, src reflect.Value) {
		if src.IsNil() {
			return
		}
		out := reflect.MakeMapWithSize(t, src.Len())
		for i := src.MapRange(); i.Next(); {
			out.SetMapIndex(i.Key(), i.Value())
		}
		dst.Set(out)
	}
}

// cloned returns a full copy of *src.
func cloned[T any](c cloner, src *T) T {
	dst := *src
	if c != nil {
		c(reflect.ValueOf(&dst).Elem(), reflect.ValueOf(src).Elem())
	}
	return dst
}
