package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"

	"kmsplan.dev/kmsplan/internal/child"
)

// beside runs the command beside this process, which removes its files and masks its output.
func (x *execution) beside(program string, argv []string, g *given) (err error) {
	a := x.app
	a.stop.hear(passedOn...)
	if x.named || len(g.files) > 0 {
		dir, err := a.privateDir()
		if err != nil {
			return err
		}
		defer a.closing(dir.Remove)
		defer a.stop.before(func() { a.closing(dir.Remove) })()
		if err := g.write(dir.Path); err != nil {
			return err
		}
	}
	cmd := exec.Command(program)
	cmd.Args, cmd.Env = g.arguments(argv), x.environment(g)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = a.proc.Stdin, a.stdout(), a.proc.Stderr
	flush := func() error { return nil }
	if x.mask {
		if flush, err = maskOutput(cmd, g.secret); err != nil {
			return err
		}
		if n := tooShort(g.secret); n > 0 {
			a.view.Notef("%d values of fewer than %d bytes are not masked: they stand in every output", n, child.MinMasked)
		}
	}
	return errors.Join(x.wait(cmd), flush())
}

// wait starts the command and passes on what comes until it ends.
func (x *execution) wait(cmd *exec.Cmd) error {
	program, err := child.Start(cmd, syscall.SIGKILL)
	if err != nil {
		return fmt.Errorf("the command cannot be started: %w", err)
	}
	_, typed := x.app.keyboard()
	defer x.app.stop.handOver(func(s os.Signal) {
		if !typed || s != os.Interrupt && s != syscall.SIGQUIT { // a terminal sends those to both
			program.Signal(s)
		}
	})()
	err = program.Wait()
	code, ended := child.ExitCode(err)
	switch {
	case !ended:
		return fmt.Errorf("the command's output was cut short: %w", err)
	case code == 0:
		return nil
	}
	return exit{code}
}

// maskOutput masks what the command writes. Flush writes what was held back.
func maskOutput(cmd *exec.Cmd, values []string) (flush func() error, err error) {
	secrets, err := child.NewSecrets(values)
	if err != nil {
		return nil, fmt.Errorf("-mask: %w", err)
	}
	out, errs := secrets.Masked(cmd.Stdout), secrets.Masked(cmd.Stderr)
	cmd.Stdout, cmd.Stderr = out, errs
	return func() error { return errors.Join(out.Flush(), errs.Flush()) }, nil
}

func tooShort(values []string) (n int) {
	for _, v := range values {
		if v != "" && len(v) < child.MinMasked {
			n++
		}
	}
	return n
}

// write writes the files into a private directory, each in one of its own, under its own name.
func (g *given) write(dir string) error {
	for i := range g.files {
		f := &g.files[i]
		own := filepath.Join(dir, strconv.Itoa(i))
		if err := os.Mkdir(own, 0o700); err != nil {
			return fmt.Errorf("write a private file: %w", err)
		}
		f.path = filepath.Join(own, f.base)
		if err := os.WriteFile(f.path, f.content, 0o400); err != nil {
			return fmt.Errorf("write a private file: %w", err)
		}
	}
	return nil
}

// stdout is standard output itself.
func (a *app) stdout() io.Writer {
	if out, ok := a.proc.Stdout.(*output); ok {
		return out.to
	}
	return a.proc.Stdout
}

// ignoreInterrupts goes on ignoring what this process was started to ignore, as a shell starts what runs in its background.
func ignoreInterrupts() { signal.Ignore(os.Interrupt) }
