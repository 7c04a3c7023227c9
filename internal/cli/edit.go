package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/child"
	"kmsplan.dev/kmsplan/internal/document"
	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/ops"
	"kmsplan.dev/kmsplan/internal/scratch"
)

// edition is what edit was asked to do.
type edition struct {
	made       encryption // of files that are new
	identities []string
	dryRun     bool
	json       bool

	app    *app
	editor editor
	engine *ops.Engine
	place  func(string) error
	follow following
}

// editCommand changes encrypted files in an editor.
func (a *app) editCommand() *cobra.Command {
	e := &edition{app: a}
	c := &cobra.Command{
		Use: "edit FILE …", Short: "Change encrypted files in an editor", GroupID: groupFiles,
		Long: `Open each FILE in an editor, and encrypt what it leaves. The editor is that of KMSPLAN_EDITOR, VISUAL
or EDITOR, cut into words and run without a shell, else vi. It works on a private file in memory where the
system has that, never beside FILE; what it leaves there goes with it.

Of a document, whose values are sealed one by one, only what changed gets new ciphertext. An envelope
keeps its data key. Nothing is written where nothing changed, where the editor ends with an error, or where
FILE changed meanwhile. A text that cannot be sealed is opened again, if you say so.

With -key KEY a FILE that is not there is created; -values seals its values one by one.`,
		Example: `  kmsplan edit config/app.yaml
  EDITOR='code --wait' kmsplan edit dist/app.yaml.enc
  kmsplan edit -key alias/orders -values -only 'password|token' config/new.yaml`,
		Args: needFiles, RunE: func(c *cobra.Command, args []string) error { return e.all(c.Context(), args) },
	}
	m, f := &e.made, c.Flags()
	m.vars.flags(c)
	f.StringVar(&m.key, "key", "", "the KMS `KEY` of a new file: id, alias/NAME or ARN")
	f.StringVar(&m.gateway, "gateway", "", "of a new file, the gateway block to use (default: the first)")
	repeated(f, &m.context, "context", "bind a new file to `NAME=VALUE`; repeatable")
	repeated(f, &m.recipients, "recipient", "also encrypt a new file to the age public key `age1…`, for break-glass; repeatable")
	f.StringVar(&m.suite, "suite", "AES_256_GCM", "the cipher of a new file: AES_256_GCM or SM4_GCM")
	f.BoolVar(&m.values, "values", false, "seal the values of a new file one by one and leave names, order and comments readable")
	f.StringVar(&m.format, "format", "", "with -values, the `FORMAT`: "+strings.Join(document.Names(), ", ")+" (default: by the name)")
	repeated(f, &m.only, "only", "with -values, seal values below a name that the regular expression `RE` finds; repeatable (default: all)")
	repeated(f, &m.except, "except", "with -values, leave values below a name that `RE` finds; repeatable")
	openWithFlag(c, &e.identities)
	f.BoolVar(&e.dryRun, "dry-run", false, "say what would be written, and write nothing")
	jsonFlag(c, &e.json)
	a.unprovedFlag(c)
	m.scope = "file"
	return c
}

// all edits one file after the other; one that fails does not keep the next from being edited.
func (e *edition) all(ctx context.Context, files []string) (err error) {
	a := e.app
	if slices.Contains(files, "-") {
		return usageError{errors.New("edit changes files where they are; name them (a file called - is ./-)")}
	}
	if e.made.key != "" {
		if _, err := e.made.seal(); err != nil {
			return err
		}
	}
	if e.editor, err = a.findEditor(); err != nil {
		return err
	}
	a.answerIn(e.json)
	child.Harden()
	a.stop.hear(syscall.SIGHUP)
	engine, done, err := a.openEngine(&e.made.vars, e.identities...)
	if err != nil {
		return err
	}
	defer done()
	e.engine, e.place = engine, a.outputPlaces(&e.made.vars)
	e.follow = following{app: a, vars: &e.made.vars}
	defer e.follow.record(ctx, "edit")
	answers := make([]fileDone, len(files))
	var errs []error
	for i, name := range files {
		done, err := e.one(ctx, name)
		if err != nil {
			errs = append(errs, err)
		}
		answers[i] = done.of(name, err)
	}
	a.view.Result(answers)
	return failures(len(files), errs)
}

