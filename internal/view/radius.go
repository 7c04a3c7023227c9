package view

import (
	"strings"

	"kmsplan.dev/kmsplan/internal/plan"
)

// radius says what stops working, key by key, worst first as they come.
func (r planText) radius(list []plan.Radius) {
	for _, x := range list {
		r.printf("%s %s\n", paint(r.color, red, paint(r.color, bold, "Blast radius:")), wrap(neutral(RadiusSentence(x)), r.width))
	}
	if len(list) > 0 {
		r.printf("\n")
	}
}

// RadiusSentence says what stops working without a key: "without key.orders 14 secrets and 212 files stop decrypting, and
// 1 alias leads to nothing that can be used".
func RadiusSentence(x plan.Radius) string {
	var parts []string
	if x.Secrets > 0 {
		parts = append(parts, plural(x.Secrets, "secret"))
	}
	if x.Files > 0 {
		parts = append(parts, plural(x.Files, "file"))
	}
	text := "without " + x.Addr.String() + " "
	if len(parts) > 0 {
		text += strings.Join(parts, " and ") + " " + verb(x.Secrets+x.Files, "stops", "stop") + " decrypting"
	}
	if x.Aliases > 0 {
		if len(parts) > 0 {
			text += ", and "
		}
		text += itoa(x.Aliases) + " " + verb(x.Aliases, "alias leads", "aliases lead") + " to nothing that can be used"
	}
	return text + "."
}

func verb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

func radiusJSON(list []plan.Radius) []any {
	out := []any{}
	for _, x := range list {
		out = append(out, map[string]any{"address": x.Addr.String(), "secrets": x.Secrets, "files": x.Files, "aliases": x.Aliases, "sentence": RadiusSentence(x)})
	}
	return out
}
