package envelope

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// disk is a file that remembers what was written between syncs, so that a test
// can tell what a crash may leave.
type disk struct {
	bytes  []byte
	epochs [][]write // writes, grouped by the sync that follows them
	fail   int       // the write or sync that fails, from 1
	calls  int
}

type write struct {
	at   int64
	data []byte
}

var errDisk = errors.New("disk failed")

func (d *disk) ReadAt(p []byte, off int64) (int, error) {
	return bytes.NewReader(d.bytes).ReadAt(p, off)
}

func (d *disk) WriteAt(p []byte, off int64) (int, error) {
	if d.calls++; d.calls == d.fail {
		return 0, errDisk
	}
	if len(d.epochs) == 0 {
		d.epochs = append(d.epochs, nil)
	}
	last := len(d.epochs) - 1
	d.epochs[last] = append(d.epochs[last], write{off, slices.Clone(p)})
	return copy(d.bytes[off:], p), nil
}

func (d *disk) Sync() error {
	if d.calls++; d.calls == d.fail {
		return errDisk
	}
	d.epochs = append(d.epochs, nil)
	return nil
}

// images calls f with every image that a crash may leave: earlier epochs whole,
// and of the epoch at hand one write torn at any byte, from the front or the
// back, its neighbours there or not.
func (d *disk) images(before []byte, f func(what string, image []byte)) {
	base := slices.Clone(before)
	for e, epoch := range d.epochs {
		for torn, w := range epoch {
			for _, others := range []bool{false, true} {
				if others && len(epoch) == 1 {
					continue
				}
				image := slices.Clone(base)
				for i, o := range epoch {
					if others && i != torn {
						copy(image[o.at:], o.data)
					}
				}
				tear(image, w, func(n int, how string) {
					f(fmt.Sprintf("epoch %d, write %d, %d bytes from the %s", e, torn, n, how), image)
				})
			}
		}
		for _, w := range epoch {
			copy(base[w.at:], w.data)
		}
	}
	f("complete", base)
}

// tear calls f for each part of a write, passing over parts that change nothing.
func tear(image []byte, w write, f func(n int, how string)) {
	target := image[w.at:][:len(w.data)]
	old := slices.Clone(target)
	last := len(target) - 1
	for how, at := range map[string]func(n int) int{"front": func(n int) int { return n }, "back": func(n int) int { return last - n }} {
		f(0, how)
		for n := range target {
			if i := at(n); target[i] != w.data[i] {
				target[i] = w.data[i]
				f(n+1, how)
			}
		}
		copy(target, old)
	}
}

func stanzasFor(t testing.TB, dataKey []byte, boxes ...Recipient) []*Stanza {
	t.Helper()
	s, err := Wrap(t.Context(), dataKey, testContext, boxes...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var (
	rewrapPlain = text(chunk + 10)
	asA         = OpenOptions{Identities: []Identity{boxA}}
	asB         = OpenOptions{Identities: []Identity{boxB}}
	asEither    = OpenOptions{Identities: []Identity{boxA, boxB}}
)

func slottedFile(t testing.TB) []byte {
	return seal(t, Options{DataKey: key(AES256), Context: testContext, Size: UnknownSize}, rewrapPlain)
}

// TestRewrapSurvivesEveryCrash opens every image that a crash during a rewrap
// may leave, and rewraps it once more. Odd rounds write slot 1, even ones 0.
func TestRewrapSurvivesEveryCrash(t *testing.T) {
	file := slottedFile(t)
	boxes := []Recipient{boxB, boxA}
	for round := range 2 {
		d := &disk{bytes: slices.Clone(file)}
		h, err := Rewrap(d, key(AES256), stanzasFor(t, key(AES256), boxes[round]))
		if err != nil {
			t.Fatal(err)
		}
		count := 0
		d.images(file, func(what string, image []byte) {
			count++
			checkImage(t, what, image, h.Generation, count%16 == 0)
		})
		if count < 2*2*300 || t.Failed() {
			t.Fatalf("round %d: %d images", round, count)
		}
		file = d.bytes
	}
}

func checkImage(t *testing.T, what string, image []byte, generation uint64, again bool) {
	t.Helper()
	h, dataKey, err := Unlock(t.Context(), bytes.NewReader(image), asEither)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if h.Generation != generation && h.Generation != generation-1 {
		t.Fatalf("%s: generation %d", what, h.Generation)
	}
	if seen := mustHeader(t, image); seen.Generation != h.Generation {
		t.Fatalf("%s: ReadHeader sees generation %d, Unlock %d", what, seen.Generation, h.Generation)
	}
	if !again {
		return
	}
	if got, err := openAs(t, image, asEither); err != nil || !bytes.Equal(got, rewrapPlain) {
		t.Fatalf("%s: %v", what, err)
	}
	d := &disk{bytes: slices.Clone(image)}
	after, err := Rewrap(d, dataKey, stanzasFor(t, dataKey, boxB))
	if err != nil || after.Generation != h.Generation+1 {
		t.Fatalf("%s: rewrapping again: %v", what, err)
	}
	if h := mustHeader(t, d.bytes); h.Interrupted {
		t.Fatalf("%s: the old slot is still readable after rewrapping again", what)
	}
	if _, err := openAs(t, d.bytes, asA); !errors.Is(err, ErrIncorrectIdentity) {
		t.Fatalf("%s: the old recipient still opens the file: %v", what, err)
	}
}

// TestRewrapSurvivesTornSectors: the same with any set of 512-byte sectors.
func TestRewrapSurvivesTornSectors(t *testing.T) {
	file := slottedFile(t)
	d := &disk{bytes: slices.Clone(file)}
	h, err := Rewrap(d, key(AES256), stanzasFor(t, key(AES256), boxB))
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		image := slices.Clone(file)
		stop := rapid.IntRange(0, len(d.epochs)-1).Draw(rt, "epoch")
		for _, epoch := range d.epochs[:stop] {
			for _, w := range epoch {
				copy(image[w.at:], w.data)
			}
		}
		for _, w := range d.epochs[stop] {
			for i := range w.data {
				sector := (w.at + int64(i)) / 512
				if rapid.Uint64().Draw(rt, "sectors")>>(sector%64)&1 == 1 {
					n := min(512, len(w.data)-i)
					copy(image[w.at+int64(i):], w.data[i:i+n])
				}
				if i%512 != 0 {
					break
				}
			}
		}
		checkImage(t, "torn sectors", image, h.Generation, false)
	})
}

