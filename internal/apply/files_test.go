package apply_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"kmsplan.dev/kmsplan/internal/apply"
	"kmsplan.dev/kmsplan/internal/state"
)

const withFile = twoKeys + `
data "encrypt" "f" {
  key    = alias.a.name
  source = "plain.txt"
  output = "plain.txt.enc"
}`

func TestDataBlocksRunAfterWhatTheyUse(t *testing.T) {
	s := newStack(t, withFile)
	s.input.Files = func(_ context.Context, task apply.FileTask) ([]state.File, error) {
		if !slices.Contains(s.service.calls, "Follow alias.a") {
			t.Error("the file was encrypted before its alias was there")
		}
		if got := task.Body.Attrs["key"].AsString(); got != "alias/a" {
			t.Errorf("the block saw key %q", got)
		}
		return []state.File{{Path: "plain.txt.enc"}, {Path: "second.enc"}}, nil
	}
	if report := s.mustApply(t); report.Files != 2 || len(s.state(t).Files) != 2 {
		t.Errorf("report %+v, census %+v", report, s.state(t).Files)
	}
	s.input.Files = func(context.Context, apply.FileTask) ([]state.File, error) {
		return nil, errors.New("the disk is full")
	}
	if report, err := s.apply(t); err == nil || report.Failed != 1 || len(s.state(t).Files) != 2 {
		t.Errorf("after a failure: %+v, %v, census %+v", report, err, s.state(t).Files)
	}
	s.input.Files = func(context.Context, apply.FileTask) ([]state.File, error) {
		return []state.File{{Path: "plain.txt.enc"}}, nil
	}
	s.mustApply(t)
	if files := s.state(t).Files; len(files) != 1 || files[0].Address != "data.encrypt.f" {
		t.Errorf("census %+v", files)
	}
}

func TestAFileOfAKeyThatFailedIsSkipped(t *testing.T) {
	s := newStack(t, withFile)
	s.service.fault = func(string, string) fault { return refuse }
	s.input.Files = func(context.Context, apply.FileTask) ([]state.File, error) {
		t.Error("the file was encrypted")
		return nil, nil
	}
	if report, _ := s.apply(t); report.Skipped != 2 {
		t.Errorf("report %+v", report)
	}
}
