package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/mattn/go-shellwords"
	"golang.org/x/term"

	"kmsplan.dev/kmsplan/internal/child"
)

// editorVariables name the editor, the first that is set.
var editorVariables = []string{"KMSPLAN_EDITOR", "VISUAL", "EDITOR"}

// editor is a program that changes a file whose name it is given.
type editor struct {
	app  *app
	argv []string
}

// findEditor reads the editor's command line, cut into words as a shell does it; nothing in it is expanded.
func (a *app) findEditor() (editor, error) {
	for _, name := range editorVariables {
		text := strings.TrimSpace(a.getenv(name))
		if text == "" {
			continue
		}
		argv, err := shellwords.Parse(text)
		if _, there := os.Stat(text); there == nil && filepath.IsAbs(text) {
			argv, err = []string{text}, nil // a path with spaces, or with the separators of Windows
		}
		if err != nil || len(argv) == 0 {
			return editor{}, usageError{fmt.Errorf("read the editor in the environment variable %s: a quote is not closed, or it has a character that only a shell would understand", name)}
		}
		if _, err := exec.LookPath(argv[0]); err != nil {
			return editor{}, fmt.Errorf("the editor in the environment variable %s: %w", name, err)
		}
		return editor{a, argv}, nil
	}
	usual := []string{"vi", "nano"}
	if runtime.GOOS == "windows" {
		usual = []string{"notepad"}
	}
	for _, name := range usual {
		if _, err := exec.LookPath(name); err == nil {
			return editor{a, []string{name}}, nil
		}
	}
	return editor{}, withHint(errors.New("no editor was found"), "Name one in the environment variable KMSPLAN_EDITOR, VISUAL or EDITOR.")
}

// vims keep swap files, back-ups, undo files and a history of texts wherever the user said; here that is nowhere.
var vims = []string{"vim", "nvim", "gvim", "mvim", "vimx", "vim.basic", "vim.tiny", "vim.gtk3", "vim.nox"}

// command is the editor on a file, whose directory is private.
func (e editor) command(file string) *exec.Cmd {
	args := slices.Clone(e.argv[1:])
	vim := slices.Contains(vims, strings.TrimSuffix(filepath.Base(e.argv[0]), ".exe"))
	if vim {
		args = append(args, "-n", "-i", "NONE", "-c", "set nobackup nowritebackup noundofile noswapfile")
	}
	cmd := exec.Command(e.argv[0], append(args, file)...)
	cmd.Env = e.app.proc.Env
	if vim {
		cmd.Env = append(slices.Clip(cmd.Env), "TMPDIR="+filepath.Dir(file))
	}
	cmd.Stdin, cmd.Stderr = e.app.proc.Stdin, e.app.proc.Stderr
	cmd.Stdout = e.app.screen()
	return cmd
}

// screen is where an editor draws: standard output, or standard error where only that is a terminal.
func (a *app) screen() io.Writer {
	out := a.stdout()
	if f, isFile := out.(*os.File); isFile && !term.IsTerminal(int(f.Fd())) && a.term.Live {
		return a.proc.Stderr
	}
	return out
}

// patienceWithEditors is how long an editor that was told to end may take for it.
const patienceWithEditors = 3 * time.Second

// run runs the editor to its end. Interrupts are the editor's. Anything else that would end this program ends the
// editor first, and then cleanUp removes what it worked on.
func (e editor) run(file string, cleanUp func()) error {
	if keyboard, ok := e.app.keyboard(); ok {
		if shown, err := term.GetState(int(keyboard.Fd())); err == nil {
			defer func() { _ = term.Restore(int(keyboard.Fd()), shown) }()
		}
	}
	defer e.app.stop.before(cleanUp)()
	defer e.app.stop.handOver(func(s os.Signal) { // before it starts: an interrupt may be the first that it makes
		if s != os.Interrupt {
			e.app.stop.end()
		}
	})()
	program, err := child.Start(e.command(file), syscall.SIGHUP)
	if err != nil {
		return fmt.Errorf("start the editor %s: %w", e.argv[0], err)
	}
	undo := func() {
		program.Signal(syscall.SIGTERM)
		select {
		case <-program.Done():
		case <-time.After(patienceWithEditors):
			program.Kill()
		}
		cleanUp()
	}
	defer e.app.stop.before(undo)()
	defer e.app.stop.deaf(os.Interrupt)()
	if err := program.Wait(); err != nil {
		return fmt.Errorf("the editor %s: %w", e.argv[0], err)
	}
	return nil
}
