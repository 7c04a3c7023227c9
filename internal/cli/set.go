package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/document"
	"kmsplan.dev/kmsplan/internal/ops"
	"kmsplan.dev/kmsplan/internal/safety"
)

// setting is what set was asked to do.
type setting struct {
	alteration
	path  string
	from  valueFrom
	plain *string // -plain
	kind  bool    // -literal
}

// setCommand puts one value into an encrypted file.
func (a *app) setCommand() *cobra.Command {
	s := &setting{alteration: alteration{app: a}}
	var plain string
	c := &cobra.Command{
		Use: "set FILE PATH", Short: "Put one value into an encrypted file", GroupID: groupFiles,
		Long: `Put a value into FILE at PATH: in the place of the one there, or as a new entry, with the maps around it that are not
there yet. The element behind the last of a list, hosts[2] where there are two, is a new one. The rest of FILE stays as it
is, and what did not change keeps its ciphertext; where no place can be proved to be the right one, FILE stays too.

The value is typed unseen on a terminal, or comes from a file, from standard input (-value-file -), or from a variable of the
environment: never from the command line, which everybody on the machine sees and the shell's history keeps. What the rules of
FILE (-only, -except) leave readable is no secret, and is given as -plain VALUE.

PATH is names with dots between them: db.password, db.hosts[0], "odd.name".x; or as SOPS has it, ["db"]["password"]. A value
is a text; -literal says that it is a number or true or false.`,
		Example: `  kmsplan set config/app.yaml db.password
  pwgen 32 1 | tr -d '\n' | kmsplan set -value-file - .env DB_PASSWORD
  kmsplan set -plain db2.internal config/app.yaml db.host`,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) < 2:
				return usageError{errors.New("name the file and the place of the value: kmsplan set FILE PATH")}
			case len(args) > 2:
				return usageError{errors.New("set takes no value on the command line, which everybody on this machine sees and the shell's history keeps: give it with -value-file FILE, on standard input with -value-file -, or with -value-env NAME; what stays readable in the file, with -plain VALUE. If it was a secret, take it for known to others")}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if c.Flags().Changed("plain") {
				s.plain = &plain
			}
			s.path = args[1]
			return s.run(c.Context(), args[0])
		},
	}
	s.flags(c)
	s.from.flags(c)
	c.Flags().StringVar(&plain, "plain", "", "the `VALUE`, where the rules of FILE leave it readable")
	c.Flags().BoolVar(&s.kind, "literal", false, "the value is a number, true or false, and no text")
	return c
}

// valueFrom says where a value that is secret comes from.
type valueFrom struct{ file, env string }

func (v *valueFrom) flags(c *cobra.Command) {
	c.Flags().StringVar(&v.file, "value-file", "", "read the value from `FILE`, or from standard input with -")
	c.Flags().StringVar(&v.env, "value-env", "", "take the value from the variable `NAME` of the environment")
}

func (s *setting) run(ctx context.Context, name string) error {
	ways := 0
	for _, given := range []bool{s.plain != nil, s.from.file != "", s.from.env != ""} {
		if given {
			ways++
		}
	}
	if ways > 1 {
		return usageError{errors.New("give the value in one way: -value-file, -value-env or -plain")}
	}
	if err := s.early(name); err != nil {
		return err
	}
	return s.alteration.run(ctx, "set", name, func(f document.Format, o *ops.Opened) ([]byte, error) {
		rules, whole := document.Rules{}, o.Document == nil
		if !whole {
			rules = o.Document.Header.Rules
		}
		if err := s.fits(rules, whole); err != nil {
			return nil, err
		}
		text, err := s.value()
		if err != nil {
			return nil, err
		}
		return document.Put(f, o.Plain, s.path, document.Given{Text: text, Literal: s.kind})
	})
}

// early refuses before anything is opened or asked for what the file's header tells already.
func (s *setting) early(name string) error {
	h, err := s.app.headerOf(name)
	if err != nil {
		return nil // what is wrong with it is said when it is opened
	}
	return s.fits(h.Rules, false)
}

// headerOf is what a document says of itself, which needs no key.
func (a *app) headerOf(name string) (*document.Header, error) {
	f, err := os.Open(a.path(name))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, document.MaxSealed+1))
	if err != nil {
		return nil, err
	}
	return document.Read(src)
}

// fits refuses a value from the command line that will be sealed, and an unseen one that will not.
func (s *setting) fits(rules document.Rules, whole bool) error {
	p, err := document.ParsePath(s.path)
	if err != nil {
		return usageError{err}
	}
	sealed, err := rules.Seals(p)
	if err != nil || safety.Off(safety.SetSealed) {
		return err
	}
	switch sealed = sealed || whole; {
	case sealed && s.plain != nil:
		return usageError{fmt.Errorf("%s is sealed in this file, and -plain would have its value on the command line, which everybody on this machine sees and the shell's history keeps; give it with -value-file or -value-env. If it was a secret, take it for known to others", p)}
	case !sealed && s.plain == nil:
		return usageError{fmt.Errorf("%s stays readable in this file, because its rules (-only, -except) leave it out: a value that is no secret is given with -plain VALUE; for a secret choose a name that the rules mean", p)}
	}
	return nil
}

// value reads what is put.
func (s *setting) value() (string, error) {
	switch {
	case s.plain != nil:
		return *s.plain, nil
	case s.from.env != "":
		for _, pair := range s.app.proc.Env {
			if len(pair) > len(s.from.env) && pair[:len(s.from.env)+1] == s.from.env+"=" {
				return s.app.getenv(s.from.env), nil
			}
		}
		return "", fmt.Errorf("-value-env: there is no variable %s in the environment", s.from.env)
	}
	raw, err := s.app.readValue(s.path, s.from.file, true, document.MaxSize)
	defer clear(raw)
	if err == nil && len(raw) > document.MaxSize {
		err = fmt.Errorf("the value is too long for this file: %d bytes are the most", document.MaxSize)
	}
	if err == nil && len(raw) > 0 && raw[len(raw)-1] == '\n' {
		s.app.view.Notef("the value ends with a line break, which is a part of it; printf writes none")
	}
	return string(raw), err
}
