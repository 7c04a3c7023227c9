package ops

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/envelope"
)

// TestReencrypt: another data key, everything else as it was; documents too.
func TestReencrypt(t *testing.T) {
	r := newRig(t)
	key, other := r.aesKey(), r.aesKey()
	yaml := []byte("# who\nname: Ada\nport: 8080\n")
	for form, c := range map[string]struct {
		plain []byte
		s     Seal
	}{
		"empty":    {nil, Seal{Key: key}},
		"compact":  {pattern(1000, 1), Seal{Key: key, Context: envelope.Context{"app": "a"}}},
		"slotted":  {pattern(300000, 1), Seal{Key: key, Suite: envelope.SM4}},
		"doc.yaml": {yaml, Seal{Key: key, Context: envelope.Context{"app": "a"}, Values: &Values{}}},
	} {
		t.Run(form, func(t *testing.T) {
			path := r.encrypted(r.engine(), form, c.plain, c.s)
			r.must(os.Chmod(path, 0o640))
			before, _, err := Inspect(path)
			r.must(err)
			old := content(t, path)
			for _, under := range []string{"", other} {
				got, changed, err := r.engine().Reencrypt(t.Context(), path, Anew{Key: under}, nil)
				r.must(err)
				want := key
				if under != "" {
					want = under
				}
				if !changed || KeyID(got.KeyARN) != want || got.Plaintext != int64(len(c.plain)) || got.Suite != before.Suite || !got.Context.Equal(before.Context) {
					t.Errorf("changed %v, %+v", changed, got)
				}
				after, _, err := Inspect(path)
				r.must(err)
				if after.Commitment == before.Commitment || bytes.Equal(content(t, path), old) || after.Format() != before.Format() {
					t.Error("nothing is another")
				}
				r.opens(path, c.plain)
				if info, err := os.Stat(path); err != nil || info.Mode() != 0o640 {
					t.Errorf("mode %v, %v", info.Mode(), err)
				}
			}
			calls := r.calls()
			done := func([32]byte) bool { return true }
			if _, changed, err := r.engine().Reencrypt(t.Context(), path, Anew{Done: done}, nil); changed || err != nil || r.calls() != calls {
				t.Errorf("one that is done: changed %v, %v, %d calls", changed, err, r.calls()-calls)
			}
		})
	}
}

// TestReencryptProvesWhatItWrote: a disk that writes something else costs no file.
func TestReencryptProvesWhatItWrote(t *testing.T) {
	r := newRig(t)
	key := r.aesKey()
	for form, s := range map[string]Seal{"envelope": {Key: key}, "doc.yaml": {Key: key, Values: &Values{}}} {
		plain := []byte("name: Ada and a longer value\n")
		path := r.encrypted(r.engine(), form, plain, s)
		old := content(t, path)
		e := r.engine(func(o *Options) {
			o.Disk = func(op durable.Op) error {
				if op.Kind == durable.Write && len(op.Data) > 3 {
					op.Data[len(op.Data)/2] ^= 1
				}
				return nil
			}
		})
		if _, _, err := e.Reencrypt(t.Context(), path, Anew{}, nil); err == nil {
			t.Errorf("%s: what the disk damaged took the old file's place", form)
		}
		if !bytes.Equal(content(t, path), old) {
			t.Errorf("%s: the old file is gone", form)
		}
	}
}

func TestReencryptLocksNobodyOut(t *testing.T) {
	r := newRig(t)
	id := ageIdentity(t)
	path := r.encrypted(r.engine(), "f", []byte("text"), Seal{Key: r.aesKey(), Recipients: []string{id.Recipient().String()}})
	if _, _, err := r.engine().Reencrypt(t.Context(), path, Anew{}, nil); err == nil || !strings.Contains(err.Error(), "-recipient") {
		t.Fatalf("the age recipient went: %v", err)
	}
	for _, a := range []Anew{{Recipients: []string{id.Recipient().String()}}, {Drop: true}} {
		_, _, err := r.engine().Reencrypt(t.Context(), path, a, nil)
		r.must(err)
		h, _, err := Inspect(path)
		r.must(err)
		if want := 1 + len(a.Recipients); len(h.Stanzas) != want {
			t.Errorf("%d stanzas, want %d", len(h.Stanzas), want)
		}
		r.opens(path, []byte("text"))
	}
	r.must(os.Link(path, path+"2"))
	if _, _, err := r.engine().Reencrypt(t.Context(), path, Anew{}, nil); err == nil || !strings.Contains(err.Error(), "hard links") {
		t.Errorf("a file with two names: %v", err)
	}
}

// TestRunNote: a run of the same kind goes on for a day, whatever became of its last line.
func TestRunNote(t *testing.T) {
	dir, began := t.TempDir(), time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	run := func(what string, anew bool, now time.Time, finished bool, note ...[32]byte) int {
		t.Helper()
		r, err := OpenRunNote(dir, "reencrypt", what, anew, now)
		must(err)
		known := r.Count()
		for _, c := range note {
			r.Add(c)
		}
		must(r.Close(finished))
		return known
	}
	one, two := [32]byte{1}, [32]byte{2}
	for i, c := range []struct{ got, want int }{
		{run("k", false, began, false, one), 0},
		{run("k", false, began.Add(time.Hour), false, two), 1},
		{run("k", false, began.Add(2*time.Hour), false), 2},
		{run("k", false, began.Add(25*time.Hour), false, one), 0},
		{run("other", false, began.Add(26*time.Hour), false, one), 0},
		{run("other", true, began.Add(26*time.Hour), false, one), 0},
		{run("other", false, began.Add(26*time.Hour), true), 1},
		{run("other", false, began.Add(26*time.Hour), false, one), 0},
	} {
		if c.got != c.want {
			t.Errorf("run %d knows %d files, want %d", i, c.got, c.want)
		}
	}
	f, err := os.OpenFile(dir+"/.kmsplan/reencrypt.jsonl", os.O_APPEND|os.O_WRONLY, 0)
	must(err)
	_, err = f.WriteString(`{"commitment":"AgAAA`)
	must(errors.Join(err, f.Close()))
	if got := run("other", false, began.Add(26*time.Hour), false, two); got != 1 {
		t.Errorf("with a torn line %d files are known", got)
	}
	if got := run("other", false, began.Add(26*time.Hour), false); got != 2 {
		t.Errorf("behind a torn line %d files are known", got)
	}
	must(os.Chmod(dir+"/.kmsplan/reencrypt.jsonl", 0o666))
	if got := run("other", false, began.Add(26*time.Hour), false); got != 0 {
		t.Errorf("a note that others may write is believed: %d", got)
	}
}

func content(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
