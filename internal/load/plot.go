package load

import (
	"cmp"
	"fmt"
	"html"
	"io"
	"slices"
	"strings"
)

// The plot's measures, in its own units.
const (
	plotWidth, panelHeight   = 760.0, 180.0
	marginLeft, marginTop    = 70.0, 50.0
	marginRight, betweenRows = 30.0, 60.0
)

// line is one curve of a panel.
type line struct {
	name, colour string
	value        func(Span) float64
}

// Plot writes an SVG of the periods: answered calls a second, latencies, and failures where there are any.
func Plot(w io.Writer, title string, periods []Span) error {
	panels := [][]line{
		{{"answered a second", "#1f6feb", func(s Span) float64 { return s.PerSecond }}},
		{
			{"p50, ms", "#2da44e", func(s Span) float64 { return s.Latency.P50 }},
			{"p95, ms", "#bf8700", func(s Span) float64 { return s.Latency.P95 }},
			{"p99, ms", "#cf222e", func(s Span) float64 { return s.Latency.P99 }},
		},
	}
	failed := line{"failed", "#8250df", func(s Span) float64 { return float64(s.Requests - s.Answered) }}
	if slices.ContainsFunc(periods, func(s Span) bool { return failed.value(s) > 0 }) {
		panels = append(panels, []line{failed})
	}
	var b strings.Builder
	height := marginTop + float64(len(panels))*(panelHeight+betweenRows)
	width := marginLeft + plotWidth + marginRight
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" font-family="sans-serif" font-size="12">`+"\n", width, height, width, height)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" fill="#fff"/><text x="%.0f" y="24" font-size="15">%s</text>`+"\n", marginLeft, html.EscapeString(title))
	for i, lines := range panels {
		panel(&b, marginTop+float64(i)*(panelHeight+betweenRows), lines, periods)
	}
	b.WriteString("</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func panel(b *strings.Builder, top float64, lines []line, periods []Span) {
	highest, last := 0.0, 0.0
	for _, s := range periods {
		last = max(last, s.Seconds)
		for _, l := range lines {
			highest = max(highest, l.value(s))
		}
	}
	highest, last = cmp.Or(highest, 1), cmp.Or(last, 1)
	bottom := top + panelHeight
	for i := range 5 {
		share := float64(i) / 4
		y, x := bottom-share*panelHeight, marginLeft+share*plotWidth
		fmt.Fprintf(b, `<path d="M%.1f %.1fh%.0f" stroke="#ddd"/><text x="%.0f" y="%.1f" text-anchor="end">%.4g</text>`, marginLeft, y, plotWidth, marginLeft-6, y+4, share*highest)
		fmt.Fprintf(b, `<text x="%.1f" y="%.1f" text-anchor="middle">%.4g s</text>`+"\n", x, bottom+16, share*last)
	}
	for i, l := range lines {
		var points []string
		for _, s := range periods {
			points = append(points, fmt.Sprintf("%.1f,%.1f", marginLeft+s.Seconds/last*plotWidth, bottom-l.value(s)/highest*panelHeight))
		}
		fmt.Fprintf(b, `<polyline fill="none" stroke="%s" stroke-width="1.5" points="%s"/>`, l.colour, strings.Join(points, " "))
		fmt.Fprintf(b, `<text x="%.0f" y="%.1f" fill="%s">%s</text>`+"\n", marginLeft+float64(i)*140, top-6, l.colour, l.name)
	}
}
