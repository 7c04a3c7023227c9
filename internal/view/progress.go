package view

import (
	"fmt"
	"sync"
	"time"
)

// progressFrom is the size below which a file is done before anyone could read its progress.
const progressFrom = 32 << 20

// redrawEvery bounds how often a progress line is drawn.
const redrawEvery = 200 * time.Millisecond

// FileProgress draws one line per large file on a terminal, and stays silent elsewhere.
type FileProgress struct {
	t     *Terminal
	now   func() time.Time
	mu    sync.Mutex
	drawn time.Time
	shown bool
}

// NewFileProgress makes a progress line for files.
func (t *Terminal) NewFileProgress(now func() time.Time) *FileProgress {
	return &FileProgress{t: t, now: now}
}

// Of returns the callback for one file, or nil where nothing would be drawn.
func (p *FileProgress) Of(verb, name string) func(done, total int64) {
	if !p.t.Redraws {
		return nil
	}
	began := p.now()
	return func(done, total int64) { p.draw(verb, name, began, done, total) }
}

func (p *FileProgress) draw(verb, name string, began time.Time, done, total int64) {
	if total >= 0 && total < progressFrom {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if now.Sub(p.drawn) < redrawEvery && done != total {
		return
	}
	p.drawn, p.shown = now, true
	rate := float64(done) / max(now.Sub(began).Seconds(), 0.001)
	text := fmt.Sprintf("%s %s  %s", verb, name, Bytes(done))
	if total > 0 {
		text += fmt.Sprintf(" of %s (%d %%)", Bytes(total), done*100/total)
	}
	p.t.redraw(fmt.Sprintf("%s  %s/s", text, Bytes(int64(rate))))
}

// Done clears the line.
func (p *FileProgress) Done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shown {
		p.t.redraw("")
		p.shown = false
	}
}

// Bytes renders a size with a binary unit: 1.5 MiB.
func Bytes(n int64) string {
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	value, unit := float64(n)/1024, "KiB"
	for _, next := range []string{"MiB", "GiB", "TiB"} {
		if value < 1024 {
			break
		}
		value, unit = value/1024, next
	}
	return fmt.Sprintf("%.1f %s", value, unit)
}