// TestInterruptedIsSeen: between the two writes of a rewrap both headers are
// readable, the new one counts, and a census can tell.
func TestInterruptedIsSeen(t *testing.T) {
	file := slottedFile(t)
	d := &disk{bytes: slices.Clone(file), fail: 3}
	if _, err := Rewrap(d, key(AES256), stanzasFor(t, key(AES256), boxB)); !errors.Is(err, errDisk) {
		t.Fatal(err)
	}
	h := mustHeader(t, d.bytes)
	if !h.Interrupted || h.Generation != 2 {
		t.Errorf("generation %d, interrupted %v", h.Generation, h.Interrupted)
	}
	if _, err := openAs(t, d.bytes, asA); err != nil {
		t.Errorf("the old slot, not yet wiped, should open: %v", err)
	}
}

// TestRewrapReportsFailure: no failed write or sync passes for success.
func TestRewrapReportsFailure(t *testing.T) {
	file := slottedFile(t)
	for fail := 1; fail <= 4; fail++ {
		d := &disk{bytes: slices.Clone(file), fail: fail}
		if _, err := Rewrap(d, key(AES256), stanzasFor(t, key(AES256), boxB)); !errors.Is(err, errDisk) {
			t.Errorf("call %d: %v", fail, err)
		}
		if _, err := openAs(t, d.bytes, asEither); err != nil {
			t.Errorf("after failed call %d: %v", fail, err)
		}
	}
}

