package cli

import (
	"fmt"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/census"
	"kmsplan.dev/kmsplan/internal/state"
)

// showStatus says what was found, and answers what was asked.
func (a *app) showStatus(s statusAnswer, asJSON bool) {
	if asJSON {
		a.view.Result(s)
		return
	}
	if len(s.Files) > 0 {
		a.view.Table(nil, []string{"FILE", "KEY", "VERSION", "STATUS", "KEPT BY"}, statusRows(s.Files))
	}
	if len(s.Batches) > 0 && s.Asked == nil {
		a.view.Table(nil, []string{"BATCH", "OBJECTS OF", "KEY", "VERSION", "OBJECTS", "PROOF"}, heldRows(s.Batches, s.names))
	}
	a.view.Result(nil, statusLines(s)...)
}

func statusRows(files []statusFile) (rows [][]string) {
	for _, f := range files {
		key, kept := f.Key, f.Address
		if f.KeyAddress != "" {
			key = f.KeyAddress
		}
		switch {
		case kept == "":
			kept = "nobody"
		case strings.HasPrefix(kept, "census."):
			kept = "import-census"
		}
		rows = append(rows, []string{pathWord(string(f.Path)), key, versionWord(f), statusWord(f), kept})
	}
	return rows
}

func versionWord(f statusFile) string {
	if f.Primary != nil && !*f.Primary {
		return f.KeyVersion + " (not primary)"
	}
	return f.KeyVersion
}

func statusWord(f statusFile) string {
	switch f.Status {
	case census.Changed:
		return "changed: " + f.Detail
	case census.Outside:
		return "not in the census"
	}
	return f.Status
}

func statusLines(s statusAnswer) (lines []string) {
	for _, f := range s.Files {
		switch {
		case f.Status == census.Unreadable:
			lines = append(lines, fmt.Sprintf("%s counts as the census has it, because it cannot be read: %s.", pathWord(string(f.Path)), f.Detail))
		case f.Status == census.Missing && strings.HasPrefix(f.Address, "census."):
			lines = append(lines, fmt.Sprintf("%s is not there and counts as the census has it; if nobody needs it: kmsplan state rm %s", pathWord(string(f.Path)), shellQuote(f.Address)))
		}
	}
	if slices.ContainsFunc(s.Files, func(f statusFile) bool { return f.Primary != nil && !*f.Primary }) {
		lines = append(lines, "Which version is primary is what the state last saw; after a rotation by others, kmsplan refresh looks.")
	}
	if s.Asked == nil {
		return append(lines, countOf(len(s.Files), "encrypted file")+".")
	}
	return append(lines, askedLines(s.Asked)...)
}

func askedLines(q *statusAsked) (lines []string) {
	what := "The key " + q.Key
	if q.KeyAddress != "" {
		what = q.KeyAddress + " (" + q.Key + ")"
	}
	if q.KeyVersion != "" {
		what = "Version " + q.KeyVersion
		if q.Key != "" {
			what += " of " + q.Key
		}
	}
	var needs []string
	if q.Files > 0 {
		needs = append(needs, countOf(q.Files, "file"))
	}
	needs = append(append(needs, q.Secrets...), q.Aliases...)
	for _, b := range q.batches {
		needs = append(needs, b.Address)
	}
	switch {
	case q.MayGo && q.unknown:
		lines = append(lines, what+" may go as far as the census and the state know: nothing in them needs it, and nothing there names it.")
	case q.MayGo:
		lines = append(lines, what+" may go as far as the census and the state know: nothing in them needs it.")
	case len(needs) == 0:
		lines = append(lines, what+" cannot go: it is the primary version, under which everything new is encrypted.")
	default:
		lines = append(lines, what+" cannot go; still needed by "+strings.Join(needs, ", ")+".")
	}
	for _, b := range q.batches {
		lines = append(lines, "  "+b.Address+": "+b.Says+".")
	}
	for _, u := range q.Uses {
		lines = append(lines, "  "+u.sentence())
	}
	for i, way := range q.Ways {
		if i == 0 {
			lines = append(lines, "To bring what needs it under another:")
		}
		lines = append(lines, "    "+way)
	}
	return lines
}

// pathWord is a path for people: bytes that are part of no character as \xHH.
func pathWord(path string) string {
	text, _ := state.PathText(path).MarshalText() // never fails
	return string(text)
}

func countOf(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
