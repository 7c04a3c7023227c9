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
	raw, err := a.readValue(at, from, mayAsk)
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

func (a *app) readValue(at addr.Address, from string, mayAsk bool) ([]byte, error) {
	switch from {
	case "":
		return a.typedValue(at, mayAsk)
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

// readShort reads no more than tells that a value is too long.
func readShort(r io.Reader) ([]byte, error) {
	return io.ReadAll(io.LimitReader(r, kind.MaxSecretValue+1))
}

// typedValue asks at the terminal, twice, and shows nothing of what is typed.
func (a *app) typedValue(at addr.Address, mayAsk bool) ([]byte, error) {
	in, ok := a.proc.Stdin.(*os.File)
	if !ok || !mayAsk || !term.IsTerminal(int(in.Fd())) {
		return nil, withHint(errNoValue, "Give it in a file with -value-file FILE, or on standard input with -value-file -.")
	}
	first, err := a.typedOnce(in, fmt.Sprintf("Value of %s (not shown): ", at))
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

func (a *app) typedOnce(in *os.File, prompt string) ([]byte, error) {
	a.term.Prompt(prompt)
	raw, err := term.ReadPassword(int(in.Fd()))
	a.term.Prompt("\n")
	if err != nil {
		return nil, fmt.Errorf("read the value: %w", err)
	}
	return raw, nil
}
