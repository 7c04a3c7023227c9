package view

import (
	"encoding/json"
	"encoding/xml"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"kmsplan.dev/kmsplan/internal/lint"
)

// junitRead is what a CI server reads of JUnit's XML.
type junitRead struct {
	Tests, Failures, Errors int
	Suites                  []struct {
		Name                             string `xml:"name,attr"`
		Tests, Failures, Errors, Skipped int
		Cases                            []struct {
			Class   string  `xml:"classname,attr"`
			Name    string  `xml:"name,attr"`
			File    string  `xml:"file,attr"`
			Line    int     `xml:"line,attr"`
			Failure *string `xml:"failure"`
			Error   *string `xml:"error"`
			Skipped *struct {
				Message string `xml:"message,attr"`
			} `xml:"skipped"`
		} `xml:"testcase"`
	} `xml:"testsuite"`
}

// TestJUnitIsReadAsItWasMeant holds that the XML parses, that its counts are those of its cases, and that text of others stays text.
func TestJUnitIsReadAsItWasMeant(t *testing.T) {
	for name, c := range map[string]struct {
		told                           *Told
		tests, failures, errs, skipped int
	}{
		"findings": {lintTold(), 5, 3, 0, 1}, "broken": {brokenTold(), 3, 0, 3, 0}, "nothing": {&Told{About: About{Command: "lint"}}, 0, 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			doc, err := junitXML(c.told)
			if err != nil {
				t.Fatal(err)
			}
			if strings.IndexFunc(string(doc), func(r rune) bool { return unicode.IsControl(r) && r != '\n' || unicode.Is(unicode.Cf, r) }) >= 0 {
				t.Error("a terminal would obey it")
			}
			var got junitRead
			if err := xml.Unmarshal(doc, &got); err != nil || len(got.Suites) != 1 {
				t.Fatalf("%v\n%s", err, doc)
			}
			counts := map[string]int{}
			for _, k := range got.Suites[0].Cases {
				counts["tests"]++
				switch {
				case k.Failure != nil:
					counts["failures"]++
				case k.Error != nil:
					counts["errors"]++
				case k.Skipped != nil:
					counts["skipped"]++
				}
				if k.Class == "" || k.Name == "" {
					t.Errorf("a case without a name: %+v", k)
				}
			}
			if counts["tests"] != c.tests || counts["failures"] != c.failures || counts["errors"] != c.errs || counts["skipped"] != c.skipped {
				t.Errorf("cases: %v\n%s", counts, doc)
			}
			for attribute, want := range map[string]int{"tests": c.tests, "failures": c.failures, "errors": c.errs, "skipped": c.skipped} {
				if suite := regexp.MustCompile(`<testsuite [^>]*`).FindString(string(doc)); !strings.Contains(suite, attribute+`="`+itoa(want)+`"`) {
					t.Errorf("%s is not %d: %s", attribute, want, suite)
				}
			}
		})
	}
}

// TestNoTextOfOthersCommandsTheRunner holds that every line of the GitHub form is an annotation of ours, with properties that hold
// what was meant once they are decoded.
func TestNoTextOfOthersCommandsTheRunner(t *testing.T) {
	shape := regexp.MustCompile(`^::(error|warning|notice) (?:file=([^,:]*),line=(\d+)(?:,endLine=\d+|,col=\d+,endColumn=\d+),)?title=([^,:]*)::(.*)$`)
	decode := strings.NewReplacer("%0A", "\n", "%0D", "\r", "%3A", ":", "%2C", ",", "%25", "%")
	for name, c := range map[string]struct {
		told  *Told
		lines int
	}{"findings": {lintTold(), 3}, "broken": {brokenTold(), 4}} {
		doc, err := github(c.told)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(string(doc), "\n"), "\n")
		if len(lines) != c.lines {
			t.Errorf("%s: %d lines:\n%s", name, len(lines), doc)
		}
		hit := false
		for _, line := range lines {
			m := shape.FindStringSubmatch(line)
			if m == nil {
				t.Errorf("%s: no annotation: %q", name, line)
				continue
			}
			if title := decode.Replace(m[4]); name == "broken" && strings.HasPrefix(title, "Wrong, ") && title != "Wrong, or: not" {
				t.Errorf("the title is %q", title)
			}
			hit = hit || strings.Contains(decode.Replace(m[5]), neutral(hostile))
			if m[2] != "" && !strings.HasSuffix(decode.Replace(m[2]), "main.kms.hcl") {
				t.Errorf("%s: the file is %q", name, m[2])
			}
		}
		if !hit {
			t.Errorf("%s: the text did not come through:\n%s", name, doc)
		}
	}
}

