package work

import (
	"bytes"
	"context"
	"io"
	"slices"
	"testing"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/source"
	"kmsplan.dev/kmsplan/internal/kms"
)

func TestObjectsComeUnderTheTargetAndOpenAsBefore(t *testing.T) {
	for _, action := range []batch.Action{batch.Rewrap, batch.Reencrypt} {
		t.Run(string(action), func(t *testing.T) {
			r := newRig(t)
			for name, plain := range sizes() {
				r.put(name, plain)
			}
			target := r.rotate()
			w := r.worker(action)
			for name, plain := range sizes() {
				before := r.source.Get(name)
				got := r.object(w, name)
				if got.Outcome != batch.Written || got.KeyVersion != target || !got.Proved {
					t.Errorf("%s: %+v %+v", name, got, got.Failure)
				}
				if e := r.entry(name); e.KeyVersion != target {
					t.Errorf("%s is under %s", name, e.KeyVersion)
				}
				body := before[len(before)-16:]
				if same := bytes.HasSuffix(r.source.Get(name), body); same != (action == batch.Rewrap) {
					t.Errorf("%s: the body is the same: %v", name, same)
				}
				r.opens(name, plain)
			}
		})
	}
}

func TestARewrapSendsNoMoreThanTheHeader(t *testing.T) {
	r := newRig(t)
	r.put("large", make([]byte, 3<<20))
	r.rotate()
	got := r.object(r.worker(batch.Rewrap), "large")
	if got.Sent > 64<<10 || got.Read > 128<<10 || got.Copied < 3<<20 {
		t.Errorf("%d bytes were sent, %d read and %d copied", got.Sent, got.Read, got.Copied)
	}
}

func TestASecondRunMakesNoCallAndWritesNothing(t *testing.T) {
	for _, action := range []batch.Action{batch.Rewrap, batch.Reencrypt, batch.Encrypt} {
		r := newRig(t)
		r.put("a", []byte("x"))
		if action == batch.Encrypt {
			r.source.Put("a", []byte("x"))
		} else {
			r.rotate()
		}
		entry, w := r.entry("a"), r.worker(action, func(s *batch.Spec) { s.Context = bound })
		if got := r.object(w, "a"); got.Outcome != batch.Written {
			t.Fatalf("%s: %+v %+v", action, got, got.Failure)
		}
		writes := r.source.Writes("a")
		again := r.worker(action)
		got, err := again.Object(t.Context(), 0, entry) // delivered twice, with what the plan saw
		if err != nil || got.Outcome != batch.Already || r.source.Writes("a") != writes || again.Keys.Calls() != 0 {
			t.Errorf("%s a second time: %+v %v, %d calls, %d writes more", action, got, err, again.Keys.Calls(), r.source.Writes("a")-writes)
		}
	}
}

func TestARotationInTheMiddleShowsAsNewer(t *testing.T) {
	r := newRig(t)
	r.put("a", []byte("x"))
	r.put("b", []byte("y"))
	old := r.source.Get("a")
	r.rotate()
	a, b, w := r.entry("a"), r.entry("b"), r.worker(batch.Rewrap)
	later := r.rotate()
	if got, err := w.Object(t.Context(), 0, a); err != nil || got.KeyVersion != later {
		t.Errorf("after the rotation: %+v %v", got, err)
	}
	calls := w.Keys.Calls()
	if got, err := w.Object(t.Context(), 0, a); err != nil || got.Outcome != batch.Newer || w.Keys.Calls() != calls {
		t.Errorf("what is newer, again: %+v %v", got, err)
	}
	if got, err := w.Object(t.Context(), 0, b); err != nil || got.Outcome != batch.Written || got.KeyVersion != later {
		t.Errorf("the next: %+v %v", got, err)
	}
	other := r.worker(batch.Rewrap, func(s *batch.Spec) { s.Target = w.Spec.Target }) // knows of no rotation
	writes := r.source.Writes("a")
	if got, err := other.Object(t.Context(), 0, a); err != nil || got.Outcome != batch.Newer || r.source.Writes("a") != writes {
		t.Errorf("a duplicate elsewhere: %+v %v, %d writes more", got, err, r.source.Writes("a")-writes)
	}
	restored := r.entry("a")
	r.source.Put("a", old) // out of a backup
	if got, err := w.Object(t.Context(), 0, restored); err != nil || got.Outcome != batch.Written || got.KeyVersion != later {
		t.Errorf("what came back from a backup: %+v %v", got, err)
	}
	r.opens("a", []byte("x"))
}

