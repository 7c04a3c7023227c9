package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"kmsplan.dev/kmsplan/internal/durable"
)

// starter is the module that init writes into an empty directory.
const starter = `kmsplan {
  required_version = ">= 0.1"
}

# The embedded emulator: everything works offline, nothing leaves this machine.
# Replace it by region, public {} and instance {} to manage the real service.
gateway "dev" {
  region = "cn-hangzhou"
  emulator {}
}

key "example" {
  description = "A first key"
}

alias "example" {
  name = "alias/example"
  key  = key.example.id
}

output "example_key" {
  value = key.example.id
}
`

// Prepared is what Init did.
type Prepared struct {
	Started bool     // wrote a first module
	Ignored []string // lines added to .gitignore
	Backend []string // what was done about the backend
	Missing string   // the selected workspace, where nobody has made it yet
}

// Init prepares a directory: it writes a first module if there is none, checks that the module loads, measures its
// backend, checks that its state can be read, and sees to its .gitignore. It may be run again at any time. Errors: InvalidError.
func Init(ctx context.Context, m Module, o Options, told Backend) (done Prepared, err error) {
	found, err := filepath.Glob(filepath.Join(m.Dir, "*.kms.*"))
	if err != nil {
		return done, fmt.Errorf("list %s: %w", m.Dir, err)
	}
	if done.Started = len(found) == 0; done.Started {
		if err := writeNew(filepath.Join(m.Dir, "main.kms.hcl"), starter); err != nil {
			return done, err
		}
	}
	cfg, diags := m.Load(true)
	if diags.HasErrors() {
		return done, &InvalidError{Diagnostics: diags, Files: cfg.Files}
	}
	o = o.withDefaults()
	gateways := newGateways(cfg, o)
	done.Backend, err = prepareBackend(ctx, cfg, o, gateways, told)
	if err = errors.Join(err, gateways.Close()); err != nil {
		return done, err
	}
	stored, err := OpenState(m, o)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, stored.Close()) }()
	if _, _, err := stored.Read(ctx); errors.Is(err, errNoWorkspace) {
		done.Missing = cfg.Workspace
	} else if err != nil {
		return done, err
	}
	done.Ignored, err = Ignore(stored.config)
	return done, err
}

// writeNew writes a file that must not exist yet.
func writeNew(name, content string) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, durable.Reason(err))
	}
	if _, err := f.WriteString(content); err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", name, durable.Reason(err)), f.Close())
	}
	return f.Close()
}
