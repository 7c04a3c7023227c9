package state

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// keptGenerations is how many past states stay beside a local one, the current included.
const keptGenerations = 10

// generations is the directory of the kept states.
func (l *Local) generations() string { return l.path + ".d" }

// keep stores the state as a generation: STATE.d/000123.json for serial 123.
func (l *Local) keep(serial uint64, data []byte) error {
	path := generationPath(l.generations(), serial)
	temp, err := writeTemp(path, data)
	if err != nil {
		return err
	}
	if err := renameSynced(temp, path); err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	l.fail.Hit("state.kept")
	return nil
}

// prune removes the oldest generations. One that cannot be removed does no harm
// and is tried again at the next write, so failures are not reported.
func (l *Local) prune() {
	serials := generationSerials(l.generations())
	for _, s := range serials[:max(0, len(serials)-keptGenerations)] {
		os.Remove(generationPath(l.generations(), s))
	}
}

// sweep removes the temporary files of writers that died. The caller holds the swap
// lock, so none of them belongs to a living one. What cannot be removed does no harm.
func (l *Local) sweep() {
	for _, path := range []string{l.path, filepath.Join(l.generations(), "*")} {
		dir, base := filepath.Split(path)
		names, err := os.ReadDir(dir)
		if err != nil {
			continue // the write that follows reports it
		}
		for _, n := range names {
			if isTemp(n.Name(), base) {
				os.Remove(filepath.Join(dir, n.Name()))
			}
		}
	}
}

// isTemp reports whether name is a temporary of the file base ("*": of any file).
func isTemp(name, base string) bool {
	rest, ok := strings.CutSuffix(name, ".tmp")
	if !ok || !strings.HasPrefix(rest, ".") {
		return false
	}
	i := strings.LastIndexByte(rest, '.')
	_, err := strconv.ParseUint(rest[i+1:], 10, 64)
	return err == nil && i > 0 && (base == "*" || rest[1:i] == base)
}

// generationSerials returns the serials of the states kept in a store's directory, oldest first.
func generationSerials(dir string) []uint64 {
	names, err := os.ReadDir(dir)
	if err != nil {
		return nil // no directory, no generations
	}
	var serials []uint64
	for _, n := range names {
		digits, isJSON := strings.CutSuffix(n.Name(), ".json")
		if s, err := strconv.ParseUint(digits, 10, 64); isJSON && err == nil {
			serials = append(serials, s)
		}
	}
	slices.Sort(serials)
	return serials
}

func generationPath(dir string, serial uint64) string {
	return filepath.Join(dir, fmt.Sprintf("%06d.json", serial))
}

// newestGeneration returns the newest generation that is whole, or "".
func newestGeneration(dir string) (path string, serial uint64) {
	for _, s := range slices.Backward(generationSerials(dir)) {
		path := generationPath(dir, s)
		data, err := readFile(path, maxState)
		if err != nil {
			continue
		}
		if st, err := Decode(path, data); err == nil {
			return path, st.Serial
		}
	}
	return "", 0
}
