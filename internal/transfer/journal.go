package transfer

import (
	"bufio"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"maps"
)

// Journal remembers, across runs, what a ciphertext became, so that a run that was interrupted in a file of many does
// not have them encrypted again. It holds ciphertexts alone. What it says is proved before it is used: it saves a call
// and is not believed.
type Journal struct {
	mu   sync.Mutex
	file *os.File
	by   map[string][]byte
}

// entry is a line of it.
type entry struct {
	Old string `json:"old"` // SHA-256 of the old ciphertext, its context and the new key
	New string `json:"new"` // base64
}

// maxEntry bounds a line; a ciphertext has at most 6 KiB and its header.
const maxEntry = 1 << 20

// OpenJournal opens one, or begins it. A line that was cut short is left out.
func OpenJournal(path string) (*Journal, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("the journal: %w", err)
	}
	info, err := os.Lstat(path)
	if err == nil && !info.Mode().IsRegular() || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the journal %s is no regular file", path)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the journal: %w", err)
	}
	j := &Journal{file: f, by: map[string][]byte{}}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, maxEntry)
	whole := true
	for lines.Scan() {
		var e entry
		if whole = json.Unmarshal(lines.Bytes(), &e) == nil; !whole {
			continue
		}
		if raw, err := base64.StdEncoding.DecodeString(e.New); err == nil {
			j.by[e.Old] = raw
		}
	}
	if err := lines.Err(); err != nil {
		f.Close()
		return nil, fmt.Errorf("read the journal %s: %w", path, err)
	}
	if !whole {
		_, err = f.WriteString("\n") // what follows stands on a line of its own
	}
	return j, err
}

// Close closes it.
func (j *Journal) Close() error { return j.file.Close() }

// moved is what a ciphertext became, or nil.
func (j *Journal) moved(raw []byte, bound map[string]string, key string) []byte {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.by[entryName(raw, bound, key)]
}

// note writes down what it became.
func (j *Journal) note(raw []byte, bound map[string]string, key string, fresh []byte) error {
	if j == nil {
		return nil
	}
	name := entryName(raw, bound, key)
	line, err := json.Marshal(entry{name, base64.StdEncoding.EncodeToString(fresh)})
	if err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.by[name] = fresh
	if _, err := j.file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("write the journal: %w", err)
	}
	return nil
}

func entryName(raw []byte, bound map[string]string, key string) string {
	h := sha256.New()
	for _, part := range slices.Concat([]string{string(raw), key}, pairsOf(bound)) {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

func pairsOf(bound map[string]string) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(bound)) {
		out = append(out, name, bound[name])
	}
	return out
}

// parseContext reads NAME=VALUE pairs with commas between them, or a JSON object.
func parseContext(text string) (map[string]string, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil, nil
	}
	out := map[string]string{}
	if strings.HasPrefix(text, "{") {
		if err := json.Unmarshal([]byte(text), &out); err != nil {
			return nil, errors.New("the context is not a JSON object of texts")
		}
		return out, nil
	}
	for _, pair := range strings.Split(text, ",") {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("the context %q is not NAME=VALUE", pair)
		}
		out[name] = value
	}
	return out, nil
}
