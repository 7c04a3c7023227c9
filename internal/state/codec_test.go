package state_test

import (
	"bytes"
	"errors"
	"testing"

	"kmsplan.dev/kmsplan/internal/state"
)

func FuzzDecode(f *testing.F) {
	f.Add(must(state.Encode(stack())))
	f.Add([]byte(`{"version":1}`))
	f.Add([]byte(`{"version":99,"writer":"x"}`))
	f.Add([]byte("{\"version\":1,\"checksum\":\"sha256:\"}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		st, err := state.Decode("s.json", data)
		if err != nil {
			if !errors.Is(err, state.ErrCorrupt) && !errors.Is(err, state.ErrNewerFormat) {
				t.Errorf("an untyped error: %v", err)
			}
			return
		}
		again, err := state.Decode("s.json", must(state.Encode(st)))
		if err != nil {
			t.Fatalf("what was decoded cannot be encoded: %v", err)
		}
		if !bytes.Equal(must(state.Encode(st)), must(state.Encode(again))) {
			t.Error("a second round changes the state")
		}
	})
}

func TestTwoWritersOfOneStateWriteTheSameBytes(t *testing.T) {
	a, b := stack(), stack()
	b.Resources[0], b.Resources[3] = b.Resources[3], b.Resources[0]
	if !bytes.Equal(must(state.Encode(a)), must(state.Encode(b))) {
		t.Error("the order of objects shows in the bytes")
	}
}

func TestEveryFlippedBitIsNoticed(t *testing.T) {
	data := must(state.Encode(stack()))
	want := must(state.Decode("s", data))
	for at := range data {
		damaged := bytes.Clone(data)
		damaged[at] ^= 0x10
		st, err := state.Decode("s", damaged)
		if err == nil && !bytes.Equal(must(state.Encode(st)), must(state.Encode(want))) {
			t.Fatalf("byte %d flipped from %q: read without an error as something else", at, data[at])
		}
	}
}
