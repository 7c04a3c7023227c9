package sdkmessage_test

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"testing"

	"kmsplan.dev/kmsplan/internal/kms/wire/sdkmessage"
	"kmsplan.dev/kmsplan/internal/kms/wire/sdkmessage/sdkmessagetest"
)

func written(algorithm int, stream bool) sdkmessagetest.Message {
	size := 32
	if algorithm%2 == 1 || algorithm > 8 {
		size = 16
	}
	return sdkmessagetest.Message{
		Stream: stream, Algorithm: algorithm, Key: bytes.Repeat([]byte{7}, size), Context: map[string]string{"tenant": "a", "app": "订单"}, Plain: []byte("what it holds"),
		Keys: []sdkmessagetest.DataKey{{ID: "acs:kms:cn-x:1:key/b", Blob: []byte("blob of b")}, {ID: "acs:kms:cn-x:1:key/a", Blob: []byte("blob of a, longer")}},
	}
}

// Every algorithm and both layouts: what a writer that shares no code with this one wrote is read, proved, given another
// data key, and read by the other reader.
func TestMessagesAreReadAndWritten(t *testing.T) {
	for algorithm := 1; algorithm <= 12; algorithm++ {
		for _, stream := range []bool{false, true} {
			w := written(algorithm, stream)
			data := w.Write()
			m, err := sdkmessage.Parse(data)
			if err != nil {
				t.Fatalf("%d, stream %v: %v", algorithm, stream, err)
			}
			if m.Stream != stream || m.KeySize() != len(w.Key) || !maps.Equal(m.Context, w.Context) || len(m.Keys) != 2 {
				t.Errorf("%d: %+v", algorithm, m)
			}
			if err := m.Prove(w.Key); err != nil {
				t.Errorf("%d, stream %v: %v", algorithm, stream, err)
			}
			if err := m.Prove(bytes.Repeat([]byte{8}, len(w.Key))); err == nil {
				t.Errorf("%d: another key proves it", algorithm)
			}
			if err := m.Prove(w.Key[1:]); err == nil {
				t.Errorf("%d: a short key proves it", algorithm)
			}
			if again, err := m.Bytes(); err != nil || sorted(t, again) != sorted(t, data) {
				t.Errorf("%d, stream %v: it is written otherwise, %v", algorithm, stream, err)
			}
			next, err := m.WithKeys(w.Key, []sdkmessage.DataKey{{ID: "acs:kms:cn-x:1:key/c", Blob: []byte("blob of c")}})
			if err != nil {
				t.Fatal(err)
			}
			moved, err := next.Bytes()
			if err != nil {
				t.Fatal(err)
			}
			got, err := sdkmessagetest.Read(moved, w.Key)
			if err != nil || string(got.Plain) != string(w.Plain) || len(got.Keys) != 1 || got.Keys[0].ID != "acs:kms:cn-x:1:key/c" || !maps.Equal(got.Context, w.Context) {
				t.Errorf("%d, stream %v: %+v, %v", algorithm, stream, got, err)
			}
			if parsed, err := sdkmessage.Parse(moved); err != nil || !parsed.SameBut(m) {
				t.Errorf("%d, stream %v: the body is another, %v", algorithm, stream, err)
			}
		}
	}
}

// sorted is a message with its data keys in order: a stream keeps the writer's.
func sorted(t *testing.T, data []byte) string {
	t.Helper()
	m, err := sdkmessage.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(m.Keys, func(a, b sdkmessage.DataKey) int { return bytes.Compare([]byte(a.ID), []byte(b.ID)) })
	out, err := m.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// Without a context, as most clients write.
func TestNoContext(t *testing.T) {
	for _, stream := range []bool{false, true} {
		w := written(2, stream)
		w.Context = nil
		m, err := sdkmessage.Parse(w.Write())
		if err != nil || m.Prove(w.Key) != nil || len(m.Context) != 0 {
			t.Fatalf("stream %v: %+v, %v", stream, m, err)
		}
		if again, err := m.Bytes(); err != nil || len(again) != len(w.Write()) {
			t.Errorf("stream %v: %d bytes, %v", stream, len(again), err)
		}
	}
}

// A bit that flips makes it no message, or one that is not proved: nothing of a header or of a body of GCM is free.
func TestEveryBitIsBound(t *testing.T) {
	for _, stream := range []bool{false, true} {
		w := written(2, stream)
		data := w.Write()
		for i := range data {
			for bit := range 8 {
				flipped := bytes.Clone(data)
				flipped[i] ^= 1 << bit
				m, err := sdkmessage.Parse(flipped)
				if err == nil && m.Prove(w.Key) == nil {
					t.Errorf("stream %v: bit %d of byte %d of %d is not noticed", stream, bit, i, len(data))
				}
			}
		}
		for n := range data {
			if m, err := sdkmessage.Parse(data[:n]); err == nil && m.Prove(w.Key) == nil {
				t.Errorf("stream %v: cut to %d of %d", stream, n, len(data))
			}
		}
	}
}

func TestWhatIsNoMessage(t *testing.T) {
	twice := written(2, true)
	twice.Keys[1].ID = twice.Keys[0].ID
	none := written(2, false)
	none.Keys = nil
	for name, data := range map[string][]byte{
		"nothing": nil, "a text": []byte("0x30"), "a sequence": {0x30, 0}, "no keys": none.Write(), "one key twice": twice.Write(),
		"zeros": make([]byte, 100), "a version": {0, 0, 0, 1, 0, 0, 0, 2, 0xff, 0xff, 0xff, 0xff},
		"behind it": append(written(2, false).Write(), 0),
	} {
		if m, err := sdkmessage.Parse(data); !errors.Is(err, sdkmessage.ErrNone) {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, algorithm := range []int{2, 6, 9} {
		for _, stream := range []bool{false, true} {
			f.Add(written(algorithm, stream).Write())
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := sdkmessage.Parse(data)
		if err != nil {
			return
		}
		out, err := m.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		again, err := sdkmessage.Parse(out)
		if err != nil || !again.SameBut(m) || len(again.Keys) != len(m.Keys) {
			t.Fatalf("it is written otherwise: %v", err)
		}
	})
}
