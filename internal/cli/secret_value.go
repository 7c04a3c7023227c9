package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/kms"
)

var (
	errStdinTwice = errors.New("standard input has the value, so that nobody can be asked for approval")
	errNoValue    = errors.New("there is no value, and nobody can be asked for one")
)

// secretValue reads a secret's value from a file, from standard input, or from a person who types it unseen.
func (a *app) secretValue(at addr.Address, from string, mayAsk bool) (kms.Secret, error) {
	raw, err := a.readValue(at.String(), from, mayAsk, kind.MaxSecretValue)
	if err != nil {
		clear(raw)
		return kms.Secret{}, err
	}
	switch {
	case len(raw) == 0 || len(raw) > kind.MaxSecretValue:
		n := len(raw)
		clear(raw)
		if n > kind.MaxSecretValue {
			return kms.Secret{}, fmt.Errorf("a secret value has 1 to %d bytes, and this one has more; nothing was called", kind.MaxSecretValue)
		}
		return kms.Secret{}, fmt.Errorf("a secret value has 1 to %d bytes, and this one is empty; nothing was called", kind.MaxSecretValue)
	case bytes.HasSuffix(raw, []byte("\n")):
		a.view.Notef("the value ends with a line break, which is a part of it; printf writes none")
	}
	return kms.SecretBytes(raw), nil
}

// readValue reads the value of what from where it is said, a byte more than the limit at most, which tells that it is too
// long.
func (a *app) readValue(what, from string, mayAsk bool, limit int64) ([]byte, error) {
	readShort := func(r io.Reader) ([]byte, error) { return io.ReadAll(io.LimitReader(r, limit+1)) }
	switch from {
	case "":
		return a.typedValue(what, mayAsk)
	case "-":
		return readShort(a.proc.Stdin)
	}
	f, err := os.Open(a.path(from))
	if err != nil {
		return nil, fmt.Errorf("-value-file: %w", err)
	}
	defer f.Close()
	raw, err := readShort(f)
	if err != nil {
		return raw, fmt.Errorf("-value-file: read %s: %w", from, err)
	}
	return raw, nil
}

// typedValue asks at the terminal, twice, and shows nothing of what is typed.
func (a *app) typedValue(what string, mayAsk bool) ([]byte, error) {
	in, ok := a.proc.Stdin.(*os.File)
	if !ok || !mayAsk || !term.IsTerminal(int(in.Fd())) {
		return nil, withHint(errNoValue, "Give it in a file with -value-file FILE, or on standard input with -value-file -.")
	}
	first, err := a.typedOnce(in, fmt.Sprintf("Value of %s (not shown): ", what))
	if err != nil {
		return nil, err
	}
	second, err := a.typedOnce(in, "Once more: ")
	defer clear(second)
	if err == nil && !bytes.Equal(first, second) {
		err = errors.New("the two values differ; nothing was called")
	}
	if err != nil {
		clear(first)
		return nil, err
	}
	return first, nil
}

// typedOnce asks once. Nothing of what is typed is shown from before the question on: who is fast, or pastes, types before
// the line is read.
func (a *app) typedOnce(in *os.File, prompt string) ([]byte, error) {
	fd := int(in.Fd())
	shown, err := term.GetState(fd)
	if err == nil {
		restore := func() { _ = term.Restore(fd, shown) }
		defer a.stop.before(restore)() // an interrupt ends the process where it is
		defer restore()
		err = hideTyping(fd)
	}
	if err != nil {
		return nil, fmt.Errorf("hide what is typed: %w", err)
	}
	a.term.Prompt(prompt)
	raw, err := term.ReadPassword(fd)
	a.term.Prompt("\n")
	if err != nil {
		return nil, fmt.Errorf("read the value: %w", err)
	}
	return raw, nil
}
