package cli

import (
	"os"
	"sync"
	"time"

	"kmsplan.dev/kmsplan/internal/view"
)

// progressOf begins the progress of the file at work; its result may be nil.
type progressOf func(verb string) func(done, total int64)

// headersOnly are the verbs that read no content, so that bytes say nothing of how far they are.
var headersOnly = map[string]bool{"rewrapping": true}

// worthCounting is how many bytes of a file are counted together.
const worthCounting = 1 << 20

// treeProgress counts files and bytes of a run over several.
type treeProgress struct {
	a     *app
	began time.Time
	sizes []int64 // bytes, by file; 0 where a file cannot be looked at

	mu          sync.Mutex
	verb        string
	done        int
	bytes, size int64
	seen        []int64 // of each file so far
}

func (a *app) newTreeProgress(files []string) *treeProgress {
	p := &treeProgress{a: a, began: a.now(), sizes: make([]int64, len(files)), seen: make([]int64, len(files))}
	for i, name := range files {
		if info, err := os.Lstat(a.path(name)); err == nil && info.Mode().IsRegular() {
			p.sizes[i] = info.Size()
			p.size += info.Size()
		}
	}
	return p
}

// of begins a file.
func (p *treeProgress) of(i int) progressOf {
	return func(verb string) func(done, total int64) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.verb = verb
		return func(done, _ int64) {
			if done-p.seen[i] >= worthCounting { // only this goroutine writes it
				p.reached(i, done, 0)
			}
		}
	}
}

// ended ends a file, whatever the end.
func (p *treeProgress) ended(i int) { p.reached(i, p.sizes[i], 1) }

// reached says how many bytes of a file are done. No more of it counts than it is long.
func (p *treeProgress) reached(i int, bytes int64, files int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	bytes = min(bytes, p.sizes[i])
	p.bytes += bytes - p.seen[i]
	p.seen[i] = bytes
	p.done += files
	w := view.Tree{Verb: p.verb, Done: p.done, Total: len(p.sizes), Bytes: p.bytes, Size: p.size, Began: p.began, At: p.a.now()}
	if w.Verb == "" {
		w.Verb = "done with"
	}
	if headersOnly[p.verb] {
		w.Bytes, w.Size = 0, 0
	}
	p.a.view.Tree(w)
}

// over takes the line away, also where an interrupt left files that were not begun.
func (w fileWatch) over() {
	if w.tree != nil {
		w.tree.a.view.Tree(view.Tree{})
	}
}

// fileWatch is the progress of the files of a command: a line of a file where it is alone, else one of all.
type fileWatch struct {
	alone *view.FileProgress
	tree  *treeProgress
	files []string
}

func (a *app) watchFiles(files []string) fileWatch {
	if len(files) == 1 {
		return fileWatch{alone: a.term.NewFileProgress(a.now), files: files}
	}
	return fileWatch{tree: a.newTreeProgress(files), files: files}
}

func (w fileWatch) of(i int) progressOf {
	if w.tree != nil {
		return w.tree.of(i)
	}
	return func(verb string) func(done, total int64) { return w.alone.Of(verb, w.files[i]) }
}

func (w fileWatch) ended(i int) {
	if w.tree != nil {
		w.tree.ended(i)
		return
	}
	w.alone.Done()
}
