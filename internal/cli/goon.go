package cli

import (
	"encoding/json"
	"fmt"
	"time"

	"kmsplan.dev/kmsplan/internal/ops"
)

// goOn opens the note of a run of a verb over several files; nil for one alone. what says what the run is to do, and anew, by
// the flag's name, that none is gone on with.
func (a *app) goOn(verb, flag string, anew bool, files int, what ...any) (*ops.RunNote, error) {
	if files < 2 {
		return nil, nil
	}
	dir, err := a.dir()
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(what)
	if err != nil {
		return nil, err
	}
	note, err := ops.OpenRunNote(dir, verb, string(text), anew, a.now())
	if err == nil && note.Count() > 0 {
		a.view.Notef("going on with the run of %s that did not finish: %d files are done (%s does them anew)", note.Began.Format(time.RFC3339), note.Count(), flag)
	}
	return note, err
}

// goingOn is a run that writes under other names: what it did before an interruption is not done again.
type goingOn struct {
	a    *app
	note *ops.RunNote // nil = none
}

// goOnBeside is goOn for a run that writes beside its sources. One whose note cannot be written works without: it does all
// files again if it is interrupted.
func (a *app) goOnBeside(verb string, force bool, files int, what ...any) goingOn {
	note, err := a.goOn(verb, "-force", force, files, what...)
	if err != nil {
		a.view.Notef("%v; if this run is interrupted, the same command begins anew", err)
	}
	return goingOn{a, note}
}

// close ends the run.
func (g goingOn) close(err error) error {
	if g.note == nil {
		return err
	}
	if closed := g.note.Close(err == nil); err == nil && closed != nil {
		return fmt.Errorf("the files are done, and the note of it stays: %w", closed)
	}
	return err
}

// encrypting encrypts a file, unless that was done before.
func (g goingOn) encrypting(name, output string, work func() (ops.Envelope, error)) (got ops.Envelope, done bool, err error) {
	plain, sealed := g.a.path(name), g.a.path(output)
	if got, done := g.done(sealed, plain, name); done {
		return got, true, nil
	}
	before := ops.PlainBefore(plain, g.a.now())
	if got, err = work(); err == nil && g.note != nil {
		g.note.AddSealed(got.Commitment, sealed, before)
	}
	return got, false, err
}

// decrypting decrypts a file, unless that was done before.
func (g goingOn) decrypting(name, output string, work func() (ops.Envelope, error)) (got ops.Envelope, done bool, err error) {
	sealed, plain := g.a.path(name), g.a.path(output)
	if got, done := g.done(sealed, plain, name); done {
		return got, true, nil
	}
	before := ops.SealedBefore(sealed)
	if got, err = work(); err == nil && g.note != nil {
		g.note.AddPlain(got.Commitment, before, plain)
	}
	return got, false, err
}

func (g goingOn) done(sealed, plain, name string) (ops.Envelope, bool) {
	if g.note == nil || g.note.Count() == 0 {
		return ops.Envelope{}, false
	}
	got, done := g.note.Untouched(sealed, plain)
	if done {
		g.a.view.Notef("%s was done before the interruption", name)
	}
	return got, done
}
