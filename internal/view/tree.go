package view

import (
	"fmt"
	"time"
)

// Tree is how far a command is with many files.
type Tree struct {
	Verb        string // what is done to each: encrypting
	Done, Total int    // files that ended, whatever the end
	Bytes, Size int64  // of the files that are read; Size 0 = their content is not
	Began, At   time.Time
}

// sentence says how far it is, how fast, and how long the rest takes if it goes on like this.
func (w Tree) sentence() string {
	text := fmt.Sprintf("%s: %s of %s files", w.Verb, thousands(w.Done), thousands(w.Total))
	if left := w.left(); left > 0 {
		text += fmt.Sprintf(", about %s left", left)
	}
	if w.Size > 0 {
		text += fmt.Sprintf(", %s of %s, %s/s", Bytes(w.Bytes), Bytes(w.Size), Bytes(int64(float64(w.Bytes)/w.gone())))
	}
	return text
}

// gone is how long it took so far, seconds, and never 0.
func (w Tree) gone() float64 { return max(w.At.Sub(w.Began).Seconds(), 0.001) }

// left is how long the rest takes: a call for each file, or its bytes, whichever is slower.
func (w Tree) left() time.Duration {
	part := 1.0
	if w.Total > 0 {
		part = float64(w.Done) / float64(w.Total)
	}
	if w.Size > 0 {
		part = min(part, float64(w.Bytes)/float64(w.Size))
	}
	if part == 0 {
		return 0
	}
	return time.Duration(w.gone() * (1 - part) / part * float64(time.Second)).Round(time.Second)
}

// Tree draws a line below what is said of the files, until all of them ended; where lines stay, one says every ten seconds
// how far it is.
func (t *Terminal) Tree(w Tree) {
	t.worked.mu.Lock()
	defer t.worked.mu.Unlock()
	begun := t.lineOf.Began.Equal(w.Began)
	every := redrawEvery
	if !t.Redraws {
		every = tellEvery
	}
	switch since := w.At.Sub(w.Began); {
	case w.Done == w.Total:
		t.clearLine()
		t.lineOf = Tree{}
	case begun && w.At.Sub(t.worked.said) < every, !begun && since < every:
	case t.Redraws:
		t.workLine = w.sentence()
		t.redraw(t.workLine)
		t.worked.said, t.worked.shown, t.lineOf = w.At, true, w
	default:
		t.worked.said, t.lineOf = w.At, w
		fmt.Fprint(t.beside(), "kmsplan: "+neutral(w.sentence())+"\n")
	}
}

// overLine says something where the line stands. One of a tree stands below it again then.
func (t *Terminal) overLine(say func()) {
	t.worked.mu.Lock()
	defer t.worked.mu.Unlock()
	shown := t.clearLine()
	if say(); shown && t.lineOf.Total > 0 {
		t.redraw(t.workLine)
		t.worked.shown = true
	}
}

// clearLine is clearWorking for who holds the lock.
func (t *Terminal) clearLine() (shown bool) {
	if shown = t.worked.shown; shown {
		t.redraw("")
		t.worked.shown = false
	}
	return shown
}
