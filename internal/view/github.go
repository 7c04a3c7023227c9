package view

import (
	"bytes"
	"fmt"
	"strings"

	hclv2 "github.com/hashicorp/hcl/v2"

	"kmsplan.dev/kmsplan/internal/lint"
)

// github renders GitHub's workflow commands: an annotation for each finding and each diagnostic.
func github(t *Told) ([]byte, error) {
	var b bytes.Buffer
	if t.lint != nil {
		level := map[lint.Severity]string{lint.Error: "error", lint.Warning: "warning", lint.Note: "notice"}
		for _, f := range t.lint.Findings {
			text := f.Message + " " + f.Rule.Fix
			if f.Pack != "" {
				text += "\n" + f.Pack
			}
			t.annotate(&b, level[f.Rule.Severity], f.Rule.ID+" "+f.Rule.Title, text, f.Range)
		}
	}
	for _, d := range sorted(t.diags) {
		level, at := "error", hclv2.Range{}
		if d.Severity == hclv2.DiagWarning {
			level = "warning"
		}
		if d.Subject != nil {
			at = *d.Subject
		}
		t.annotate(&b, level, d.Summary, d.Detail, at)
	}
	t.annotatePlan(&b)
	for _, r := range t.allRefusals() {
		t.annotate(&b, "error", refusalTitle(r), r.Reason, hclv2.Range{})
	}
	for _, f := range t.failures {
		t.annotate(&b, "error", f.summary, f.detail, hclv2.Range{})
	}
	return b.Bytes(), nil
}

// annotatePlan writes what a plan or a look at drift warns of.
func (t *Told) annotatePlan(b *bytes.Buffer) {
	drift, dying := t.drifted()
	for _, d := range drift {
		t.annotate(b, "warning", driftTitle(d), driftText(d), hclv2.Range{})
	}
	for _, k := range dying {
		t.annotate(b, "warning", t.dyingTitle(k), "After that day nothing decrypts what only this key decrypts.", hclv2.Range{})
	}
	if t.plan == nil {
		return
	}
	for _, x := range t.plan.Radius {
		t.annotate(b, "warning", "Blast radius of "+x.Addr.String(), RadiusSentence(x), hclv2.Range{})
	}
	for _, w := range t.plan.Warnings {
		t.annotate(b, "warning", w.Summary, strings.TrimSpace(addressOrEmpty(w.Addr)+" "+w.Detail), hclv2.Range{})
	}
}

// annotate writes one annotation.
func (t *Told) annotate(b *bytes.Buffer, level, title, text string, at hclv2.Range) {
	var properties []string
	if at.Filename != "" {
		properties = append(properties, "file="+githubProperty(t.file(at.Filename)), fmt.Sprintf("line=%d", at.Start.Line))
		if at.End.Line > at.Start.Line {
			properties = append(properties, fmt.Sprintf("endLine=%d", at.End.Line))
		} else {
			properties = append(properties, fmt.Sprintf("col=%d", at.Start.Column), fmt.Sprintf("endColumn=%d", max(at.End.Column, at.Start.Column)))
		}
	}
	properties = append(properties, "title="+githubProperty(neutral(title)))
	fmt.Fprintf(b, "::%s %s::%s\n", level, strings.Join(properties, ","), githubData(neutral(text)))
}

// githubData escapes what stands behind a workflow command, so that no text of others ends its line and begins a command.
func githubData(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

// githubProperty escapes the value of a command's property.
func githubProperty(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(s)
}

// GitHubOutputs are the outputs of a step, NAME=VALUE lines: figures and words of ours, no text of others.
func (t *Told) GitHubOutputs() []byte {
	var b bytes.Buffer
	if r := t.lint; r != nil {
		fmt.Fprintf(&b, "findings=%d\nerrors=%d\nwarnings=%d\nnotes=%d\nsuppressed=%d\n",
			len(r.Findings), r.Count(lint.Error), r.Count(lint.Warning), r.Count(lint.Note), len(r.Suppressed))
	}
	if p := t.plan; p != nil {
		s := p.Summary()
		fmt.Fprintf(&b, "changes=%t\nrefused=%t\nimport=%d\nadd=%d\nchange=%d\ndestroy=%d\nforget=%d\nretire=%d\n",
			p.Differs(), p.Refused(), s.Import, s.Add, s.Change, s.Destroy, s.Forget, s.Retire)
	}
	if drift, dying := t.drifted(); t.plan != nil || t.drift != nil {
		fmt.Fprintf(&b, "drift=%d\nwaiting=%d\n", len(drift), len(dying))
	}
	fmt.Fprintf(&b, "failed=%t\n", t.errored())
	return b.Bytes()
}

// GitHubSummary is the summary of a step, in Markdown.
func (t *Told) GitHubSummary() []byte {
	text, _ := markdown(t) // it cannot fail
	return text
}
