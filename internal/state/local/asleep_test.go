package local_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/local"
)

// othersWrite adds so many objects, each from a process of its own where locks do nothing.
func othersWrite(t *testing.T, path, name string, n int) {
	t.Helper()
	for i := range n {
		add(t, openWith(t, path, local.Options{Disk: must(durable.ParseFault("skip:lock:1+"))}), fmt.Sprint(name, i))
	}
}

// instants are the moments of a write at which its writer may sleep: the point or the step on the disk before which it does, and how
// many others may write meanwhile so that it still knows what became of it.
var instants = []struct {
	name  string
	point string
	step  func(op durable.Op) bool
	// clear is the number of others after which it cannot know any more; 0 = it always can.
	clear int
	taken bool // it has the name already, and the others go on from what it wrote
}{
	{name: "before it keeps what it replaces", point: "state.swap"},
	{name: "before it takes its name", clear: 12, step: func(op durable.Op) bool {
		return op.Kind == durable.Link && strings.HasSuffix(op.To, "000003.json")
	}},
	{name: "when it has its name", point: "state.claimed", taken: true},
	{name: "before it copies what it wrote to the state file", taken: true, step: func(op durable.Op) bool {
		return op.Kind == durable.Rename && op.To == "s.json"
	}},
}

// Case P11: a writer that sleeps after it has read the state, while others write so often that its name is free again, is
// refused; one that had its name is not.
func TestAWriterThatSleptThroughManyOthersIsRefused(t *testing.T) {
	for _, at := range instants {
		for _, others := range []int{1, 9, 10, 11, 25} {
			t.Run(fmt.Sprintf("%s, %d others", at.name, others), func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "s.json")
				add(t, openLocal(t, path), "a", "b")
				asleep := true
				sleep := func(now bool) {
					if now && asleep {
						asleep = false
						othersWrite(t, path, "k", others)
					}
				}
				sleeper := openWith(t, path, local.Options{
					Fail: func(point string) { sleep(point == at.point) },
					Disk: func(op durable.Op) error {
						sleep(at.step != nil && at.step(op))
						if op.Kind == durable.Lock {
							return durable.ErrSkip
						}
						return nil
					},
				})
				st, v, err := sleeper.Read(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				_, err = sleeper.CompareAndSwap(t.Context(), v, st.Next("sleeper"))
				want, serial := state.ErrStale, uint64(2+others)
				if at.clear > 0 && others >= at.clear {
					want = state.ErrUnclear // even what followed is gone
				}
				if at.taken {
					want, serial = nil, serial+1
				}
				if !errors.Is(err, want) {
					t.Errorf("it gave %v, want %v", err, want)
				}
				st, _, err = sleeper.Read(t.Context())
				if err != nil || len(st.Resources) != 2+others || st.Serial != serial {
					t.Errorf("the state has %d objects at serial %d, %v", len(st.Resources), st.Serial, err)
				}
			})
		}
	}
}

// A reader sleeps between the state file, what is kept beside it, and the one of these that it reads, while others write so often
// that what it saw is pruned: it reads again, and calls nothing damaged.
func TestAReaderThatSleptThroughManyOthersReadsOn(t *testing.T) {
	for _, naps := range [][]int{{1}, {12}, {1, 12}, {1, 0, 12}, {1, 0, 0, 12}, {12, 12, 12}, {1, 12, 12, 1, 12, 12}} {
		t.Run(fmt.Sprint(naps), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "s.json")
			add(t, openLocal(t, path), "a", "b")
			written, nap := 2, 0
			var points []string
			sleeper := openWith(t, path, local.Options{Fail: func(point string) {
				points = append(points, point)
				if nap < len(naps) {
					n := naps[nap]
					nap++
					othersWrite(t, path, fmt.Sprint("n", nap, "_"), n)
					written += n
				}
			}})
			st, _, err := sleeper.Read(t.Context())
			if err != nil || st.Serial < 2 || int(st.Serial) > written || len(st.Resources) != int(st.Serial) {
				t.Fatalf("it read %d objects at serial %d, %v; %d were written; it was at %v", len(st.Resources), st.Serial, err, written, points)
			}
			if st, _, err = sleeper.Read(t.Context()); nap == len(naps) && (err != nil || int(st.Serial) != written) {
				t.Errorf("the next time it read serial %d, %v; want %d", st.Serial, err, written)
			}
		})
	}
}
