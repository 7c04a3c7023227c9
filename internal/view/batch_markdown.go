package view

import (
	"fmt"
	"io"
	"time"

	"kmsplan.dev/kmsplan/internal/batch"
)

// MostFailures is how many objects that failed a comment names.
const MostFailures = 50

// BatchMarkdown writes what became of a batch for a merge request or a ticket: what it was, counts, and the first objects that
// failed. digest is that of the report as lines of JSON, which has the rest.
func BatchMarkdown(w io.Writer, r batch.Record, failures []batch.Failure, digest string) error {
	d := newMD(maxComment)
	d.add("%s", mdMarker(About{Command: "batch report", Stack: r.Spec.Address}))
	d.add("### kmsplan batch report: %s is %s\n\n", mdCode(r.Spec.Address), r.Status)
	if r.Reason != "" {
		d.add("**Why:** %s\n\n", mdText(r.Reason))
	}
	d.add("| | |\n|---|---|\n")
	for _, f := range batchFacts(r) {
		d.add("| %s | %s |\n", f[0], f[1])
	}
	d.add("| SHA-256 of the JSON lines | %s |\n", mdCode(digest))
	d.add("\n| written | at the target | newer | opened | gone | failed | calls | bytes sent |\n|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	t := r.Tally
	d.add("| %s | %s | %s | %s | %s | %s | %s | %s |\n", grouped(t.Written), grouped(t.Already), grouped(t.Newer), grouped(t.Opened), grouped(t.Gone), grouped(t.Failed), grouped(t.Calls), Bytes(t.Sent))
	if len(t.Under) > 0 {
		d.add("\n| key | version | objects | wraps opened |\n|---|---|--:|--:|\n")
	}
	for _, u := range t.Under {
		if !d.add("| %s | %s | %s | %s |\n", mdCode(u.KeyID), mdCode(u.KeyVersion), grouped(u.Objects), grouped(u.Proved)) {
			break
		}
	}
	failuresMarkdown(d, failures, t.Failed)
	_, err := io.WriteString(w, d.String())
	return err
}

// batchFacts are rows: what a fact is, and the fact in Markdown.
func batchFacts(r batch.Record) [][2]string {
	s, at := r.Spec, func(t time.Time) string {
		if t.IsZero() {
			return "–"
		}
		return t.UTC().Format(time.RFC3339)
	}
	facts := [][2]string{
		{"action", string(s.Action) + mdText(verifyWords(s))},
		{"source", mdCode(s.Source)},
	}
	if s.Target.KeyID != "" {
		facts = append(facts, [2]string{"target", "key " + mdCode(s.Target.KeyID) + ", version " + mdCode(s.Target.Version)})
	}
	return append(facts,
		[2]string{"objects", fmt.Sprintf("%s of %s dealt with, %s", grouped(r.Tally.Objects), grouped(s.Objects), Bytes(s.Bytes))},
		[2]string{"planned", at(s.Planned) + " by " + mdCode(s.Operator)},
		[2]string{"created, started, ended", at(r.Created) + ", " + at(r.Started) + ", " + at(r.Ended)},
		[2]string{"SHA-256 of the manifest", mdCode(s.Manifest)})
}

// failuresMarkdown names the first objects that failed, of all.
func failuresMarkdown(d *mdDoc, failures []batch.Failure, all int64) {
	if len(failures) == 0 {
		return
	}
	d.add("\n**Failed**\n\n| object | class | code | request | what |\n|---|---|---|---|---|\n")
	for i, f := range failures {
		if i == MostFailures || !d.add("| %s | %s | %s | %s | %s |\n", mdCode(f.Object), f.Class, mdText(f.Code), mdText(f.RequestID), mdText(f.Message)) {
			break
		}
	}
	if more := all - MostFailures; more > 0 {
		d.add("\n_And %s more: the report as lines of JSON names all._\n", grouped(more))
	}
}
