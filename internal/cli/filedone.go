package cli

import (
	"encoding/base64"
	"errors"

	"kmsplan.dev/kmsplan/internal/ops"
	"kmsplan.dev/kmsplan/internal/state"
)

// fileDone is what became of a file, as -json says it. Of one that failed only the name, the status and the error are known.
type fileDone struct {
	Path       state.PathText    `json:"path"`
	Status     string            `json:"status"` // see docs/json.md
	Error      string            `json:"error,omitempty"`
	Reason     string            `json:"reason,omitempty"` // why it was passed over, or is as it should be
	Output     state.PathText    `json:"output,omitempty"`
	Key        string            `json:"key,omitempty"` // an ARN, or the id where the envelope has no more
	KeyVersion string            `json:"key_version,omitempty"`
	Suite      string            `json:"suite,omitempty"`
	Context    map[string]string `json:"context,omitempty"`
	Commitment string            `json:"commitment,omitempty"` // base64
	Generation uint64            `json:"generation,omitempty"`
	PlainBytes *int64            `json:"plaintext_bytes,omitempty"`
	Changed    []string          `json:"changed,omitempty"` // the paths of values that edit and set changed, of a document
}

// doneWith is a file whose envelope is known; output is "" where it stayed in its place, or its bytes went to standard output.
func doneWith(status, output string, e ops.Envelope) fileDone {
	d := fileDone{
		Status: status, Output: state.PathText(output), Key: e.KeyARN, KeyVersion: e.KeyVersion, Suite: e.Suite.String(),
		Context: e.Context, Commitment: base64.StdEncoding.EncodeToString(e.Commitment[:]), Generation: e.Generation,
	}
	if status != "rewrapped" && status != "current" { // there only the header was read
		d.PlainBytes = &e.Plaintext
	}
	return d
}

// of names the file; after an error nothing else is said of it.
func (d fileDone) of(name string, err error) fileDone {
	if err != nil {
		d = fileDone{Status: "failed", Error: err.Error()}
	}
	d.Path = state.PathText(name)
	return d
}

// begun names the files that an interrupt left untouched, too.
func begun(done []fileDone, files []string) []fileDone {
	for i := range done {
		if done[i].Status == "" {
			done[i] = fileDone{Path: state.PathText(files[i]), Status: "not_begun"}
		}
	}
	return done
}

func indices(files []string) []int {
	out := make([]int, len(files))
	for i := range out {
		out[i] = i
	}
	return out
}

// answerFiles is answerIn for a command whose other output may be standard output, where only one of them can stand.
func (a *app) answerFiles(json, toStdout bool) error {
	if json && toStdout {
		return usageError{errors.New("-json and the file would both stand on standard output; write the file with -o FILE")}
	}
	a.answerIn(json)
	return nil
}
