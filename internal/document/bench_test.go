package document

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/envelope"
)

// manyValues is a YAML file of n values, five to a block.
func manyValues(n int) string {
	var b strings.Builder
	for i := range n {
		if i%5 == 0 {
			fmt.Fprintf(&b, "block%d:  # settings\n", i/5)
		}
		fmt.Fprintf(&b, "  name%d: \"value number %d\"\n", i, i)
	}
	return b.String()
}

// benchmarkFiles are files of n values; the growth of the time from one to the next should be that of n.
func benchmarkFiles(b *testing.B, run func(b *testing.B, r *rig, src []byte)) {
	for _, n := range []int{30, 1_000, 10_000, 100_000} {
		for _, format := range []string{"yaml", "json", "oneline"} {
			src := manyValues(n)
			if format != "yaml" {
				src = jsonOf(n)
			}
			b.Run(fmt.Sprintf("%s/%d", format, n), func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(src)))
				r := newRig(b, strings.Replace(format, "oneline", "yaml", 1))
				run(b, r, []byte(src))
			})
		}
	}
}

// jsonOf is a JSON file of n values in one line, which is YAML too.
func jsonOf(n int) string {
	var b strings.Builder
	b.WriteString(`{"a": [`)
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, `"value number %d"`, i)
	}
	return b.String() + "]}"
}

func BenchmarkSeal(b *testing.B) {
	benchmarkFiles(b, func(b *testing.B, r *rig, src []byte) {
		for b.Loop() {
			if _, _, err := Seal(src, r.options); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkOpen(b *testing.B) {
	benchmarkFiles(b, func(b *testing.B, r *rig, src []byte) {
		doc, _, err := Seal(src, r.options)
		if err != nil {
			b.Fatal(err)
		}
		o := envelope.OpenOptions{DataKey: r.options.DataKey}
		for b.Loop() {
			if _, err := Open(context.Background(), doc, o); err != nil {
				b.Fatal(err)
			}
		}
	})
}
