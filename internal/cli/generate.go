package cli

import (
	"context"
	"fmt"
	"path/filepath"

	"kmsplan.dev/kmsplan/internal/draft"
)

// generateConfig writes blocks for the import blocks of the module that have none to a new file of the module.
func (a *app) generateConfig(ctx context.Context, o *planOptions) error {
	name := o.generate
	if name == "" {
		return nil
	}
	if err := a.generatePlace(name); err != nil {
		return err
	}
	s, err := a.openImporting(&o.vars, o.lockTimeout)
	if err != nil {
		return err
	}
	defer a.closing(s.Close)
	if len(s.Config.Undeclared) == 0 {
		a.view.Notef("every import block has a block to import into, so that %s is not written", name)
		return nil
	}
	blocks, err := s.Draw(ctx)
	if err != nil {
		return err
	}
	if err := a.writeNew("-generate-config-out", []newFile{{name, string(draft.Source(blocks))}}); err != nil {
		return err
	}
	a.view.Notef("wrote %s: %s; review it, it is yours from now on", name, amount(len(blocks), "block", "blocks"))
	return nil
}

// generatePlace wants a new file of the root module: the plan that follows reads it.
func (a *app) generatePlace(name string) error {
	dir, err := a.dir()
	if err != nil {
		return err
	}
	path, err := filepath.Abs(a.path(name))
	if err != nil {
		return fmt.Errorf("find %s: %w", name, err)
	}
	if filepath.Dir(path) != dir {
		return usageError{fmt.Errorf("-generate-config-out=%s: the file is one of the module, beside the others; name it without a directory", name)}
	}
	return a.newSourcePlace("-generate-config-out", name)
}