func TestWhatIsWrongWithOneObjectIsItsFailure(t *testing.T) {
	r := newRig(t)
	r.put("good", []byte("x"))
	sealed := r.source.Get("good")
	r.source.Put("plain", []byte("no envelope"))
	r.source.Put("short", sealed[:len(sealed)/3])
	torn := bytes.Clone(sealed)
	torn[bytes.Index(torn, []byte("alikms"))+120] ^= 1
	r.source.Put("torn", torn)
	r.rotate()
	w := r.worker(batch.Rewrap)
	for name, want := range map[string]batch.Class{"plain": batch.ClassNoObject, "short": batch.ClassDamaged, "torn": batch.ClassDamaged} {
		before := r.source.Get(name)
		got, err := w.Object(t.Context(), 3, batch.Entry{Name: name})
		if err != nil || got.Outcome != batch.Failed || got.Failure.Class != want || got.Failure.Chunk != 3 || got.Failure.Object != name {
			t.Errorf("%s: %+v %+v %v", name, got, got.Failure, err)
		}
		if !bytes.Equal(before, r.source.Get(name)) {
			t.Errorf("%s was written", name)
		}
	}
	if got, err := w.Object(t.Context(), 0, batch.Entry{Name: "nothing"}); err != nil || got.Outcome != batch.Gone {
		t.Errorf("what is gone: %+v %v", got, err)
	}
}

func TestAnObjectUnderAKeyThatIsGoneFailsAlone(t *testing.T) {
	r := newRig(t)
	r.put("old", []byte("x"))
	r.must(r.client.DisableKey(t.Context(), r.key))
	spec := "Aliyun_AES_256"
	k, err := r.client.CreateKey(t.Context(), kms.CreateKeyInput{InstanceID: &r.ready.Instance.ID, Spec: &spec})
	r.must(err)
	r.key = k.ID
	got := r.object(r.worker(batch.Rewrap), "old")
	if got.Outcome != batch.Failed || got.Failure.Class != batch.ClassKey || got.Failure.RequestID == "" || got.Failure.Code == "" {
		t.Errorf("%+v %+v", got, got.Failure)
	}
}

func TestATargetThatCannotBeUsedStopsTheChunk(t *testing.T) {
	r := newRig(t)
	r.source.Put("a", []byte("x"))
	w, entry := r.worker(batch.Encrypt), r.entry("a")
	r.must(r.client.DisableKey(t.Context(), r.key))
	if got, err := w.Object(t.Context(), 0, entry); err == nil {
		t.Errorf("with the target disabled the object is %+v %+v", got, got.Failure)
	}
}

func TestWhatAnotherWritesMeanwhileIsTriedAgain(t *testing.T) {
	r := newRig(t)
	r.put("a", []byte("x"))
	r.rotate()
	other, times := r.source.Get("a"), 0
	r.source.Before = func(what, name string) error {
		if what == "replace" && times < 1 {
			times++
			r.source.Put(name, other)
		}
		return nil
	}
	if got := r.object(r.worker(batch.Rewrap), "a"); got.Outcome != batch.Written {
		t.Errorf("changed once: %+v %+v", got, got.Failure)
	}
	r.rotate()
	r.source.Before = func(what, name string) error {
		if what == "replace" {
			r.source.Put(name, other)
		}
		return nil
	}
	if got := r.object(r.worker(batch.Rewrap), "a"); got.Outcome != batch.Failed || got.Failure.Class != batch.ClassChanged || got.Failure.Attempts != tries {
		t.Errorf("changed every time: %+v %+v", got, got.Failure)
	}
}

// lying is a source that gives other bytes than it has, once what was made of them is to be compared.
type lying struct {
	source.Source
	what func(source.Content) source.Content
}

type lyingHandle struct {
	source.Handle
	what func(source.Content) source.Content
}

func (l lying) Open(ctx context.Context, name string) (source.Handle, error) {
	h, err := l.Source.Open(ctx, name)
	return lyingHandle{h, l.what}, err
}

func (l lyingHandle) Replace(ctx context.Context, c source.Content) (source.Written, error) {
	return l.Handle.Replace(ctx, l.what(c))
}

