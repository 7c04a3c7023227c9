package shards

import (
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/state/remote"
	"kmsplan.dev/kmsplan/internal/state/remote/placetest"
)

func TestADirectoryIsAPlace(t *testing.T) {
	placetest.Run(t, func(t *testing.T) func() remote.Place {
		dir := filepath.Join(t.TempDir(), "a", "place")
		return func() remote.Place { return folder{dir} }
	})
}

// Who stands still for long finds the number after its head free again: what it stores is not taken as stored.
func TestAHeadThatComesMuchTooLateIsNotStored(t *testing.T) {
	p := folder{t.TempDir()}
	rev, err := p.Swap(t.Context(), "", []byte("first"))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 * keepHeads {
		if rev, err = p.Swap(t.Context(), rev, []byte("next")); err != nil {
			t.Fatal(err)
		}
	}
	d, err := p.in(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	all, err := heads(d)
	if err != nil || len(all) != keepHeads {
		t.Errorf("the heads are %v: %v", all, err)
	}
	if err := storeNew(d, headName(2), []byte("late")); err != nil { // it had looked long ago
		t.Fatal(err)
	}
	if err := p.tidy(d, 2); err == nil {
		t.Error("what came late was taken as stored")
	}
	if data, _, err := p.Head(t.Context()); err != nil || string(data) != "next" {
		t.Errorf("the head is %q: %v", data, err)
	}
}

func TestSpansHoldWhatWasPutIn(t *testing.T) {
	var s spans
	in := map[int]bool{}
	for range 2000 {
		n := rand.N(700)
		s, in[n] = s.with(n), true
		if s.count() != len(in) {
			t.Fatalf("%d numbers are counted as %d: %v", len(in), s.count(), s)
		}
	}
	for n := range 701 {
		if s.has(n) != in[n] {
			t.Errorf("%d: %v", n, s.has(n))
		}
	}
	for i := range s[1:] {
		if s[i][1] >= s[i+1][0] {
			t.Errorf("the ranges %v and %v touch", s[i], s[i+1])
		}
	}
}

func TestShardsDivideTheChunks(t *testing.T) {
	for _, chunks := range []int{0, 1, 7, 10, 101} {
		for of := 1; of < 13; of++ {
			seen := map[int]int{}
			for i := range of {
				s := Shard{i, of}
				for n := range s.chunks(chunks) {
					seen[s.at(n)]++
				}
			}
			for c := range chunks {
				if seen[c] != 1 {
					t.Errorf("of %d chunks in %d shards, chunk %d is in %d", chunks, of, c, seen[c])
				}
			}
			if len(seen) != chunks {
				t.Errorf("%d chunks in %d shards are %d", chunks, of, len(seen))
			}
		}
	}
}

func TestParseShard(t *testing.T) {
	if s, err := ParseShard("3/10"); err != nil || s != (Shard{3, 10}) {
		t.Errorf("3/10 is %v: %v", s, err)
	}
	for _, text := range []string{"", "3", "/", "3/", "/10", "10/10", "-1/10", "3/0", "3/10 ", " 3/10", "03/10", "3/10/1", "a/b", "3/100000", "+3/10"} {
		if s, err := ParseShard(text); err == nil || !strings.Contains(err.Error(), "-shard") {
			t.Errorf("%q is %v: %v", text, s, err)
		}
	}
}

func TestAddressesThatAreNone(t *testing.T) {
	for address, says := range map[string]string{
		"s3://key:secret@bucket/p":                "credentials",
		"s3://bucket/p?secret_key=hush":           "secret_key",
		"s3://bucket/p?path_style=maybe":          "true or false",
		"s3://bucket/p?endpoint=http://far.test":  "https",
		"oss://bucket/p?endpoint=http://far.test": "region",
		"gs://bucket/p":                           "s3://BUCKET/PREFIX",
		"s3://":                                   "bucket",
		"s3://bucket//p":                          "slash",
	} {
		_, err := Open(address, Shard{}, Options{})
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "hush") || strings.Contains(err.Error(), "key:secret") {
			t.Errorf("%s: %v", address, err)
		}
	}
	if q, err := Open("s3://bucket/p?region=eu-1&endpoint=https://s3.test", Shard{}, Options{}); err != nil || q.Place() != "s3://bucket/p" {
		t.Errorf("the place is %q: %v", q.Place(), err)
	}
}
