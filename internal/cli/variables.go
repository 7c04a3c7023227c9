package cli

import (
	"errors"
	"strings"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/version"
)

// variables are the -var and -var-file flags, in the order they were given.
type variables struct{ list []hcl.Assignment }

// flags adds -var and -var-file.
func (v *variables) flags(c *cobra.Command) {
	c.Flags().Var(assignment{v, false}, "var", "set a variable: `NAME=VALUE`; repeatable")
	c.Flags().Var(assignment{v, true}, "var-file", "read variables from `FILE`; repeatable")
}

// assignment is one of both flags; each value joins the shared list.
type assignment struct {
	all  *variables
	file bool
}

func (a assignment) String() string { return "" }
func (a assignment) Type() string   { return "string" }

func (a assignment) Set(text string) error {
	if a.file {
		a.all.list = append(a.all.list, hcl.Assignment{File: text})
		return nil
	}
	name, value, ok := strings.Cut(text, "=")
	if !ok || name == "" {
		return errors.New("write NAME=VALUE")
	}
	a.all.list = append(a.all.list, hcl.Assignment{Name: name, Value: value})
	return nil
}

// load reads the module. Variables without a value are errors unless allowMissing.
func (a *app) load(v *variables, allowMissing bool) (*hcl.Config, hclv2.Diagnostics) {
	dir, err := a.dir()
	if err != nil {
		return &hcl.Config{}, hclv2.Diagnostics{{Severity: hclv2.DiagError, Summary: "No module directory", Detail: err.Error() + "."}}
	}
	return hcl.Load(hcl.Inputs{
		Dir: dir, WorkDir: dir, Vars: v.list, Env: a.proc.Env, Version: version.Number, AllowMissing: allowMissing,
	})
}

// loadGateways reads the module for its gateway blocks. Commands that need nothing else work on a module
// that is broken elsewhere: who decrypts a file at 3 a.m. does not care for a missing alias.
func (a *app) loadGateways(v *variables) (*hcl.Config, error) {
	cfg, diags := a.load(v, true)
	if !diags.HasErrors() {
		return cfg, nil
	}
	if len(cfg.Gateways) == 0 {
		a.term.Diagnostics(diags, cfg.Files)
		return nil, exit{exitError}
	}
	a.term.Notef("the module has errors (kmsplan validate shows them); its gateway blocks are used all the same")
	return cfg, nil
}
