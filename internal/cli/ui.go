package cli

import (
	"errors"
	"fmt"
	"os"

	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/version"
	"kmsplan.dev/kmsplan/internal/view"
)

// ui shows plan and apply: to people, as JSON lines, or both.
type ui struct {
	app   *app
	lines *view.Lines // nil without -json and -json-into
	human bool
	into  *output // of -json-into
}

// openUI opens what -json and -json-into ask for.
func (a *app) openUI(o *planOptions) (*ui, error) {
	u := &ui{app: a, human: !o.json}
	a.quiet = o.json
	switch {
	case o.json:
		u.lines = view.NewLines(a.term.Out, version.Number, a.now)
	case o.jsonInto != "":
		f, err := os.OpenFile(a.path(o.jsonInto), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		if err != nil {
			return nil, fmt.Errorf("open the file of -json-into: %w", err)
		}
		u.into = newOutput(f)
		u.lines = view.NewLines(u.into, version.Number, a.now)
	}
	a.lines = u.lines
	return u, nil
}

// close ends the file of -json-into and joins what could not be written to it to the command's error.
func (u *ui) close(err *error) {
	if u.into == nil {
		return
	}
	lost := errors.Join(u.into.failed(), u.into.to.(*os.File).Close())
	if lost != nil && *err == nil {
		*err = fmt.Errorf("write the file of -json-into: %w", lost)
	}
}

func (u *ui) plan(p *plan.Plan) {
	if u.human {
		u.app.term.Plan(p, p.Created)
	}
	if u.lines != nil {
		u.lines.Plan(p)
	}
}