// TestForgedSlot: a slot of a higher generation that someone without the key
// wrote does not keep the true one from being read or rewrapped.
func TestForgedSlot(t *testing.T) {
	file := slottedFile(t)
	h := mustHeader(t, file)
	forged := *h
	forged.Generation = 99
	text, err := forged.text(bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	copy(file[h.SlotSize:], text)
	if got, err := openAs(t, file, asA); err != nil || !bytes.Equal(got, rewrapPlain) {
		t.Error(err)
	}
	d := &disk{bytes: file}
	after, err := Rewrap(d, key(AES256), stanzasFor(t, key(AES256), boxB))
	if err != nil || after.Generation != 2 {
		t.Errorf("%+v, %v", after, err)
	}
	if _, err := openAs(t, d.bytes, asB); err != nil {
		t.Error(err)
	}
}

// TestRewrapOnDisk works on a real file, changes nothing but the header, and
// grows a slot through RewriteHeader.
func TestRewrapOnDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file.enc")
	before := slottedFile(t)
	if err := os.WriteFile(path, before, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	body := mustHeader(t, before).BodyOffset
	for round := range 5 {
		box := []lockbox{boxB, boxA}[round%2]
		if _, err := Rewrap(f, key(AES256), stanzasFor(t, key(AES256), box)); err != nil {
			t.Fatal(err)
		}
		after, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(after[body:], before[body:]) {
			t.Fatal("the body changed", err)
		}
		if got, err := openAs(t, after, OpenOptions{Identities: []Identity{box}}); err != nil || !bytes.Equal(got, rewrapPlain) {
			t.Fatal(err)
		}
	}
	many := stanzasFor(t, key(AES256), manyBoxes(16)...)
	many[0].Body = bytes.Repeat([]byte{1}, 5000)
	if _, err := Rewrap(f, key(AES256), many); !errors.Is(err, ErrNeedsRewrite) {
		t.Fatalf("outgrown slot: %v", err)
	}
	after, _ := os.ReadFile(path)
	var grown bytes.Buffer
	h, n, err := RewriteHeader(&grown, bytes.NewReader(after), key(AES256), many)
	if err != nil || n != int64(grown.Len()) || h.SlotSize <= minSlot || h.Generation != 7 {
		t.Fatalf("%+v, %d of %d bytes, %v", h, n, grown.Len(), err)
	}
	if got, err := openAs(t, grown.Bytes(), OpenOptions{Identities: []Identity{lockbox{name: "n15", kek: 15}}}); err != nil || !bytes.Equal(got, rewrapPlain) {
		t.Fatal(err)
	}
}

func manyBoxes(n int) []Recipient {
	var all []Recipient
	for i := range n {
		all = append(all, lockbox{name: fmt.Sprintf("n%d", i), kek: byte(i)})
	}
	return all
}

// TestCompactIsRewritten: a compact file has one slot, so it is copied.
func TestCompactIsRewritten(t *testing.T) {
	plain := text(3000)
	file := seal(t, Options{DataKey: key(AES256), Context: testContext, Size: 3000}, plain)
	d := &disk{bytes: slices.Clone(file)}
	if _, err := Rewrap(d, key(AES256), stanzasFor(t, key(AES256), boxB)); !errors.Is(err, ErrNeedsRewrite) || d.calls != 0 {
		t.Fatalf("%v after %d calls", err, d.calls)
	}
	var out bytes.Buffer
	h, n, err := RewriteHeader(&out, bytes.NewReader(file), key(AES256), stanzasFor(t, key(AES256), boxB))
	if err != nil || h.Generation != 2 || h.SlotSize != 0 || n != int64(out.Len()) || n != h.SealedSize(3000) {
		t.Fatalf("%+v, %d, %v", h, n, err)
	}
	if got, err := openAs(t, out.Bytes(), asB); err != nil || !bytes.Equal(got, plain) {
		t.Error(err)
	}
	if _, err := openAs(t, out.Bytes(), asA); !errors.Is(err, ErrIncorrectIdentity) {
		t.Errorf("old recipient: %v", err)
	}
	if mustHeader(t, file).Commitment != h.Commitment {
		t.Error("the commitment changed")
	}
}

// TestRewrapRefusesWrongKey: without the data key no header is replaced.
func TestRewrapRefusesWrongKey(t *testing.T) {
	d := &disk{bytes: slottedFile(t)}
	wrong := bytes.Repeat([]byte{9}, 32)
	if _, err := Rewrap(d, wrong, stanzasFor(t, wrong, boxB)); !errors.Is(err, ErrWrongKey) || d.calls != 0 {
		t.Errorf("%v after %d calls", err, d.calls)
	}
	if _, _, err := RewriteHeader(io.Discard, bytes.NewReader(d.bytes), wrong, stanzasFor(t, wrong, boxB)); !errors.Is(err, ErrWrongKey) {
		t.Error(err)
	}
}

// TestRecipientLimits: what a header cannot hold is refused before anything is
// written.
func TestRecipientLimits(t *testing.T) {
	dup := stanzasFor(t, key(AES256), boxA, boxA)
	for name, o := range map[string]Options{
		"nobody":                 {},
		"too many":               {Recipients: manyBoxes(18)},
		"the same key twice":     {DataKey: key(AES256), Stanzas: dup},
		"unknown type":           {DataKey: key(AES256), Stanzas: []*Stanza{{Type: "foo"}}},
		"stanza without key":     {Stanzas: dup[:1]},
		"a space in an argument": {DataKey: key(AES256), Stanzas: []*Stanza{{Type: "x-a", Args: []string{"b c"}}}},
		"a line too long":        {DataKey: key(AES256), Stanzas: []*Stanza{{Type: "x-a", Args: []string{strings.Repeat("b", maxLine)}}}},
		"too large":              {DataKey: key(AES256), Stanzas: []*Stanza{{Type: "x-a", Body: make([]byte, MaxHeader)}}},
		"short data key":         {DataKey: key(SM4), Recipients: []Recipient{boxA}},
		"unknown suite":          {Suite: 9, Recipients: []Recipient{boxA}},
		"large context":          {Context: Context{"a": strings.Repeat("b", maxPairs)}, Recipients: []Recipient{boxA}},
		"empty name":             {Context: Context{"": "b"}, Recipients: []Recipient{boxA}},
		"not UTF-8":              {Context: Context{"a": "\xff"}, Recipients: []Recipient{boxA}},
	} {
		for _, size := range []int64{0, UnknownSize} {
			var out bytes.Buffer
			o.Size = size
			if _, err := Seal(context.Background(), &out, o); err == nil || out.Len() > 0 {
				t.Errorf("%s: %v, %d bytes written", name, err, out.Len())
			}
		}
	}
	if file := seal(t, Options{Recipients: manyBoxes(17), Size: UnknownSize}, nil); len(mustHeader(t, file).Stanzas) != 17 {
		t.Error("17 recipients should fit")
	}
}
