package local_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/local"
)

func record(id string) state.Entry {
	return state.Record(state.Resource{Address: "key." + id, Kind: "key", ID: id})
}

func begin(id string) state.Entry {
	return state.Begin(state.Intent{ID: "intent-" + id, Address: "key." + id, Kind: "key", Operation: "CreateKey", Token: "token-" + id})
}

func end(id, object string) state.Entry {
	return state.End("intent-"+id, state.Result{ObjectID: object})
}

func startJournal(t testing.TB, l *local.Store) *state.Journal {
	t.Helper()
	j, _, err := state.Open(t.Context(), l, "test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Abandon() })
	return j
}

func entriesOf(t testing.TB, l *local.Store) []state.Entry {
	t.Helper()
	entries, err := l.ReadJournal(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func appendAll(t testing.TB, j *state.Journal, entries ...state.Entry) {
	t.Helper()
	for _, e := range entries {
		if err := j.Append(e); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAJournalIsReadBackByTheNextProcess(t *testing.T) {
	l := newLocal(t)
	j := startJournal(t, l)
	appendAll(t, j, begin("a"), end("a", "id-a"), record("a"), state.ForgetEntry("key.b", "b"),
		state.FileEntry(state.File{Address: "data.encrypt.x", Path: "x\xff\\y"}), state.ForgetFileEntry("data.encrypt.x", "y\xff"), state.OutputEntry("o", "v"))
	want := entriesOf(t, l)
	if err := j.Abandon(); err != nil {
		t.Fatal(err)
	}
	again, err := l.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer again.Abandon()
	if got := again.Entries(); len(want) != 8 || !reflect.DeepEqual(got[1:], want[1:]) {
		t.Errorf("read %+v\nwant %+v", got, want)
	}
	if err := again.Append(t.Context(), record("c")); err != nil {
		t.Fatal(err)
	}
	if got := entriesOf(t, l); len(got) != len(want)+1 {
		t.Errorf("%d entries after one more, want %d", len(got), len(want)+1)
	}
}

func newLocal(t testing.TB) *local.Store {
	return openLocal(t, filepath.Join(t.TempDir(), "s.json"))
}

func TestOneProcessHoldsTheJournal(t *testing.T) {
	l := newLocal(t)
	early := startJournal(t, l) // before there is a file
	j := startJournal(t, l)
	appendAll(t, j, begin("a"))
	if _, err := l.Begin(t.Context()); !errors.Is(err, state.ErrJournalBusy) {
		t.Errorf("opening it twice gave %v", err)
	}
	if err := early.Append(record("b")); !errors.Is(err, state.ErrJournalBusy) {
		t.Errorf("creating it over another's gave %v", err)
	}
	if early.Err() == nil {
		t.Error("a journal that could not begin is not broken")
	}
	if got := entriesOf(t, l); len(got) != 2 {
		t.Errorf("the journal holds %+v", got)
	}
}

func TestAnEntryThatSaysNothingIsRefused(t *testing.T) {
	j := startJournal(t, newLocal(t))
	for _, e := range []state.Entry{{}, {Op: state.OpRecord}, {Op: state.OpEnd, IntentID: "x"}, {Op: state.OpOpen, Header: &state.Header{}}, {Op: "dance", Address: "key.a"}} {
		if err := j.Append(e); err == nil {
			t.Errorf("%+v was appended", e)
		}
	}
}

// journalOf returns the path and the bytes of a journal with these entries, whose writer died.
func journalOf(t testing.TB, l *local.Store, entries ...state.Entry) (string, []byte) {
	t.Helper()
	j := startJournal(t, l)
	appendAll(t, j, entries...)
	if err := j.Abandon(); err != nil {
		t.Fatal(err)
	}
	return l.Path() + ".journal", must(os.ReadFile(l.Path() + ".journal"))
}

func TestATornEndIsCutAndNothingElse(t *testing.T) {
	l := newLocal(t)
	path, whole := journalOf(t, l, begin("a"), end("a", "id-a"), record("a"))
	ends := lineEnds(whole)
	for cut := range len(whole) + 1 {
		if err := os.WriteFile(path, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		torn, err := l.Begin(t.Context())
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		want := 0
		for _, e := range ends {
			if e <= cut {
				want++
			}
		}
		if got := len(torn.Entries()); got != want {
			t.Fatalf("cut at %d: %d entries, want %d", cut, got, want)
		}
		if want > 0 { // a journal that holds nothing begins with a header, which state.Journal writes
			if err := torn.Append(t.Context(), record("z")); err != nil {
				t.Fatal(err)
			}
			if got := entriesOf(t, l); len(got) != want+1 {
				t.Fatalf("cut at %d, then appended: %d entries, want %d", cut, len(got), want+1)
			}
		}
		if err := torn.Abandon(); err != nil {
			t.Fatal(err)
		}
	}
}

func lineEnds(data []byte) []int {
	var ends []int
	for i, c := range data {
		if c == '\n' {
			ends = append(ends, i+1)
		}
	}
	return ends
}

func TestDamageInTheMiddleIsAnError(t *testing.T) {
	l := newLocal(t)
	path, whole := journalOf(t, l, begin("a"), end("a", "id-a"), record("a"))
	checkDamage(t, l, path, whole)
	again := startJournal(t, l) // a journal that was taken over appeared whole
	if err := again.Abandon(); err != nil {
		t.Fatal(err)
	}
	checkDamage(t, l, path, must(os.ReadFile(path)))
}

// checkDamage flips a bit of every byte of every line but the last, and puts the journal back.
func checkDamage(t *testing.T, l *local.Store, path string, whole []byte) {
	t.Helper()
	ends := lineEnds(whole)
	for at := range ends[len(ends)-2] {
		damaged := bytes.Clone(whole)
		damaged[at] ^= 0x04
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Begin(t.Context()); !errors.Is(err, state.ErrJournal) {
			t.Fatalf("byte %d flipped: %v", at, err)
		}
		if got := must(os.ReadFile(path)); !bytes.Equal(got, damaged) {
			t.Fatalf("byte %d flipped: the damaged journal was changed", at)
		}
	}
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
}

// A batch that lost its first page in a power cut, but not its second, was never
// acknowledged: nothing was called, so it is torn, not damaged.
func TestABatchTornInItsMiddleIsCut(t *testing.T) {
	l := newLocal(t)
	j := startJournal(t, l)
	appendAll(t, j, record("a"))
	path := l.Path() + ".journal"
	before := len(must(os.ReadFile(path)))
	if err := j.Append(record("b"), record("c"), record("d")); err != nil {
		t.Fatal(err)
	}
	data := must(os.ReadFile(path))
	copy(data[before:], make([]byte, 20))
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if entries := entriesOf(t, l); len(entries) != 2 {
		t.Errorf("read %d entries; want header and key.a", len(entries))
	}
}

func TestConcurrentAppendsShareSyncs(t *testing.T) {
	const workers, each = 32, 20
	var syncs atomic.Int64
	gate := make(chan struct{})
	l := openWith(t, filepath.Join(t.TempDir(), "s.json"), local.Options{Fail: func(name string) {
		if name == "journal.synced" {
			syncs.Add(1)
		}
		if name == "journal.append" {
			<-gate // the first batch waits until all workers have come
		}
	}})
	j := startJournal(t, l)
	var wg sync.WaitGroup
	var arrived atomic.Int64
	for w := range workers {
		wg.Go(func() {
			if arrived.Add(1) == workers {
				close(gate)
			}
			for i := range each {
				if err := j.Append(record(fmt.Sprintf("w%d_%d", w, i))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got := len(entriesOf(t, l)); got != workers*each+1 {
		t.Errorf("%d entries on disk, want %d", got, workers*each+1)
	}
	if n := syncs.Load(); n >= workers*each {
		t.Errorf("%d appends took %d syncs: none was shared", workers*each, n)
	}
}

func appendForever(ctx context.Context, l *local.Store) error {
	j, at, err := state.Open(ctx, l, "test")
	if err != nil {
		return err
	}
	for i := len(at.State.Resources); ; i++ {
		if err := j.Append(record(fmt.Sprint("k", i))); err != nil {
			return err
		}
		fmt.Println(i)
	}
}

func TestKill9LosesNoAcknowledgedEntry(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.json")
	for kill := range 40 {
		cmd := command(t, "append forever", path)
		out := must(cmd.StdoutPipe())
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		last := -1
		for n := 0; ; n++ {
			if _, err := fmt.Fscan(out, &last); err != nil {
				break
			}
			if n == kill%5 {
				time.AfterFunc(time.Duration(kill*61%900)*time.Microsecond, func() { _ = cmd.Process.Kill() })
			}
		}
		if err := cmd.Wait(); err == nil {
			t.Fatal("the child ended by itself")
		}
		if got := len(entriesOf(t, openLocal(t, path))) - 1; got < last+1 {
			t.Fatalf("kill %d: entry %d was acknowledged; %d are there", kill, last, got)
		}
	}
}
