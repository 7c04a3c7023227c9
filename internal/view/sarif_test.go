package view

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// object is what SARIF's schema says of one of its objects: which properties it has, and which of them it must have. The
// schema allows no others.
type object struct {
	required, optional string
	inner              map[string]string // property → the object that it is, or that its elements are
}

// schema is the part of the schema of SARIF 2.1.0 (OASIS, sarif-schema-2.1.0.json) that reports of ours reach.
var schema = map[string]object{
	"log":        {"version runs", "$schema properties", map[string]string{"runs": "run"}},
	"run":        {"tool", "invocations results columnKind automationDetails originalUriBaseIds properties", map[string]string{"tool": "tool", "invocations": "invocation", "results": "result", "automationDetails": "automation"}},
	"automation": {"", "id guid correlationGuid description properties", nil},
	"tool":       {"driver", "extensions properties", map[string]string{"driver": "component"}},
	"component":  {"name", "version semanticVersion informationUri rules fullName properties", map[string]string{"rules": "rule"}},
	"rule": {"id", "name shortDescription fullDescription help helpUri defaultConfiguration properties", map[string]string{
		"shortDescription": "text", "fullDescription": "text", "help": "text", "defaultConfiguration": "configuration",
	}},
	"configuration": {"", "level enabled rank parameters properties", nil},
	"text":          {"text", "markdown properties", nil},
	"invocation":    {"executionSuccessful", "exitCode commandLine properties", nil},
	"result": {"message", "ruleId ruleIndex level kind locations partialFingerprints fingerprints suppressions properties", map[string]string{
		"message": "message", "locations": "location", "suppressions": "suppression",
	}},
	"message":     {"", "text markdown id arguments properties", nil},
	"suppression": {"kind", "justification status location properties", nil},
	"location":    {"", "physicalLocation logicalLocations message id properties", map[string]string{"physicalLocation": "physical", "logicalLocations": "logical"}},
	"logical":     {"", "name fullyQualifiedName kind decoratedName index properties", nil},
	"physical":    {"", "artifactLocation region contextRegion properties", map[string]string{"artifactLocation": "artifact", "region": "region"}},
	"artifact":    {"", "uri uriBaseId index description properties", nil},
	"region":      {"", "startLine startColumn endLine endColumn byteOffset byteLength snippet message properties", nil},
}

// hold holds a value against the schema and returns what is wrong.
func hold(path, kind string, v any) (wrong []string) {
	switch v := v.(type) {
	case []any:
		for i, e := range v {
			wrong = append(wrong, hold(fmt.Sprintf("%s[%d]", path, i), kind, e)...)
		}
	case map[string]any:
		o := schema[kind]
		for _, name := range strings.Fields(o.required) {
			if _, ok := v[name]; !ok {
				wrong = append(wrong, path+" lacks "+name)
			}
		}
		for name, e := range v {
			if !slices.Contains(strings.Fields(o.required+" "+o.optional), name) {
				wrong = append(wrong, path+" has "+name)
			}
			if inner := o.inner[name]; inner != "" {
				wrong = append(wrong, hold(path+"."+name, inner, e)...)
			}
		}
	default:
		wrong = append(wrong, fmt.Sprintf("%s is %T and no %s", path, v, kind))
	}
	return wrong
}

// parsedSarif renders and reads a report, and holds its form.
func parsedSarif(t *testing.T, told *Told) sarifLog {
	t.Helper()
	doc, err := sarif(told)
	if err != nil {
		t.Fatal(err)
	}
	var plain any
	var log sarifLog
	if err := errorsOf(json.Unmarshal(doc, &plain), json.Unmarshal(doc, &log)); err != nil {
		t.Fatal(err)
	}
	for _, w := range hold("log", "log", plain) {
		t.Error(w)
	}
	if log.Version != "2.1.0" || len(log.Runs) != 1 {
		t.Fatalf("version %q, %d runs", log.Version, len(log.Runs))
	}
	return log
}

func errorsOf(list ...error) error {
	for _, err := range list {
		if err != nil {
			return err
		}
	}
	return nil
}

