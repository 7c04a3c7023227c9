package cli

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/pattern"
	"kmsplan.dev/kmsplan/internal/transfer"
)

// ownDirs are not searched: what git and kmsplan keep is theirs.
var ownDirs = []string{".git", ".kmsplan"}

// transferFiles are the files that are named, those below directories, and those of a manifest, each once. What is no
// regular file is told of and left alone.
func (a *app) transferFiles(args []string, rows []transfer.Row) (files []string, skipped []transfer.Item, err error) {
	add := func(name string, mode fs.FileMode) {
		switch {
		case slices.Contains(files, name):
		case !mode.IsRegular():
			skipped = append(skipped, transfer.Item{Path: name, Status: transfer.StatusSkipped, Error: "it is no regular file; links are not followed"})
		case strings.HasPrefix(filepath.Base(name), "kmsplan.state.json"):
			skipped = append(skipped, transfer.Item{Path: name, Status: transfer.StatusSkipped, Error: "it is kmsplan's own; another key in the encryption block and kmsplan init -migrate-state move a state"})
		default:
			files = append(files, name)
		}
	}
	for _, row := range rows {
		args = append(args, row.Path)
	}
	for _, arg := range args {
		arg = filepath.Clean(arg)
		info, err := os.Lstat(a.path(arg))
		if err != nil {
			return nil, nil, err
		}
		if !info.IsDir() {
			add(arg, info.Mode())
			continue
		}
		err = filepath.WalkDir(a.path(arg), func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() {
				if slices.Contains(ownDirs, d.Name()) {
					return filepath.SkipDir
				}
				return nil
			}
			below, err := filepath.Rel(a.path(arg), path)
			add(filepath.Join(arg, below), d.Type())
			return err
		})
		if err != nil {
			return nil, nil, err
		}
	}
	return files, skipped, nil
}

// transferAnswer is what -json prints.
type transferAnswer struct {
	Keys    []transfer.Key  `json:"keys"` // those that are left
	NewKey  transfer.Key    `json:"new_key"`
	Files   int             `json:"files"`
	Counts  map[string]int  `json:"counts"` // of ciphertexts, by status
	Calls   int             `json:"calls"`  // of plan: what a run takes at most; else those that were made, for envelopes aside
	Items   []transfer.Item `json:"items"`
	Aliases string          `json:"aliases,omitempty"` // blocks that move them
}

// transferred tells what became of the ciphertexts.
func (a *app) transferred(t *transferring, job *transfer.Job, items []transfer.Item, files int) error {
	answer := transferAnswer{Keys: job.Keys.From, NewKey: job.Keys.To, Files: files, Counts: map[string]int{}, Items: items, Calls: job.Calls()}
	if items == nil {
		answer.Items = []transfer.Item{}
	}
	var lines []string
	for _, item := range items {
		answer.Counts[item.Status]++
		lines = append(lines, itemLine(item))
	}
	if t.do == transfer.Plan {
		answer.Calls = callsEach * answer.Counts[transfer.StatusToMove]
		answer.Aliases = aliasBlocks(job.Keys, t.gateway)
	}
	if t.report != "" {
		if err := a.writeReport(t.report, items); err != nil {
			return err
		}
	}
	lines = append(lines, transferSummary(t.do, answer)...)
	a.view.Result(answer, lines...)
	left := answer.Counts[transfer.StatusLeft] + answer.Counts[transfer.StatusNotBegun]
	switch {
	case answer.Counts[transfer.StatusFailed] > 0:
		return exit{exitError}
	case left > 0:
		return exit{exitChanges}
	}
	return nil
}

// callsEach are made for a ciphertext or an envelope at most: open, encrypt, open.
const callsEach = 3

func (a *app) writeReport(name string, items []transfer.Item) error {
	var b strings.Builder
	for _, item := range items {
		line, err := json.Marshal(item)
		if err != nil {
			return err
		}
		b.Write(append(line, '\n'))
	}
	return durable.WriteFile(a.path(name), []byte(b.String()), 0o600)
}

func itemLine(i transfer.Item) string {
	place := i.Path
	if i.Line > 0 && i.Form != transfer.FormBinary {
		place = fmt.Sprintf("%s:%d", i.Path, i.Line)
	}
	text := place + ": " + strings.ReplaceAll(i.Status, "_", " ")
	if i.Key != "" {
		text += fmt.Sprintf(", %s under %s", i.Form, i.Key)
	}
	if i.Status == transfer.StatusMoved {
		text += fmt.Sprintf(" → %s, version %s", i.NewKey, i.NewVersion)
	}
	if i.Error != "" {
		text += ": " + i.Error
	}
	return text
}

func transferSummary(do int, answer transferAnswer) []string {
	n := answer.Counts
	lines := []string{""}
	switch do {
	case transfer.Plan:
		lines = append(lines, fmt.Sprintf("%d to move in %d files searched, from %d keys to %s: at most %d calls.", n[transfer.StatusToMove], answer.Files, len(answer.Keys), answer.NewKey.ID, answer.Calls))
		if answer.Aliases != "" {
			lines = append(lines, "", "These blocks move the aliases of the keys; apply them before the run, so that nothing new comes under the old keys:", "")
			lines = append(lines, strings.Split(strings.TrimSuffix(answer.Aliases, "\n"), "\n")...)
		}
	case transfer.Run:
		lines = append(lines, fmt.Sprintf("%d moved, %d failed, %d kept for another of their file, in %d files searched; %d calls.", n[transfer.StatusMoved], n[transfer.StatusFailed], n[transfer.StatusKept], answer.Files, answer.Calls))
	case transfer.Verify:
		lines = append(lines, fmt.Sprintf("%d open under %s, %d left under the old keys, %d failed, in %d files searched.", n[transfer.StatusGood], answer.NewKey.ID, n[transfer.StatusLeft], n[transfer.StatusFailed], answer.Files))
	}
	return lines
}

var notInName = pattern.New(`[^A-Za-z0-9_]+`)

// aliasBlocks are the blocks that take over the aliases of the keys that are left and point them to the new key.
func aliasBlocks(keys transfer.Keys, gateway string) string {
	var b strings.Builder
	taken := map[string]bool{}
	for _, k := range keys.From {
		for _, alias := range k.Aliases {
			name := strings.Trim(notInName.ReplaceAllString(strings.TrimPrefix(alias, "alias/"), "_"), "_")
			if name == "" || name[0] >= '0' && name[0] <= '9' {
				name = "alias_" + name
			}
			for base, n := name, 2; taken[name]; n++ {
				name = fmt.Sprintf("%s_%d", base, n)
			}
			taken[name] = true
			fmt.Fprintf(&b, "import {\n  to = alias.%s\n  id = %q\n}\nalias %q {\n  name = %q\n  key  = %q\n", name, alias, name, alias, keys.To.ID)
			if gateway != "" {
				fmt.Fprintf(&b, "  gateway = gateway.%s\n", gateway)
			}
			b.WriteString("}\n")
		}
	}
	return b.String()
}
