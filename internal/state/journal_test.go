package state_test

import (
	"bytes"
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

func startJournal(t testing.TB, path string) *state.Journal {
	t.Helper()
	j, err := state.OpenJournal(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Start("lineage", 7); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	return j
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
	path := filepath.Join(t.TempDir(), "s.journal")
	j := startJournal(t, path)
	appendAll(t, j, begin("a"), end("a", "id-a"), record("a"), state.ForgetEntry("key.b", "b"),
		state.FileEntry(state.File{Address: "data.encrypt.x", Path: "x"}), state.ForgetFileEntry("data.encrypt.x", "y"), state.OutputEntry("o", "v"))
	want := j.Entries()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := state.OpenJournal(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if got := again.Entries(); !reflect.DeepEqual(got, want) {
		t.Errorf("read %+v\nwant %+v", got, want)
	}
	appendAll(t, again, record("c"))
	if got := must(state.ReadJournal(path)); len(got) != len(want)+1 {
		t.Errorf("%d entries after one more, want %d", len(got), len(want)+1)
	}
}

func TestOneProcessHoldsTheJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.journal")
	early := must(state.OpenJournal(path, nil)) // before there is a file
	j := startJournal(t, path)
	if _, err := state.OpenJournal(path, nil); !errors.Is(err, state.ErrJournalBusy) {
		t.Errorf("opening it twice gave %v", err)
	}
	if err := early.Start("lineage", 7); !errors.Is(err, state.ErrJournalBusy) {
		t.Errorf("starting it over another's gave %v", err)
	}
	if err := j.Settle("lineage", 8, []state.Intent{*begin("a").Intent}); err != nil {
		t.Fatal(err)
	}
	if _, err := state.OpenJournal(path, nil); !errors.Is(err, state.ErrJournalBusy) {
		t.Errorf("opening the renewed journal gave %v", err)
	}
}

func TestAnEntryThatSaysNothingIsRefused(t *testing.T) {
	j := startJournal(t, filepath.Join(t.TempDir(), "s.journal"))
	for _, e := range []state.Entry{{}, {Op: state.OpRecord}, {Op: state.OpEnd, IntentID: "x"}, {Op: state.OpOpen, Header: &state.Header{}}, {Op: "dance", Address: "key.a"}} {
		if err := j.Append(e); err == nil {
			t.Errorf("%+v was appended", e)
		}
	}
}

func TestATornEndIsCutAndNothingElse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.journal")
	j := startJournal(t, path)
	appendAll(t, j, begin("a"), end("a", "id-a"), record("a"))
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	whole := must(os.ReadFile(path))
	ends := lineEnds(whole)
	for cut := range len(whole) + 1 {
		if err := os.WriteFile(path, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		torn, err := state.OpenJournal(path, nil)
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
		if err := torn.Start("lineage", 7); err != nil {
			t.Fatal(err)
		}
		appendAll(t, torn, record("z"))
		if err := torn.Close(); err != nil {
			t.Fatal(err)
		}
		if got := must(state.ReadJournal(path)); len(got) != max(want, 1)+1 {
			t.Fatalf("cut at %d, then appended: %d entries, want %d", cut, len(got), max(want, 1)+1)
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
	path := filepath.Join(t.TempDir(), "s.journal")
	j := startJournal(t, path)
	appendAll(t, j, begin("a"), end("a", "id-a"), record("a"))
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	whole := must(os.ReadFile(path))
	ends := lineEnds(whole)
	for at := range ends[len(ends)-2] { // every byte of every line but the last
		damaged := bytes.Clone(whole)
		damaged[at] ^= 0x04
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := state.OpenJournal(path, nil); !errors.Is(err, state.ErrJournal) {
			t.Fatalf("byte %d flipped: %v", at, err)
		}
		if got := must(os.ReadFile(path)); !bytes.Equal(got, damaged) {
			t.Fatalf("byte %d flipped: the damaged journal was changed", at)
		}
	}
}

// A batch that lost its first page in a power cut, but not its second, was never
// acknowledged: nothing was called, so it is torn, not damaged.
func TestABatchTornInItsMiddleIsCut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.journal")
	j := startJournal(t, path)
	appendAll(t, j, record("a"))
	before := len(must(os.ReadFile(path)))
	if err := j.Append(record("b"), record("c"), record("d")); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	data := must(os.ReadFile(path))
	copy(data[before:], make([]byte, 20))
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	entries, err := state.ReadJournal(path)
	if err != nil || len(entries) != 2 {
		t.Errorf("read %d entries, %v; want header and key.a", len(entries), err)
	}
}

func TestConcurrentAppendsShareSyncs(t *testing.T) {
	const workers, each = 32, 20
	path := filepath.Join(t.TempDir(), "s.journal")
	var syncs atomic.Int64
	gate := make(chan struct{})
	j, err := state.OpenJournal(path, func(name string) {
		if name == "journal.synced" {
			syncs.Add(1)
		}
		if name == "journal.append" {
			<-gate // the first batch waits until all workers have come
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if err := j.Start("lineage", 1); err != nil {
		t.Fatal(err)
	}
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
	if got := len(must(state.ReadJournal(path))); got != workers*each+1 {
		t.Errorf("%d entries on disk, want %d", got, workers*each+1)
	}
	if n := syncs.Load(); n >= workers*each {
		t.Errorf("%d appends took %d syncs: none was shared", workers*each, n)
	}
}

func appendForever(path string) error {
	j, err := state.OpenJournal(path, nil)
	if err != nil {
		return err
	}
	if err := j.Start("lineage", 7); err != nil {
		return err
	}
	for i := len(j.Entries()) - 1; ; i++ {
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
		entries, err := state.ReadJournal(path + ".journal")
		if err != nil {
			t.Fatalf("kill %d: %v", kill, err)
		}
		if got := len(entries) - 1; got < last+1 {
			t.Fatalf("kill %d: entry %d was acknowledged; %d are there", kill, last, got)
		}
	}
}

func FuzzReadJournal(f *testing.F) {
	path := filepath.Join(f.TempDir(), "seed.journal")
	j := startJournal(f, path)
	appendAll(f, j, begin("a"), end("a", "id-a"), record("a"))
	f.Add(must(os.ReadFile(path)))
	f.Add([]byte("00000000 0 {}\n"))
	f.Add([]byte("\n\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "s.journal")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		j, err := state.OpenJournal(path, nil)
		if err != nil {
			if got := must(os.ReadFile(path)); !bytes.Equal(got, data) {
				t.Errorf("a journal that was refused (%v) was changed", err)
			}
			return
		}
		defer j.Close()
		before := len(j.Entries())
		if err := j.Start("lineage", 7); err != nil {
			t.Fatal(err)
		}
		if err := j.Append(record("z")); err != nil {
			t.Fatal(err)
		}
		if got := must(state.ReadJournal(path)); len(got) != max(before, 1)+1 {
			t.Errorf("%d entries after an append to %d", len(got), before)
		}
	})
}
