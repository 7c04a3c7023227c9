package sdkmessagetest

import (
	"bytes"
	"testing"
)

// The reader opens what the writer wrote, in both layouts, and refuses a key that did not seal it.
func TestItReadsWhatItWrote(t *testing.T) {
	for _, stream := range []bool{false, true} {
		m := Message{Stream: stream, Algorithm: 2, Key: make([]byte, 32), Context: map[string]string{"a": "b"}, Plain: bytes.Repeat([]byte("x"), 70_000), Keys: []DataKey{{"acs:kms:cn-x:1:key/a", []byte("blob")}}}
		got, err := Read(m.Write(), m.Key)
		if err != nil || !bytes.Equal(got.Plain, m.Plain) || got.Context["a"] != "b" || got.Keys[0].ID != m.Keys[0].ID {
			t.Errorf("stream %v: %v", stream, err)
		}
		if _, err := Read(m.Write(), bytes.Repeat([]byte{1}, 32)); err == nil {
			t.Errorf("stream %v: another key opens it", stream)
		}
	}
}
