package view

import "fmt"

// TestRun is what became of a run of a test.
type TestRun struct {
	File    string   `json:"path"`
	Run     string   `json:"run"` // "" where the file cannot be read
	Line    int      `json:"line,omitempty"`
	Status  string   `json:"status"` // pass, fail, error or skip
	Reasons []string `json:"reasons,omitempty"`
}

// TestCounts sums tests up.
type TestCounts struct {
	Status   string `json:"status"`
	Passed   int    `json:"passed"`
	Failed   int    `json:"failed"` // errors are among them
	Skipped  int    `json:"skipped"`
	Sentence string `json:"-"`
}

// Test is the view of test.
type Test interface {
	Voice
	Plan
	// TestFile says how far a file is: in progress, tearing down, and at last its status.
	TestFile(name, status string)
	TestRun(r TestRun)
	Tested(c TestCounts)
}

// TestFile names a file.
func (t *Terminal) TestFile(name, status string) { t.Result(nil, name+"... "+status) }

// TestRun is a line below its file.
func (t *Terminal) TestRun(r TestRun) {
	if r.Run != "" {
		t.Result(nil, fmt.Sprintf("  run %q... %s", r.Run, r.Status))
	}
}

// Tested prints Terraform's closing sentence.
func (t *Terminal) Tested(c TestCounts) { t.Result(nil, "", c.Sentence) }

// TestFile writes a line for each step of a file.
func (l *Lines) TestFile(name, status string) {
	l.emit("info", "test_file", name+"... "+status, map[string]any{"test_file": map[string]any{"path": name, "status": status}})
}

// TestRun writes a line for each run.
func (l *Lines) TestRun(r TestRun) {
	level := "info"
	if r.Status == "fail" || r.Status == "error" {
		level = "error"
	}
	l.emit(level, "test_run", fmt.Sprintf("run %q... %s", r.Run, r.Status), map[string]any{"test_run": r})
}

// Tested writes the counts.
func (l *Lines) Tested(c TestCounts) {
	l.emit("info", "test_summary", c.Sentence, map[string]any{"test_summary": c})
}
