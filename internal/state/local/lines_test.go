package local

import (
	"bytes"
	"testing"

	"kmsplan.dev/kmsplan/internal/state"
)

// FuzzReadJournal: whatever a journal's file holds, it is refused, or read as a prefix of whole lines behind which
// lines can be written and read again. It needs no file: what a file adds is in the tests of the store.
func FuzzReadJournal(f *testing.F) {
	open := state.Entry{Op: state.OpOpen, Header: &state.Header{Format: state.JournalFormat, ID: "j", Lineage: "l", Base: 7}}
	intent := state.Begin(state.Intent{ID: "i", Address: "key.a", Kind: "key", Operation: "CreateKey", Token: "t"})
	record := state.Record(state.Resource{Address: "key.a", Kind: "key", ID: "a"})
	whole, err := encodeFile([]state.Entry{open, intent, state.End("i", state.Result{ObjectID: "a"}), record})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(append(bytes.Clone(whole), whole[:len(whole)/2]...))
	f.Add([]byte("00000000 0 {}\n"))
	f.Add([]byte("\n\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, length, err := parseJournal("j", data)
		if err != nil {
			return
		}
		if length > int64(len(data)) || len(entries) == 0 && length > 0 {
			t.Fatalf("%d entries in %d of %d bytes", len(entries), length, len(data))
		}
		more := []state.Entry{record}
		if len(entries) == 0 {
			more = []state.Entry{open, record}
		}
		lines, err := encodeLines(length, more)
		if err != nil {
			t.Fatal(err)
		}
		again, _, err := parseJournal("j", append(bytes.Clone(data[:length]), lines...))
		if err != nil || len(again) != len(entries)+len(more) {
			t.Errorf("%d entries after %d were written behind %d: %v", len(again), len(more), len(entries), err)
		}
	})
}
