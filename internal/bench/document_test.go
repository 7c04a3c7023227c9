//go:build unix

package bench

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// BenchmarkDocumentMemory seals, opens and updates a file of each format, of 1 MiB and of the longest whose document may be opened
// again, and reports the process's peak memory and what it is of the longer of file and document.
func BenchmarkDocumentMemory(b *testing.B) {
	for _, format := range []string{"yaml", "json", "toml", "env", "ini", "hcl"} {
		for _, size := range []int{1 << 20, 16<<20 - 1024} {
			b.Run(fmt.Sprintf("%s/%dMiB", format, (size+1024)>>20), func(b *testing.B) { documentMemory(b, format, size) })
		}
	}
}

func documentMemory(b *testing.B, format string, size int) {
	w := newWorld(b, "memory")
	key := w.key()
	plain, sealed := "plain."+format, "sealed."+format
	w.write(plain, manySettings(format, size))
	peaks := map[string]float64{}
	took := func(what string, c cost) {
		peaks[what] = max(peaks[what], c.rss)
		b.ReportMetric(c.cpu.Seconds(), what+"-cpu-s")
	}
	for b.Loop() {
		_ = os.Remove(filepath.Join(w.dir, sealed))
		took("seal", w.run("encrypt", "-values", "-key", key, "-o", sealed, plain))
		took("open", w.run("decrypt", "-o", "opened."+format, "-force", sealed))
		w.write("changed."+format, bytes.Replace(w.read(plain), []byte("number 7"), []byte("number seven"), 1))
		took("update", w.run("encrypt", "-values", "-key", key, "-o", sealed, "changed."+format))
	}
	document := float64(len(w.read(sealed))) / (1 << 20)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(document, "MiB-document")
	for what, rss := range peaks {
		b.ReportMetric(rss, what+"-MiB")
		b.ReportMetric((rss-emptyRSS)/document, what+"-x")
	}
}

// emptyRSS is about what the program takes for a small file, MiB.
const emptyRSS = 36

// manySettings is a file of many values in blocks of five.
func manySettings(format string, size int) []byte {
	var b bytes.Buffer
	head, line, tail := "", "", ""
	switch format {
	case "yaml":
		head, line = "block%d:  # settings\n", "  name%d: \"value number %d\"\n"
	case "json":
		head, line, tail = "\"block%d\": {\n", "  \"name%d\": \"value number %d\"", "}"
	case "toml":
		head, line = "[block%d]  # settings\n", "name%d = \"value number %d\"\n"
	case "env":
		head, line = "# block %d\n", "NAME%d=\"value number %d\"\n"
	case "ini":
		head, line = "[block%d]\n", "name%d = value number %d\n"
	case "hcl":
		head, line, tail = "block \"%d\" { # settings\n", "  name%d = \"value number %d\"\n", "}\n"
	}
	if format == "json" {
		b.WriteString("{")
	}
	for i := 0; b.Len() < size-300; i++ {
		if i%5 == 0 && i > 0 {
			b.WriteString(tail)
			if format == "json" {
				b.WriteString(",\n")
			}
		}
		switch {
		case i%5 == 0:
			fmt.Fprintf(&b, head, i/5)
		case format == "json":
			b.WriteString(",\n")
		}
		fmt.Fprintf(&b, line, i, i)
	}
	b.WriteString(tail)
	if format == "json" {
		b.WriteString("}\n")
	}
	return b.Bytes()
}
