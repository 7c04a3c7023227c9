package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"kmsplan.dev/kmsplan/internal/census"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// statusAnswer is the document of status.
type statusAnswer struct {
	Files   []statusFile   `json:"files"`
	Batches []statusBatch  `json:"batches"`
	Asked   *statusAsked   `json:"asked,omitempty"`
	Passed  []statusPassed `json:"passed"` // what was named, or lay below what was named, and was not looked at

	names map[string]string // addresses of keys, by id
}

// statusFile is one key of one encrypted file.
type statusFile struct {
	Path       state.PathText `json:"path"`
	Address    string         `json:"address,omitempty"` // "" = not in the census
	Status     string         `json:"status"`
	Detail     string         `json:"detail,omitempty"`
	Key        string         `json:"key"`
	KeyAddress string         `json:"key_address,omitempty"`
	KeyVersion string         `json:"key_version"`
	Primary    *bool          `json:"primary,omitempty"` // whether that is the key's primary version, as the state has it
	Context    []string       `json:"context"`
	BreakGlass bool           `json:"break_glass"`
}

// statusAsked answers -key and -version.
type statusAsked struct {
	Key        string   `json:"key,omitempty"`
	KeyAddress string   `json:"key_address,omitempty"`
	KeyVersion string   `json:"key_version,omitempty"`
	MayGo      bool     `json:"may_go"`
	Files      int      `json:"files"`
	Secrets    []string `json:"secrets"`
	Aliases    []string `json:"aliases"`
	Uses       []keyUse `json:"uses"`
	Ways       []string `json:"ways"` // commands that bring the files under another version or key

	batches []statusBatch
	primary bool
	unknown bool // nothing here has ever named it
}

type statusPassed struct {
	Path   state.PathText `json:"path"`
	Reason string         `json:"reason"`
}

func passed(list []census.Passed) []statusPassed {
	out := make([]statusPassed, len(list))
	for i, p := range list {
		out[i] = statusPassed{state.PathText(p.Path), p.Reason}
	}
	return out
}

func newStatus(now time.Time, st state.State, names keyNaming, looked, outside []census.Entry, key, version string) statusAnswer {
	answer := statusAnswer{Files: []statusFile{}, Batches: statusBatches(st, key, version), names: names.address}
	known := map[string]bool{}
	for i := range looked {
		known[looked[i].Sealed()] = true
	}
	for _, e := range outside {
		if e.Address = ""; !known[e.Path] {
			looked = append(looked, e)
		}
	}
	for i := range looked {
		if e := &looked[i]; e.Needs(key, version) {
			answer.Files = append(answer.Files, newStatusFile(e, names))
		}
	}
	slices.SortStableFunc(answer.Files, func(a, b statusFile) int { return strings.Compare(string(a.Path), string(b.Path)) })
	if key != "" || version != "" {
		answer.Asked = newAsked(now, st, names, answer, key, version)
	}
	return answer
}

func newStatusFile(e *census.Entry, names keyNaming) statusFile {
	f := statusFile{
		Path: state.PathText(e.Path), Address: e.Address, Status: e.Status, Detail: e.Detail, Key: e.KeyID, KeyAddress: names.address[e.KeyID],
		KeyVersion: e.KeyVersion, Context: append([]string{}, e.Context...), BreakGlass: e.BreakGlass,
	}
	if primary := names.primary[e.KeyID]; primary != "" && e.KeyVersion != "" {
		is := primary == e.KeyVersion
		f.Primary = &is
	}
	return f
}

func newAsked(now time.Time, st state.State, names keyNaming, answer statusAnswer, key, version string) *statusAsked {
	files := answer.Files
	q := &statusAsked{Key: key, KeyAddress: names.address[key], KeyVersion: version, Files: len(files), Secrets: []string{}, Aliases: []string{}, Uses: usesOf(st.UsesOf(key, version), now)}
	if key != "" && version == "" {
		needs := state.NeedsOf(st, names.gateway[key], key)
		q.Secrets, q.Aliases = append(q.Secrets, needs.Secrets...), append(q.Aliases, needs.Aliases...)
	}
	for id, primary := range names.primary {
		q.primary = q.primary || version != "" && primary == version && (key == "" || key == id)
	}
	q.unknown = names.address[key] == "" && len(files)+len(q.Uses)+len(answer.Batches) == 0 && !q.primary
	q.MayGo = len(files)+len(answer.Batches)+len(q.Secrets)+len(q.Aliases) == 0 && !q.primary
	q.Ways = append([]string{}, waysOut(files, q, names)...)
	q.batches, q.Ways = answer.Batches, append(q.Ways, waysOfBatches(answer.Batches, q)...)
	return q
}

// waysOut are the commands that bring files under another version, or another key.
func waysOut(files []statusFile, q *statusAsked, names keyNaming) (ways []string) {
	var blocks []string
	loose := map[string][]string{} // by key
	outside := false
	for _, f := range files {
		switch {
		case f.rewrapped():
			loose[f.Key] = append(loose[f.Key], shellQuote(string(f.Path)))
			outside = outside || f.Address == ""
		case f.Status != census.Missing && f.Status != census.Unreadable:
			blocks = append(blocks, shellQuote(f.Address))
		}
	}
	if len(files) > 0 && q.primary {
		ways = append(ways, "kmsplan rotate "+shellQuote(names.rotates(q)))
	}
	if slices.Sort(blocks); len(blocks) > 0 {
		ways = append(ways, "kmsplan run "+strings.Join(slices.Compact(blocks), " "))
	}
	for _, key := range slices.Sorted(keysIn(loose)) {
		to, paths := "NEW_KEY", slices.Compact(loose[key])
		if q.KeyVersion != "" {
			to = key
		}
		if outside { // a list of the census has not those
			ways = append(ways, fmt.Sprintf("kmsplan rewrap -key %s %s", to, strings.Join(paths, " ")))
			continue
		}
		ways = append(ways, plan.RewrapCommand(to, key, q.KeyVersion, paths))
	}
	return ways
}

// rewrapped reports whether rewrap brings the file under another key: it is there, and no data block writes it.
func (f statusFile) rewrapped() bool {
	return f.Status != census.Missing && f.Status != census.Unreadable && (f.Address == "" || strings.HasPrefix(f.Address, "census."))
}

// printPaths lists the files that rewrap takes.
func (a *app) printPaths(files []statusFile) error {
	var list []string
	for _, f := range files {
		if f.rewrapped() {
			list = append(list, string(f.Path)+"\x00")
		}
	}
	_, err := io.WriteString(a.proc.Stdout, strings.Join(slices.Compact(list), ""))
	return err
}
