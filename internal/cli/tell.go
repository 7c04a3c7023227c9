package cli

import (
	"errors"

	hclv2 "github.com/hashicorp/hcl/v2"

	"kmsplan.dev/kmsplan/internal/apply"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/stack"
)

// What a command says goes to people, to the JSON lines of -json, or with -json-into to both. These
// methods hold that in one place, so that no sentence strays into a stream of JSON.

// diagnostics shows what is wrong with the module.
func (a *app) diagnostics(diags hclv2.Diagnostics, files map[string]*hclv2.File) {
	if !a.quiet {
		a.term.Diagnostics(diags, files)
	}
	if a.lines != nil {
		a.lines.Diagnostics(diags, files)
	}
}

// refusals shows the guards that fired.
func (a *app) refusals(list []plan.Refusal) {
	if !a.quiet {
		a.term.Refusals(list)
	}
	if a.lines != nil {
		a.lines.Refusals(list)
	}
}

// invalid shows what keeps a module from being worked with.
func (a *app) invalid(e *stack.InvalidError) exit {
	a.diagnostics(e.Diagnostics, e.Files)
	if len(e.Refusals) == 0 {
		return exit{exitError}
	}
	a.refusals(e.Refusals)
	return exit{exitRefused}
}

// recovered shows what became of a call that an earlier run left open.
func (a *app) recovered(r apply.Recovered) {
	if !a.quiet {
		a.term.Recovered(r)
	}
	if a.lines != nil {
		a.lines.Hooks().Recovered(r)
	}
}

// failed tells the JSON lines of an error that ends the command; people are told by Main.
func (a *app) failed(err error) error {
	if invalid, ok := stack.IsInvalid(err); ok {
		return a.invalid(invalid)
	}
	var shown exit
	if a.lines == nil || err == nil || errors.As(err, &shown) {
		return err
	}
	summary, hints := explain(err)
	a.lines.Error(summary, err, hints...)
	if a.quiet {
		return exit{exitError}
	}
	return err
}
