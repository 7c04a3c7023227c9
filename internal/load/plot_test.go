package load

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

// TestThePlotIsXML: whatever the title and the figures, the plot is well-formed, without a NaN.
func TestThePlotIsXML(t *testing.T) {
	for name, periods := range map[string][]Span{
		"nothing": nil,
		"zeros":   {{Number: 1}},
		"figures": {{Number: 1, Seconds: 1, Requests: 10, Answered: 9, PerSecond: 9, Latency: Latency{P50: 1, P95: 2, P99: 3}}, {Number: 2, Seconds: 2, Requests: 5, Answered: 5, PerSecond: 5}},
	} {
		var b strings.Builder
		if err := Plot(&b, `Encrypt <"&'>`, periods); err != nil {
			t.Fatal(err)
		}
		lines := 0
		for d := xml.NewDecoder(strings.NewReader(b.String())); ; {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if start, ok := token.(xml.StartElement); ok && start.Name.Local == "polyline" {
				lines++
			}
		}
		if want := map[string]int{"nothing": 4, "zeros": 4, "figures": 5}[name]; lines != want || strings.Contains(b.String(), "NaN") {
			t.Errorf("%s: %d curves of %d: %s", name, lines, want, b.String())
		}
	}
}
