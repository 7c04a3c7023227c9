package local

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"kmsplan.dev/kmsplan/internal/batch"
	"kmsplan.dev/kmsplan/internal/batch/queue"
	"kmsplan.dev/kmsplan/internal/durable"
)

// A batch's directory is its id, a dot, and a number that grows with each batch of the queue.
func dirName(spec batch.Spec, n int) string { return fmt.Sprintf("%s.%06d", spec.ID(), n) }

// number is that of a batch's directory, 0 of another name.
func number(name string) int {
	_, digits, ok := strings.Cut(name, ".")
	n, err := strconv.Atoi(digits)
	if !ok || err != nil || n < 1 {
		return 0
	}
	return n
}

// numbered are the directories of batches, the oldest first; some may have no ledger yet.
func (q *Queue) numbered() []string {
	names := slices.DeleteFunc(q.names(), func(name string) bool { return number(name) == 0 })
	slices.SortFunc(names, func(a, b string) int { return cmp.Compare(number(a), number(b)) })
	return names
}

// last are the last batches of every address, by address.
func (q *Queue) last() (map[string]*kept, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	newest := map[string]string{}
	for _, name := range q.numbered() {
		address, err := q.addressOf(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // it is being created, or its creation broke off
		}
		if err != nil {
			return nil, err
		}
		newest[address] = name
	}
	out := map[string]*kept{}
	for address, name := range newest {
		k, err := q.openBatch(name)
		if err != nil {
			return nil, err
		}
		out[address] = k
	}
	return out, nil
}

// find is the last batch of an address.
func (q *Queue) find(address string) (*kept, error) {
	all, err := q.last()
	if err != nil {
		return nil, err
	}
	if all[address] == nil {
		return nil, fmt.Errorf("%s in %s: %w", address, q.path, queue.ErrNone)
	}
	return all[address], nil
}

func (q *Queue) openBatch(name string) (*kept, error) {
	if k := q.open[name]; k != nil {
		return k, nil
	}
	dir, err := durable.In(q.dir.Root(), name, dirMode, q.seam)
	if err != nil {
		return nil, fmt.Errorf("opening a batch: %w", err)
	}
	k := &kept{dir: dir, name: name}
	q.open[name] = k
	return k, nil
}

// addressOf reads a ledger's first line. Errors: fs.ErrNotExist.
func (q *Queue) addressOf(name string) (string, error) {
	if address, ok := q.known[name]; ok {
		return address, nil
	}
	f, err := q.dir.Root().OpenFile(name+"/"+ledgerName, os.O_RDONLY, 0)
	if err != nil {
		return "", err
	}
	defer f.Close()
	raw, err := bufio.NewReader(io.NewSectionReader(f, 0, math.MaxInt64)).ReadBytes('\n')
	text, ok := whole(raw)
	l, bad := decode(text)
	if err != nil || !ok || bad != nil || l.Created == nil {
		return "", fmt.Errorf("%s, line 1, is damaged: it does not say of which batch it is; move the directory away once you know why", q.dir.Path(name+"/"+ledgerName))
	}
	q.known[name] = l.Created.Spec.Address
	return l.Created.Spec.Address, nil
}
