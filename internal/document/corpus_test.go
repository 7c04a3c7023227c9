package document

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/envelope"
)

// TestCorpus seals every file below KMSPLAN_CORPUS whose name says a format, changes one value of it, exchanges its
// recipient and opens it: no byte may differ, no other value may change its ciphertext, and of the files with a value
// fewer than one in a hundred may be refused. bash .ci/corpus fetches what it is run over.
func TestCorpus(t *testing.T) {
	root := os.Getenv("KMSPLAN_CORPUS")
	if root == "" {
		t.Skip("KMSPLAN_CORPUS names no directory: bash .ci/corpus makes one")
	}
	c := &corpus{t: t, root: root, mine: newRig(t, "json"), other: newRig(t, "json"), count: map[string]*tally{}}
	if err := filepath.WalkDir(root, c.file); err != nil {
		t.Fatal(err)
	}
	c.report()
}

// corpus is a run over one.
type corpus struct {
	t           *testing.T
	root        string
	mine, other *rig
	count       map[string]*tally // by format and extension
}

// tally is what became of some files.
type tally struct {
	files, valueless, values int
	bytes                    int64
	refused                  []string
}

func (c *corpus) file(name string, d fs.DirEntry, err error) error {
	if err != nil || !d.Type().IsRegular() {
		return err
	}
	src, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	f, err := ByFile(name, src)
	if err != nil {
		return nil
	}
	ext := strings.ToLower(filepath.Ext(name))
	if f.Name() == "dotenv" {
		ext = ".env"
	}
	at := f.Name() + " " + ext
	if c.count[at] == nil {
		c.count[at] = &tally{}
	}
	one := c.count[at]
	one.files++
	one.bytes += int64(len(src))
	values, err := c.through(f, src)
	one.values += values
	switch r := (*Refusal)(nil); {
	case err == nil:
	case !errors.As(err, &r):
		c.t.Errorf("%s: %v", name, err)
	case strings.Contains(err.Error(), "no value that could be sealed"):
		one.valueless++
	default:
		one.refused = append(one.refused, strings.TrimPrefix(name, c.root)+": "+err.Error())
	}
	return nil
}

// through is the way of one file; the error is that of sealing it. values is how many were sealed.
func (c *corpus) through(f Format, src []byte) (values int, err error) {
	options := c.mine.options
	options.Format = f
	doc, _, err := Seal(src, options)
	if err != nil {
		return 0, err
	}
	d, err := c.mine.open(doc)
	if err != nil {
		return 0, err
	}
	if !bytes.Equal(d.Plain, src) {
		return 0, errors.New("what was opened differs from what was sealed")
	}
	if f.Name() == "toml" || f.Name() == "hcl" { // of the other formats it reads a part
		if second, err := secondOpen(string(doc), options.DataKey); err != nil || second != string(src) {
			return 0, fmt.Errorf("the second reader reads otherwise: %v", err)
		}
	}
	values, _ = d.Sealed()
	edited := edit(d)
	later, _, err := d.Update(edited)
	if err != nil {
		return values, err
	}
	if fresh := freshTokens(doc, later); fresh > 1 {
		return values, errors.New("more than the edited value changed its ciphertext")
	}
	if d, err = c.mine.open(later); err != nil {
		return values, err
	}
	last, _, err := d.Rewrap(c.other.options.Stanzas)
	if err != nil {
		return values, err
	}
	if d, err = Open(context.Background(), last, envelope.OpenOptions{Identities: []envelope.Identity{c.other.identity}}); err != nil {
		return values, err
	}
	if !bytes.Equal(d.Plain, edited) {
		return values, errors.New("what was opened at last differs from what was written")
	}
	return values, nil
}

// edit writes another text in the place of the sealed value in the middle.
func edit(d *Document) []byte {
	sealed := slices.Sorted(maps.Keys(d.sealed))
	i := d.items[sealed[len(sealed)/2]]
	raw := d.Plain[i.Start:i.End]
	return slices.Concat(d.Plain[:i.Start], []byte(d.format.Quote("edited-by-the-corpus", raw)), d.Plain[i.End:])
}

// freshTokens counts the sealed values of one document that another has not.
func freshTokens(before, after []byte) (fresh int) {
	has := map[string]bool{}
	for _, token := range tokensIn(before) {
		has[token] = true
	}
	for _, token := range tokensIn(after) {
		if !has[token] {
			fresh++
		}
	}
	return fresh
}

func tokensIn(doc []byte) (found []string) {
	for _, part := range strings.Split(string(doc), tokenPrefix)[1:] {
		end := strings.IndexFunc(part, func(r rune) bool {
			return r != ':' && r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
		})
		if end < 0 {
			end = len(part)
		}
		found = append(found, part[:end])
	}
	return found
}

func (c *corpus) report() {
	var all tally
	for _, at := range slices.Sorted(maps.Keys(c.count)) {
		one := c.count[at]
		slices.Sort(one.refused)
		c.t.Logf("%-14s %6d files, %5.1f MB, %7d values sealed, %5d without a value, %4d refused", at, one.files, float64(one.bytes)/1e6, one.values, one.valueless, len(one.refused))
		for _, r := range one.refused {
			c.t.Logf("  %s", r)
		}
		all.files += one.files
		all.valueless += one.valueless
		all.values += one.values
		all.bytes += one.bytes
		all.refused = append(all.refused, one.refused...)
	}
	c.t.Logf("all: %d files, %.1f MB, %d values sealed, %d without a value, %d refused", all.files, float64(all.bytes)/1e6, all.values, all.valueless, len(all.refused))
	if with := all.files - all.valueless; len(all.refused)*100 >= with {
		c.t.Errorf("%d of %d files with a value were refused: one in a hundred is too many", len(all.refused), with)
	}
}
