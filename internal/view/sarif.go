package view

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"

	hclv2 "github.com/hashicorp/hcl/v2"

	"kmsplan.dev/kmsplan/internal/lint"
)

// The parts of SARIF 2.1.0 (OASIS) that are written. Forges match alerts by rule and fingerprint, so neither depends on
// the line.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool        sarifTool         `json:"tool"`
		Invocations []sarifInvocation `json:"invocations"`
		ColumnKind  string            `json:"columnKind"`
		Automation  *sarifAutomation  `json:"automationDetails,omitempty"`
		Results     []sarifResult     `json:"results"`
	}
	sarifAutomation struct {
		ID string `json:"id"` // ends in a slash: a category of runs
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		Version        string      `json:"version"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID            string         `json:"id"`
		Name          string         `json:"name,omitempty"`
		Short         sarifText      `json:"shortDescription"`
		Full          *sarifText     `json:"fullDescription,omitempty"`
		Help          *sarifText     `json:"help,omitempty"`
		Configuration sarifLevel     `json:"defaultConfiguration"`
		Properties    map[string]any `json:"properties,omitempty"`
	}
	sarifLevel struct {
		Level string `json:"level"`
	}
	sarifText struct {
		Text     string `json:"text"`
		Markdown string `json:"markdown,omitempty"`
	}
	sarifInvocation struct {
		Successful bool `json:"executionSuccessful"`
	}
	sarifResult struct {
		RuleID       string             `json:"ruleId"`
		RuleIndex    int                `json:"ruleIndex"`
		Level        string             `json:"level"`
		Message      sarifText          `json:"message"`
		Locations    []sarifLocation    `json:"locations"`
		Fingerprints map[string]string  `json:"partialFingerprints"`
		Suppressions []sarifSuppression `json:"suppressions,omitempty"`
	}
	sarifSuppression struct {
		Kind          string `json:"kind"`
		Justification string `json:"justification"`
	}
	sarifLocation struct {
		Physical sarifPhysical  `json:"physicalLocation"`
		Logical  []sarifLogical `json:"logicalLocations,omitempty"`
	}
	sarifLogical struct {
		Name string `json:"fullyQualifiedName"`
		Kind string `json:"kind"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI  string `json:"uri"`
		Base string `json:"uriBaseId"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn"`
		EndLine     int `json:"endLine"`
		EndColumn   int `json:"endColumn"`
	}
)

// sarifBuilder gathers results and the rules that they name.
type sarifBuilder struct {
	told  *Told
	run   sarifRun
	index map[string]int
	seen  map[string]int // how often a fingerprint was given
}

// sarif renders SARIF 2.1.0.
func sarif(t *Told) ([]byte, error) {
	b := &sarifBuilder{told: t, index: map[string]int{}, seen: map[string]int{}}
	b.run = sarifRun{
		Tool: sarifTool{sarifDriver{
			Name: "kmsplan", Version: t.About.Version, InformationURI: "https://kmsplan.dev/kmsplan", Rules: []sarifRule{},
		}},
		Invocations: []sarifInvocation{{Successful: !t.errored()}}, ColumnKind: "unicodeCodePoints", Results: []sarifResult{},
		Automation: &sarifAutomation{"kmsplan " + t.About.Command + "/" + t.About.Stack + "/"},
	}
	if t.lint != nil {
		b.lint(*t.lint)
	}
	b.plan()
	b.problems()
	doc := sarifLog{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{b.run}}
	return indented(doc)
}

// rule is the index of a rule, which is added when it is new.
func (b *sarifBuilder) rule(r sarifRule) int {
	i, known := b.index[r.ID]
	if !known {
		i = len(b.run.Tool.Driver.Rules)
		b.index[r.ID] = i
		b.run.Tool.Driver.Rules = append(b.run.Tool.Driver.Rules, r)
	}
	return i
}

// add adds one result. What identifies it across runs is its rule, its identity there (the object), its file, and which of
// several alike it is.
func (b *sarifBuilder) add(rule sarifRule, level, text, identity, address string, at hclv2.Range, suppressed string) {
	what := strings.Join([]string{rule.ID, identity, at.Filename}, "\x00")
	b.seen[what]++
	sum := sha256.Sum256([]byte(what))
	result := sarifResult{
		RuleID: rule.ID, RuleIndex: b.rule(rule), Level: level, Message: sarifText{Text: neutral(text)}, Locations: []sarifLocation{b.location(at, address)},
		Fingerprints: map[string]string{"kmsplan/v1": fmt.Sprintf("%s:%d", hex.EncodeToString(sum[:16]), b.seen[what])},
	}
	if suppressed != "" {
		result.Suppressions = []sarifSuppression{{"inSource", neutral(suppressed)}}
	}
	b.run.Results = append(b.run.Results, result)
}