func TestGitHubOutputsAreFiguresOfOurs(t *testing.T) {
	for _, told := range []*Told{lintTold(), brokenTold()} {
		for _, line := range strings.Split(strings.TrimSpace(string(told.GitHubOutputs())), "\n") {
			if !regexp.MustCompile(`^[a-z_]+=(\d+|true|false)$`).MatchString(line) {
				t.Errorf("%q", line)
			}
		}
	}
}

// TestCodeQuality holds what GitLab demands of each entry.
func TestCodeQuality(t *testing.T) {
	for name, told := range map[string]*Told{"findings": lintTold(), "broken": brokenTold(), "nothing": {}} {
		doc, err := codeQuality(told)
		var got []qualityIssue
		if err := errorsOf(err, json.Unmarshal(doc, &got)); err != nil || got == nil {
			t.Fatalf("%s: %v\n%s", name, err, doc)
		}
		seen := map[string]bool{}
		for _, i := range got {
			if i.Description == "" || i.CheckName == "" || i.Location.Path == "" || i.Location.Lines.Begin < 1 || seen[i.Fingerprint] || len(i.Fingerprint) != 64 {
				t.Errorf("%s: %+v", name, i)
			}
			seen[i.Fingerprint] = true
		}
		if want := map[string]int{"findings": 3, "broken": 3}[name]; len(got) != want {
			t.Errorf("%s: %d entries", name, len(got))
		}
	}
}

// TestMarkdownOfOthersIsText holds that what others wrote neither calls people, nor opens a tag, nor ends a cell or the line.
func TestMarkdownOfOthersIsText(t *testing.T) {
	doc, err := markdown(lintTold())
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"<script>", "@team", "#1", "\n::error", "|d|", "\x1b", "\u202e", "http://"} {
		if strings.Contains(string(doc), bad) {
			t.Errorf("%q stands in\n%s", bad, doc)
		}
	}
	if !strings.HasPrefix(string(doc), "<!-- kmsplan:lint:infra/k m -->\n") {
		t.Errorf("no marker: %s", doc)
	}
	marked, _ := markdown(&Told{About: About{Command: "lint", Stack: "a--><b>"}})
	if strings.Count(string(marked), "-->") != 1 {
		t.Errorf("the marker is left early: %s", marked)
	}
}

// TestMarkdownIsCutWithoutBreaking holds that a report of any length fits into a comment, closes its fences and folds, and says
// what is missing.
func TestMarkdownIsCutWithoutBreaking(t *testing.T) {
	whole := lintTold()
	for range 13 {
		whole.lint.Findings = append(whole.lint.Findings, whole.lint.Findings...)
	}
	for name, doc := range map[string]string{"many findings": string(must(markdown(whole))), "many lines": longFold(30_000), "one line": longFold(1)} {
		if n := len([]rune(doc)); n > maxComment {
			t.Errorf("%s: %d characters", name, n)
		}
		if strings.Count(doc, "\n```")%2 != 0 || strings.Count(doc, "<details") != strings.Count(doc, "</details>") {
			t.Errorf("%s: a fence or a fold stays open: … %s", name, doc[max(0, len(doc)-300):])
		}
		if missing := strings.Contains(doc, "more did not fit here"); missing != (name != "one line") {
			t.Errorf("%s: … %s", name, doc[max(0, len(doc)-300):])
		}
	}
}

func longFold(n int) string {
	d := newMD(maxComment)
	d.fold("Plan", "diff", strings.Split(strings.Repeat("+ a line with words\n", n), "\n"), true)
	d.fold("After it", "text", []string{"x"}, false)
	return d.String()
}

func must(doc []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return doc
}

// TestAFenceIsLongerThanWhatItHolds holds that no line closes the fence that it stands in.
func TestAFenceIsLongerThanWhatItHolds(t *testing.T) {
	for _, line := range []string{"", "```", "a ````` b", "~~~"} {
		fence := fenceFor([]string{line})
		if strings.Contains(line, fence) || len(fence) < 3 {
			t.Errorf("%q in %q", line, fence)
		}
	}
}

// TestEveryFormOfACommand holds that every form renders what it may be told.
func TestEveryFormOfACommand(t *testing.T) {
	for _, f := range Forms() {
		if len(f.Commands) == 0 || f.Doc == "" {
			t.Errorf("%+v", f)
		}
		for _, told := range []*Told{lintTold(), brokenTold(), {}, {lint: &lint.Report{}}} {
			if _, err := f.Render(told); err != nil {
				t.Errorf("%s: %v", f.Name, err)
			}
		}
	}
}