// TestSarifKeepsToItsSchema holds what the schema demands, and what forges demand besides: a place for every result, an
// index that fits, fingerprints that tell results apart, a relative path from the top of the repository.
func TestSarifKeepsToItsSchema(t *testing.T) {
	alike := lintTold()
	alike.lint.Findings = append(alike.lint.Findings, alike.lint.Findings...)
	for name, told := range map[string]*Told{"alike": alike, "findings": lintTold(), "broken": brokenTold(), "nothing": {About: About{Command: "lint"}}} {
		t.Run(name, func(t *testing.T) {
			run := parsedSarif(t, told).Runs[0]
			if run.Automation.ID == "" || !strings.HasSuffix(run.Automation.ID, "/") || run.Results == nil || run.Tool.Driver.Rules == nil {
				t.Errorf("run %+v", run.Automation)
			}
			prints := map[string]bool{}
			for i, r := range run.Results {
				if r.RuleIndex >= len(run.Tool.Driver.Rules) || run.Tool.Driver.Rules[r.RuleIndex].ID != r.RuleID {
					t.Errorf("result %d: rule %s is not at %d", i, r.RuleID, r.RuleIndex)
				}
				if !slices.Contains([]string{"error", "warning", "note"}, r.Level) || r.Message.Text == "" || len(r.Locations) != 1 {
					t.Errorf("result %d: %+v", i, r)
				}
				mark := r.Fingerprints["kmsplan/v1"]
				if mark == "" || prints[mark] {
					t.Errorf("result %d: the fingerprint %q is no own one", i, mark)
				}
				prints[mark] = true
				at := r.Locations[0].Physical
				if u, err := url.Parse(at.Artifact.URI); err != nil || u.IsAbs() || strings.ContainsAny(at.Artifact.URI, " \\") || strings.HasPrefix(u.Path, "/") {
					t.Errorf("result %d: %q is no relative reference", i, at.Artifact.URI)
				}
				if g := at.Region; g != nil && (g.StartLine < 1 || g.StartColumn < 1 || g.EndLine < g.StartLine || g.EndLine == g.StartLine && g.EndColumn < g.StartColumn) {
					t.Errorf("result %d: region %+v", i, g)
				}
			}
		})
	}
}

func TestSarifOfFindings(t *testing.T) {
	run := parsedSarif(t, lintTold()).Runs[0]
	if len(run.Results) != 4 || len(run.Tool.Driver.Rules) != 3 || !run.Invocations[0].Successful {
		t.Fatalf("%d results, %d rules", len(run.Results), len(run.Tool.Driver.Rules))
	}
	first := run.Results[0]
	if at := first.Locations[0].Physical; at.Artifact.URI != "infra/k%20m/main.kms.hcl" || *at.Region != (sarifRegion{1, 1, 1, 8}) {
		t.Errorf("the first lies at %+v %+v", at.Artifact, at.Region)
	}
	if run.Results[2].Locations[0].Physical.Region != nil || run.Results[3].Suppressions[0].Kind != "inSource" || run.Results[0].Suppressions != nil {
		t.Errorf("%+v", run.Results)
	}
	if text := run.Results[1].Message.Text; strings.ContainsAny(text, "\x1b\u202e") {
		t.Errorf("a terminal would obey %q", text)
	}
}

// TestAFindingKeepsItsFingerprint holds that a finding that moved to another line is the same alert.
func TestAFindingKeepsItsFingerprint(t *testing.T) {
	a, b := lintTold(), lintTold()
	for i := range b.lint.Findings {
		b.lint.Findings[i].Range.Start.Line += 10
		b.lint.Findings[i].Range.End.Line += 10
	}
	was, is := parsedSarif(t, a).Runs[0].Results, parsedSarif(t, b).Runs[0].Results
	for i := range was {
		if was[i].Fingerprints["kmsplan/v1"] != is[i].Fingerprints["kmsplan/v1"] {
			t.Errorf("result %d is another one", i)
		}
	}
}

func TestSarifOfAModuleThatDoesNotLoad(t *testing.T) {
	run := parsedSarif(t, brokenTold()).Runs[0]
	if run.Invocations[0].Successful || len(run.Results) != 4 {
		t.Errorf("%+v %d", run.Invocations, len(run.Results))
	}
}
