package view

import (
	"fmt"
	"strings"
	"time"
)

// Working is how far an apply or a run is: objects, and the files of data blocks.
type Working struct {
	Done, Total int // ended, whatever the end
	Began, At   time.Time
}

// manyThings is how many objects and files are worth a word on how far the work on them is.
const manyThings = 10

// sentence says how far it is, and how long the rest takes if it goes on like this.
func (w Working) sentence() string {
	text := fmt.Sprintf("done with %s of %s objects and files", thousands(w.Done), thousands(w.Total))
	if left := (Reading{Done: w.Done, Total: w.Total, Began: w.Began, At: w.At}).left(); left > 0 {
		text += fmt.Sprintf(", about %s left", left)
	}
	return text
}

// dueWork reports whether it is time to say something again, where lines are said so often.
func (d *reading) dueWork(w Working, every time.Duration) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if w.Total < manyThings || w.Done == w.Total || w.At.Sub(latest(d.said, w.Began)) < every {
		return false
	}
	d.said = w.At
	return true
}

// Working draws a line below what steps say; where lines stay, one says every ten
// seconds how far it is.
func (t *Terminal) Working(w Working) {
	if !t.Redraws {
		if t.worked.dueWork(w, tellEvery) {
			t.Notef("%s", w.sentence())
		}
		return
	}
	if w.Done == w.Total {
		t.clearWorking()
	} else if t.worked.dueWork(w, redrawEvery) {
		t.drawWorking(w.sentence())
	}
}

func (t *Terminal) drawWorking(line string) {
	t.worked.mu.Lock()
	defer t.worked.mu.Unlock()
	t.redraw(line)
	t.worked.shown, t.workLine = true, line
}

// aboveWorking says something above the line, which stands below it again then.
func (t *Terminal) aboveWorking(say func()) {
	shown := t.clearWorking()
	if say(); shown {
		t.drawWorking(t.workLine)
	}
}

// clearWorking takes the line away before something else is said.
func (t *Terminal) clearWorking() (shown bool) {
	t.worked.mu.Lock()
	defer t.worked.mu.Unlock()
	return t.clearLine()
}

// Working writes every ten seconds how far it is.
func (l *Lines) Working(w Working) {
	if l.worked.dueWork(w, tellEvery) {
		l.emit("info", "progress", strings.ToUpper(w.sentence()[:1])+w.sentence()[1:], map[string]any{"progress": map[string]any{"done": w.Done, "total": w.Total}})
	}
}