// location is where a result lies; one in no file lies in the module's first.
func (b *sarifBuilder) location(at hclv2.Range, address string) sarifLocation {
	l := sarifLocation{Physical: sarifPhysical{Artifact: sarifArtifact{URI: fileURI(b.told.firstFile()), Base: "%SRCROOT%"}}}
	if address != "" {
		l.Logical = []sarifLogical{{address, "resource"}}
	}
	if at.Filename != "" {
		l.Physical.Artifact.URI = fileURI(b.told.file(at.Filename))
		l.Physical.Region = sarifRegionOf(b.told.files[at.Filename], at)
	}
	return l
}

// sarifRegionOf counts columns in code points; HCL counts them in what a reader sees as one character.
func sarifRegionOf(f *hclv2.File, r hclv2.Range) *sarifRegion {
	column := func(p hclv2.Pos) int {
		if f == nil || p.Byte > len(f.Bytes) {
			return p.Column
		}
		before := f.Bytes[:p.Byte]
		return utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
	}
	return &sarifRegion{max(r.Start.Line, 1), column(r.Start), max(r.End.Line, r.Start.Line, 1), column(r.End)}
}

var sarifLevels = map[lint.Severity]string{lint.Error: "error", lint.Warning: "warning", lint.Note: "note"}

// sarifSeverity is what GitHub sorts security alerts by.
var sarifSeverity = map[lint.Severity]string{lint.Error: "8.0", lint.Warning: "5.0", lint.Note: "2.0"}

func (b *sarifBuilder) lint(r lint.Report) {
	for _, rule := range r.Rules {
		b.rule(sarifLintRule(rule))
	}
	for _, f := range r.Findings {
		text := f.Message
		if f.Pack != "" {
			text += " (" + f.Pack + ")"
		}
		b.add(sarifLintRule(f.Rule), sarifLevels[f.Rule.Severity], text+" "+f.Rule.Fix, f.Address, f.Address, f.Range, "")
	}
	for _, f := range r.Suppressed {
		b.add(sarifLintRule(f.Rule), sarifLevels[f.Rule.Severity], f.Message, f.Address, f.Address, f.Range, f.Reason)
	}
}

func sarifLintRule(r *lint.Rule) sarifRule {
	return sarifRule{
		ID: r.ID, Name: r.Name, Short: sarifText{Text: r.Title}, Full: &sarifText{Text: r.Why},
		Help: &sarifText{
			Text: r.Why + " " + r.Fix, Markdown: r.Why + "\n\n**What to do:** " + r.Fix + "\n\n**Source:** " + r.Source,
		},
		Configuration: sarifLevel{sarifLevels[r.Severity]},
		Properties: map[string]any{
			"tags": []string{"security", "kms"}, "security-severity": sarifSeverity[r.Severity], "problem.severity": problemSeverity(r.Severity),
			"precision": "high",
		},
	}
}

// problemSeverity is GitHub's word for the severity of what is no security alert.
func problemSeverity(s lint.Severity) string {
	if s == lint.Note {
		return "recommendation"
	}
	return s.String()
}

// problems are what kept the command from its answer, or was to be known beside it.
func (b *sarifBuilder) problems() {
	rule := sarifRule{ID: "configuration", Short: sarifText{Text: "What is wrong with the configuration"}, Configuration: sarifLevel{"error"}}
	for _, d := range sorted(b.told.diags) {
		level, at := "error", hclv2.Range{}
		if d.Severity == hclv2.DiagWarning {
			level = "warning"
		}
		if d.Subject != nil {
			at = *d.Subject
		}
		b.add(rule, level, d.Summary+": "+d.Detail, d.Summary, "", at, "")
	}
	for _, r := range b.told.allRefusals() {
		rule := sarifRule{ID: "guard/" + r.Guard, Short: sarifText{Text: "Refused by guard " + r.Guard}, Configuration: sarifLevel{"error"}}
		address := ""
		if r.Addr.Kind != "" {
			address = r.Addr.String()
		}
		b.add(rule, "error", refusalText(r), address, address, hclv2.Range{}, "")
	}
	failed := sarifRule{ID: "failure", Short: sarifText{Text: "What ended the run"}, Configuration: sarifLevel{"error"}}
	for _, f := range b.told.failures {
		b.add(failed, "error", f.summary+": "+f.detail, f.summary, "", hclv2.Range{}, "")
	}
}
