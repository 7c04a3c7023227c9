package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/child"
	"kmsplan.dev/kmsplan/internal/document"
	"kmsplan.dev/kmsplan/internal/ops"
)

// alteration is what set and unset have in common: one encrypted file, of which single values change.
type alteration struct {
	vars       variables
	context    []string
	identities []string
	format     string
	dryRun     bool
	json       bool

	app    *app
	follow following
}

func (x *alteration) flags(c *cobra.Command) {
	x.vars.flags(c)
	f := c.Flags()
	repeated(f, &x.context, "context", "demand that the context has `NAME=VALUE` and nothing else; repeatable")
	repeated(f, &x.identities, "identity", "an age identity `FILE`, for break-glass; repeatable")
	valueFormatFlag(c, &x.format, "")
	f.BoolVar(&x.dryRun, "dry-run", false, "say what would be written, and write nothing")
	x.app.gatewayFromFlag(c)
	jsonFlag(c, &x.json)
}

// changed is a plaintext after a change.
type changed func(f document.Format, o *ops.Opened) ([]byte, error)

// run opens the file, changes its plaintext, and seals what changed.
func (x *alteration) run(ctx context.Context, operation, name string, change changed) error {
	x.app.answerIn(x.json)
	x.follow = following{app: x.app, vars: &x.vars}
	defer x.follow.record(ctx, operation)
	done, err := x.alter(ctx, name, change)
	x.app.view.Result([]fileDone{done.of(name, err)})
	return err
}

func (x *alteration) alter(ctx context.Context, name string, change changed) (fileDone, error) {
	if isStream(name) {
		return fileDone{}, usageError{errors.New("the file is changed where it is; name it (a file called - is ./-)")}
	}
	unseal, err := (&decryption{context: x.context, inPlace: true}).unseal()
	if err != nil {
		return fileDone{}, err
	}
	child.Harden()
	engine, closed, err := x.app.openEngine(&x.vars, x.identities...)
	if err != nil {
		return fileDone{}, err
	}
	defer closed()
	o, err := engine.Open(ctx, x.app.path(name), unseal)
	if err != nil {
		return fileDone{}, err
	}
	defer o.Close()
	if err := o.Replaceable(); err != nil {
		return fileDone{}, err
	}
	f, err := formatOf(name, x.format, o)
	if err != nil {
		return fileDone{}, fmt.Errorf("%s: %w", name, err)
	}
	plain, err := change(f, o)
	if err != nil {
		return fileDone{}, fmt.Errorf("%s stays as it was: %w", name, err)
	}
	defer clear(plain)
	return x.write(ctx, name, &openedText{o}, plain)
}

// write seals a plaintext and puts it in the file's place, unless the file is another one by now.
func (x *alteration) write(ctx context.Context, name string, t *openedText, plain []byte) (fileDone, error) {
	if t.same(plain) {
		x.app.view.Notef("%s did not change", name)
		return t.unchanged(), nil
	}
	content, done, err := t.seal(ctx, plain)
	if err != nil {
		return fileDone{}, fmt.Errorf("%s stays as it was: %w", name, err)
	}
	if x.dryRun {
		done.Status = "would_be_" + done.Status
		x.app.view.Notef("%s would be %s%s", name, strings.TrimPrefix(done.Status, "would_be_"), changedValues(done))
		return done, nil
	}
	err = t.write(ctx, content, false)
	if errors.Is(err, ops.ErrUnderneath) {
		err = fmt.Errorf("%s changed meanwhile, so that it was not written over; run the command again", name)
	}
	if err != nil {
		return fileDone{}, err
	}
	x.follow.over(name)
	x.app.view.Notef("%s was %s%s", name, done.Status, changedValues(done))
	return done, nil
}