func TestWhatDoesNotOpenLeavesTheOldContent(t *testing.T) {
	for _, size := range []int{100, 2 * inMemory} {
		r := newRig(t)
		plain := bytes.Repeat([]byte("p"), size)
		r.source.Put("a", plain)
		w := r.worker(batch.Encrypt)
		w.corrupt = func(p []byte) []byte {
			torn := bytes.Clone(p)
			torn[len(torn)-1] ^= 1
			return torn
		}
		got := r.object(w, "a")
		if got.Outcome != batch.Failed || got.Failure.Class != batch.ClassUnproved {
			t.Errorf("%d bytes: %+v %+v", size, got, got.Failure)
		}
		if !bytes.Equal(r.source.Get("a"), plain) {
			t.Errorf("%d bytes: the old content is gone", size)
		}
	}
}

// TestAStoreThatCountsBytesHasNoWholeObjectBeforeTheProof: it may take an object for whole once it has all of its bytes, and never ask
// for the end.
func TestAStoreThatCountsBytesHasNoWholeObjectBeforeTheProof(t *testing.T) {
	r := newRig(t)
	plain := bytes.Repeat([]byte("p"), 2*inMemory)
	r.source.Put("a", plain)
	w := r.worker(batch.Encrypt)
	w.corrupt = func(p []byte) []byte { return slices.Concat(p[:len(p)-1], []byte{p[len(p)-1] ^ 1}) }
	seen := int64(0)
	w.Source = lying{r.source, func(c source.Content) source.Content {
		c.Head = io.TeeReader(c.Head, counter{&seen})
		return c
	}}
	r.object(w, "a")
	if sealed := int64(len(plain)); seen >= sealed+sealed/(16<<10)*16+9000 {
		t.Errorf("the store had %d bytes, all of them", seen)
	}
	if !bytes.Equal(r.source.Get("a"), plain) {
		t.Error("the old content is gone")
	}
}

type counter struct{ n *int64 }

func (c counter) Write(p []byte) (int, error) { *c.n += int64(len(p)); return len(p), nil }

func TestASampleIsAShareOfTheObjects(t *testing.T) {
	some := batch.Sample{Share: 0.01}
	n := 0
	for i := range 100_000 {
		name := string(rune('a'+i%26)) + "/" + string(rune('0'+i%10)) + "-" + t.Name() + string(rune(i))
		if chosen(some, "m", name) {
			n++
		}
	}
	if n < 700 || n > 1300 {
		t.Errorf("one of a hundred is %d of 100,000", n)
	}
	if !chosen(batch.Sample{All: true}, "m", "x") || chosen(batch.Sample{}, "m", "x") {
		t.Error("all, or none")
	}
}

func TestVerifyOpensEveryWrapAndBelievesNoHeader(t *testing.T) {
	r := newRig(t)
	r.put("a", []byte("x"))
	w := r.worker(batch.Verify)
	if got := r.object(w, "a"); got.Outcome != batch.Opened || !got.Proved || w.Keys.Calls() != 1 {
		t.Errorf("%+v %+v, %d calls", got, got.Failure, w.Keys.Calls())
	}
	claims := bytes.Replace(r.source.Get("a"), []byte(w.Spec.Target.Version), []byte(r.rotate()), 1)
	r.source.Put("a", claims) // the header says a version that it is not under
	w = r.worker(batch.Verify)
	if got, err := w.Object(t.Context(), 0, batch.Entry{Name: "a"}); err != nil || got.Outcome != batch.Failed {
		t.Errorf("a header that claims another version: %+v %v", got, err)
	}
	w = r.worker(batch.Rewrap, func(s *batch.Spec) { s.Sample.All = true })
	if got, err := w.Object(t.Context(), 0, batch.Entry{Name: "a"}); err != nil || got.Outcome != batch.Failed {
		t.Errorf("and with verify = all: %+v %v", got, err)
	}
}

func TestCallsAreCountedByChunk(t *testing.T) {
	r := newRig(t)
	w := r.worker(batch.Encrypt)
	if w.Keys.Calls() != 0 {
		t.Fatal("calls before the first")
	}
	r.source.Put("a", []byte("x"))
	r.object(w, "a")
	if got := w.Keys.Calls(); got != 2 {
		t.Errorf("a data key costs %d calls, want one and its proof", got)
	}
}
