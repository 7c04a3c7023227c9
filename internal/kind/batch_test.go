package kind

import (
	"strings"
	"testing"
)

// What is true of the tables of other kinds is true of that of batches, which is in no list.
func TestTheTableOfBatchesIsComplete(t *testing.T) {
	k := Batch()
	if k.Data() || k.File() || k.Looks() || !k.Batch() || Lookup(BatchKind, false) != nil || Lookup(BatchKind, true) != nil {
		t.Error("a batch is an object or a data block")
	}
	var look func(path string, attributes []Attribute, blocks []Block)
	look = func(path string, attributes []Attribute, blocks []Block) {
		seen := map[string]bool{}
		for _, a := range attributes {
			if !strings.HasSuffix(a.Doc, ".") || seen[a.Name] || a.Static || a.Mode == Computed {
				t.Errorf("%s.%s: no sentence, twice, or not for an expression", path, a.Name)
			}
			seen[a.Name] = true
		}
		for _, b := range blocks {
			if b.Doc == "" || seen[b.Name] {
				t.Errorf("%s.%s: not documented, or twice", path, b.Name)
			}
			seen[b.Name] = true
			look(path+"."+b.Name, b.Attributes, b.Blocks)
		}
	}
	look(BatchKind, k.Attributes, k.Blocks)
	for _, name := range []string{SourceS3, SourceOSS} {
		b := batchSource.Block(name)
		for _, a := range Backend(name).Attributes {
			if a.Name != "key" && b.Attribute(a.Name) == nil {
				t.Errorf("the source %s has no %s, as the backend has", name, a.Name)
			}
		}
	}
}

func TestSizes(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "4096": 4096, "1kB": 1000, "1 KiB": 1024, "256MiB": 256 << 20, "5GB": 5e9, "2TiB": 2 << 40, "7B": 7} {
		if n, err := ParseSize(text); err != nil || n != want {
			t.Errorf("%s: %d, %v", text, n, err)
		}
	}
	for _, text := range []string{"", "-1", "1.5GB", "1KB", "1 k", "GB", "9999999TiB", "1  MB", "1e3"} {
		if n, err := ParseSize(text); err == nil {
			t.Errorf("%q is read as %d", text, n)
		}
	}
}

func TestSamples(t *testing.T) {
	for _, c := range []struct {
		text  string
		all   bool
		share float64
	}{{"all", true, 0}, {"sample:1%", false, 0.01}, {"sample:0.5%", false, 0.005}, {"sample:99.9%", false, 0.9990000000000001}} {
		if all, share, err := Sample(c.text); err != nil || all != c.all || share != c.share {
			t.Errorf("%s: %v %v %v", c.text, all, share, err)
		}
	}
	for _, text := range []string{"", "All", "1%", "sample:", "sample:0%", "sample:100%", "sample:-1%", "sample:NaN%", "sample:1", "sample:x%", "all%"} {
		if _, _, err := Sample(text); err == nil {
			t.Errorf("%q says what is verified", text)
		}
	}
}

func TestConnectionStringsHoldNoPassword(t *testing.T) {
	for _, text := range []string{"postgres://u@h/db", "host=h user=u", "postgres:///db?host=/tmp", "user=passwordless"} {
		if err := checkConnectionString(text); err != nil {
			t.Errorf("%s: %s", text, err)
		}
	}
	for _, text := range []string{"postgres://u:hunter2@h/db", "host=h password=hunter2", "postgres://h/db?password=hunter2", "PASSWORD = hunter2", "postgres://h/db?sslmode=x&sslpassword=hunter2"} {
		if err := checkConnectionString(text); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", text, err)
		}
	}
}