// one edits a file, or makes it.
func (e *edition) one(ctx context.Context, name string) (fileDone, error) {
	path := e.app.path(name)
	_, err := os.Lstat(path)
	switch {
	case err == nil:
		return e.existing(ctx, name, path)
	case !errors.Is(err, fs.ErrNotExist):
		return fileDone{}, fmt.Errorf("look at %s: %w", name, durable.Reason(err))
	case e.made.key == "":
		return fileDone{}, withHint(fmt.Errorf("%s does not exist", name), "-key KEY creates it, encrypted under that key.")
	}
	if err := e.place(name); err != nil {
		return fileDone{}, err
	}
	seal, err := e.made.seal()
	if err != nil {
		return fileDone{}, err
	}
	return e.edit(ctx, name, &newText{engine: e.engine, name: name, path: path, settings: seal})
}

func (e *edition) existing(ctx context.Context, name, path string) (fileDone, error) {
	o, err := e.engine.Open(ctx, path, ops.Unseal{})
	if err != nil {
		return fileDone{}, err
	}
	defer o.Close()
	if err := o.Replaceable(); err != nil {
		return fileDone{}, err
	}
	return e.edit(ctx, name, &openedText{o})
}

// edit lets the editor change a text until what it leaves can be sealed, and writes it.
func (e *edition) edit(ctx context.Context, name string, t editedText) (fileDone, error) {
	dir, err := e.app.privateDir()
	if err != nil {
		return fileDone{}, err
	}
	remove := func() { e.app.closing(dir.Remove) }
	defer remove()
	defer e.app.stop.before(remove)()
	file, err := newPrivateFile(dir, name, t.plain())
	if err != nil {
		return fileDone{}, err
	}
	for {
		if err := e.editor.run(file.path(), remove); err != nil {
			return fileDone{}, fmt.Errorf("%s stays as it was: %w", name, err)
		}
		done, err := e.seal(ctx, name, file, t)
		if err == nil || !again(err) || !e.app.confirms(fmt.Sprintf("%s: %v\nEdit it again?", name, err), true) {
			return done, err
		}
	}
}

// seal encrypts what the editor left, and writes it.
func (e *edition) seal(ctx context.Context, name string, file *privateFile, t editedText) (fileDone, error) {
	plain, err := file.read()
	if err != nil {
		return fileDone{}, err
	}
	defer clear(plain)
	if t.same(plain) {
		e.app.view.Notef("%s did not change", name)
		return t.unchanged(), nil
	}
	content, done, err := t.seal(ctx, plain)
	if err != nil {
		return fileDone{}, unsealable{fmt.Errorf("what the editor left cannot be sealed, and %s stays as it was: %w", name, err)}
	}
	if e.dryRun {
		done.Status = "would_be_" + done.Status
		e.app.view.Notef("%s would be %s%s", name, strings.TrimPrefix(done.Status, "would_be_"), changedValues(done))
		return done, nil
	}
	err = t.write(ctx, content, false)
	if errors.Is(err, ops.ErrUnderneath) && e.app.confirms(name+" changed while it was edited. Write over it, and lose that change?", false) {
		err = t.write(ctx, content, true)
	}
	if errors.Is(err, ops.ErrUnderneath) {
		return fileDone{}, fmt.Errorf("%s changed while it was edited, so that it was not written over, and what was edited is gone; edit it again", name)
	}
	if err != nil {
		return fileDone{}, err
	}
	e.follow.over(name)
	e.app.view.Notef("%s was %s%s", name, done.Status, changedValues(done))
	return done, nil
}

// privateDir is a private directory for plaintexts; where it is on a disk, that is said.
func (a *app) privateDir() (*scratch.Dir, error) {
	dir, err := scratch.Make(scratch.Bases(a.getenv))
	if err == nil && !dir.InMemory {
		a.view.Notef("this system has no directory in memory for private files: the plaintext is on the disk, readable for you alone, until it is removed")
	}
	return dir, err
}

// unsealable says that a text cannot be sealed as it is.
type unsealable struct{ error }

func (u unsealable) Unwrap() error { return u.error }

// again reports whether another edit may help.
func again(err error) bool {
	var u unsealable
	return errors.As(err, &u)
}

func changedValues(d fileDone) string {
	if len(d.Changed) == 0 {
		return ""
	}
	const shown = 10
	list := d.Changed[:min(shown, len(d.Changed))]
	text := ": " + strings.Join(list, ", ")
	if more := len(d.Changed) - len(list); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
