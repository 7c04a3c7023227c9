package hcl

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"

	"kmsplan.dev/kmsplan/internal/pattern"
)

// ownedHead is how many bytes of a file tell what it is.
const ownedHead = 512

// How an envelope begins, the line that says its context, and what that says of an encrypted plan
// (docs/envelope-format.md).
const (
	envelopeBegin   = "kmsplan.dev/envelope/"
	envelopeContext = "\n-> ctx "
	contextOfPlans  = " kmsplan:purpose=plan "
	largestContext  = 9 << 10 // bytes
)

// journalLine is how each line of a journal begins.
var journalLine = pattern.New(`^[0-9a-f]{8} \d+ \{"op":"`)

// contentOwned says what of kmsplan's a regular file is by what it holds, under any name and in any directory, or "".
// Terraform's states are among them: they are no more to be written over.
func contentOwned(name string) string {
	f, err := os.Open(name)
	if err != nil {
		return ""
	}
	defer f.Close()
	head, _ := io.ReadAll(io.LimitReader(f, ownedHead))
	if bytes.HasPrefix(head, []byte(envelopeBegin)) {
		return sealedOwned(head, f)
	}
	switch head = bytes.TrimSpace(head); {
	case bytes.HasPrefix(head, []byte(`{"kind":"kmsplan-plan"`)):
		return ownPlan
	case isState(head):
		return ownStrangeState
	case journalLine.Match(head):
		return ownStrangeJournal
	}
	return ""
}

// sealedOwned is contentOwned of an envelope, whose context says what it is.
func sealedOwned(head []byte, rest io.Reader) string {
	_, line, found := bytes.Cut(head, []byte(envelopeContext))
	if found && !bytes.Contains(line, []byte("\n")) {
		more, _ := io.ReadAll(io.LimitReader(rest, largestContext))
		line = append(line, more...)
	}
	line, _, _ = bytes.Cut(line, []byte("\n"))
	if bytes.Contains([]byte(" "+string(line)+" "), []byte(contextOfPlans)) {
		return ownPlan
	}
	return ""
}

// isState reports whether a file begins as a state does, of whichever version.
func isState(head []byte) bool {
	const fields = 4 // that it may begin with
	tokens := json.NewDecoder(bytes.NewReader(head))
	if t, err := tokens.Token(); err != nil || t != json.Delim('{') {
		return false
	}
	seen := map[any]bool{}
	for range fields {
		name, err := tokens.Token()
		if err != nil {
			break
		}
		if value, err := tokens.Token(); err != nil || value == json.Delim('{') || value == json.Delim('[') {
			break
		}
		seen[name] = true
	}
	return seen["version"] && seen["serial"] && seen["lineage"]
}

// amongEmulator says whether a directory holds another emulator's data, or lies below it, as snapshots do.
func amongEmulator(dir string) string {
	for _, data := range []string{dir, filepath.Dir(dir)} {
		if regular(filepath.Join(data, "root.key")) && regular(filepath.Join(data, "kms.db")) {
			return ownStrangeEmulator
		}
	}
	return ""
}

// besideState says whether a path is one that another module's state has beside it.
func besideState(real string) string {
	for _, beside := range []string{real, filepath.Dir(real)} {
		for _, companion := range []string{".journal", ".lock", ".d"} {
			if base, ok := strings.CutSuffix(beside, companion); ok && regular(base) && contentOwned(base) == ownStrangeState {
				return ownStrangeState
			}
		}
	}
	return ""
}

func regular(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}
