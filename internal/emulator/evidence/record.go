package evidence

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/emulator/calllog"
)

// Client is an SDK or a tool that drives the emulator.
type Client struct {
	ID       string `json:"id"`       // name of its record, such as go-kms-v3-ACS3
	Name     string `json:"name"`     // package and version
	Language string `json:"language"` // of the client
	Foreign  bool   `json:"foreign"`  // nobody here wrote it
	Agent    string `json:"agent"`    // part of the User-Agent that every call of it carries
}

// Record is what one client did, free of ids, counts and times, so that it is
// equal in every run.
type Record struct {
	Client     Client               `json:"client"`
	Signatures []string             `json:"signatures"` // kinds that were verified
	Operations map[string]Operation `json:"operations"` // "gateway Operation"
}

// Operation is what came of calls to one operation.
type Operation struct {
	Answered bool     `json:"answered"`          // with status 200
	Refused  []string `json:"refused,omitempty"` // "status Code", sorted
}

// Gather makes a record of the calls that carry the client's User-Agent.
func Gather(c Client, calls []calllog.Call) Record {
	r := Record{Client: c, Operations: map[string]Operation{}}
	for _, call := range calls {
		if !strings.Contains(call.Agent, c.Agent) {
			continue
		}
		place := call.Gateway + " " + call.Operation
		o := r.Operations[place]
		switch {
		case call.Status == 200:
			o.Answered = true
			r.Signatures = append(r.Signatures, call.Signature)
		case call.Status != 0:
			o.Refused = append(o.Refused, fmt.Sprintf("%d %s", call.Status, call.Code))
		}
		slices.Sort(o.Refused)
		o.Refused = slices.Compact(o.Refused)
		r.Operations[place] = o
	}
	slices.Sort(r.Signatures)
	r.Signatures = slices.Compact(r.Signatures)
	return r
}

// Encode renders a record for its file.
func (r Record) Encode() ([]byte, error) {
	text, err := json.MarshalIndent(r, "", "  ")
	return append(text, '\n'), err
}

// Load reads every record of a directory, by client id.
func Load(dir string) ([]Record, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, fmt.Errorf("read the evidence: %w", err)
	}
	slices.Sort(paths)
	records := make([]Record, len(paths))
	for i, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read the evidence: %w", err)
		}
		if err := json.Unmarshal(text, &records[i]); err != nil {
			return nil, fmt.Errorf("read the evidence %s: %w", path, err)
		}
	}
	return records, nil
}
