package view

import (
	"fmt"
	"io"
	"os"
	"strconv"

	"golang.org/x/term"
)

// defaultWidth is the column at which prose is wrapped when the terminal does not say.
const defaultWidth = 78

// narrowest and widest bound the columns that a terminal, or COLUMNS, may ask for.
const narrowest, widest = 20, 120

// Terminal is where a command talks: results go to Out, talk and errors to Err.
type Terminal struct {
	Out, Err io.Writer
	Color    bool // Out takes ANSI colours
	ErrColor bool // Err takes ANSI colours
	Live     bool // Err is a terminal
	Redraws  bool // Err is a terminal that obeys: progress may redraw its line
	Width    int  // columns for wrapped prose

	CompactWarnings bool // a warning is one line
	Calls           bool // plans list the calls that each change needs

	told     bool   // COLUMNS said how wide it is
	compat   string // the tool whose lines are printed for bots
	work     atWork
	read     reading
	worked   reading
	batched  reading // of listings and batches
	workLine string  // that stands there
	lineOf   Tree    // the files that it is of, while there are any
}

var _ View = (*Terminal)(nil)

// NewTerminal looks at the process's streams. Colour is used on a terminal only,
// and never with NO_COLOR set or TERM=dumb (https://no-color.org); then no line is redrawn either.
// COLUMNS has the last word on the width.
func NewTerminal(out, err io.Writer, getenv func(string) string) *Terminal {
	plain := getenv("NO_COLOR") != "" || getenv("TERM") == "dumb"
	t := &Terminal{Out: out, Err: err, Width: defaultWidth, compat: compatNames[getenv(compatVariable)]}
	if f, ok := out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		t.Color = !plain
		if w, _, e := term.GetSize(int(f.Fd())); e == nil && w > narrowest {
			t.Width = min(w, widest)
		}
	}
	if f, ok := err.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		t.ErrColor, t.Redraws, t.Live = !plain, !plain, true
	}
	if w, e := strconv.Atoi(getenv("COLUMNS")); e == nil && w >= narrowest {
		t.Width, t.told = min(w, widest), true
	}
	return t
}

// people is where Out is written to for people, and beside where Err is.
func (t *Terminal) people() io.Writer { return folded{t.Out, t.Width} }
func (t *Terminal) beside() io.Writer { return folded{t.Err, t.Width} }

// tell writes to Out, folded where the terminal is narrow.
func (t *Terminal) tell(format string, args ...any) { fmt.Fprintf(t.people(), format, args...) }

// redraw draws a line of Err over the one that stands there. A line that is broken in two could not be drawn over.
func (t *Terminal) redraw(line string) { fmt.Fprint(t.Err, "\r\x1b[K"+cut(neutral(line), t.room())) }

// room is how many columns a line of Err has now: people change the size of their windows, and Out may be no terminal.
func (t *Terminal) room() int {
	width := t.Width
	if f, ok := t.Err.(*os.File); ok && t.Redraws && !t.told {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 1 {
			width = min(w, widest)
		}
	}
	return width - 1
}

// onErr is a terminal that says everything on Err.
func (t *Terminal) onErr() *Terminal {
	return &Terminal{Out: t.Err, Err: t.Err, Color: t.ErrColor, ErrColor: t.ErrColor, Live: t.Live, Redraws: t.Redraws, Width: t.Width, told: t.told}
}

// Notef writes talk to Err, one line with the program's name, in age's manner.
func (t *Terminal) Notef(format string, args ...any) {
	t.clearReading()
	t.overLine(func() { fmt.Fprint(t.beside(), "kmsplan: "+neutral(fmt.Sprintf(format, args...))+"\n") })
}

// Prompt asks for what is typed behind it.
func (t *Terminal) Prompt(text string) { fmt.Fprint(t.beside(), text) }

// Result prints the sentences of an answer.
func (t *Terminal) Result(_ any, lines ...string) {
	t.overLine(func() {
		for _, line := range lines {
			t.tell("%s\n", neutral(line))
		}
	})
}

// Listed prints lines as they are, however narrow the terminal is.
func (t *Terminal) Listed(_ any, lines ...string) {
	for _, line := range lines {
		fmt.Fprintln(t.Out, neutral(line))
	}
}

// style is an ANSI sequence.
type style string

const (
	bold   style = "\x1b[1m"
	red    style = "\x1b[31m"
	green  style = "\x1b[32m"
	yellow style = "\x1b[33m"
	cyan   style = "\x1b[36m"
	dim    style = "\x1b[90m"
	reset        = "\x1b[0m"
)

// paint wraps text in a style when on.
func paint(on bool, s style, text string) string {
	if !on || s == "" {
		return text
	}
	return string(s) + text + reset
}
