package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/emulator/calllog"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/stack"
)

// outputPlaces tells of files that flags and arguments name for what a command writes whether kmsplan or git keeps something
// of its own there: a slip of the hand must not cost the state or the emulator's keys. What is allowed names those
// owners that are no obstacle. It is safe for concurrent use.
func (a *app) outputPlaces(v *variables, allowed ...string) func(name string) error {
	cfg, _ := a.load(v, true) // of a module that does not load, as much as is known
	return a.placesOf(cfg, allowed...)
}

func (a *app) placesOf(cfg *hcl.Config, allowed ...string) func(name string) error {
	_, err := a.dir()
	return func(name string) error {
		if name == "" || name == "-" || err != nil {
			return err
		}
		if what := a.ownerOf(cfg, name, allowed...); what != "" {
			return fmt.Errorf("%s is %s, and nothing else is written there; name another file", name, what)
		}
		return nil
	}
}

// ownerOf says what of kmsplan's or git's own a name leads to, but for the owners that are allowed; "" = nothing.
func (a *app) ownerOf(cfg *hcl.Config, name string, allowed ...string) string {
	dir, err := a.dir()
	if err != nil {
		return "" // there is no module whose it could be
	}
	path := a.path(name)
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
		if rel, err := filepath.Rel(dir, abs); err == nil {
			path = filepath.ToSlash(rel)
		}
	}
	if what := cfg.Owned().ReachesNow(path); !slices.Contains(allowed, what) {
		return what
	}
	return ""
}

// planPlace is where a plan may be saved: over a plan, and over no device.
func (a *app) planPlace(cfg *hcl.Config, name string) error {
	if err := a.placesOf(cfg, hcl.OwnedPlan)(name); err != nil {
		return err
	}
	if info, err := os.Stat(a.path(name)); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s %w", name, durable.ErrIrregular)
	}
	return nil
}

// callLogPlace is where a call log may be written: behind the lines of a call log.
func (a *app) callLogPlace(name string) error {
	info, err := os.Stat(a.path(name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return a.outputPlaces(&variables{}, hcl.OwnedWork)(name)
	case err != nil:
		return fmt.Errorf("-call-log: %w", err)
	case !info.Mode().IsRegular():
		return fmt.Errorf("-call-log: %s %w", name, durable.ErrIrregular)
	case info.Size() == 0:
		return nil
	}
	f, err := os.Open(a.path(name))
	if err != nil {
		return fmt.Errorf("-call-log: %w", err)
	}
	defer f.Close()
	var first calllog.Call
	if err := json.NewDecoder(f).Decode(&first); err != nil || first.Seq == 0 || first.Operation == "" {
		return fmt.Errorf("-call-log: %s exists and is no call log, so nothing is written to it; name another file", name)
	}
	return nil
}

// readyPlace is where a ready file may be written, and removed at the end: over a ready file.
func (a *app) readyPlace(name string) error {
	info, err := os.Stat(a.path(name))
	if err != nil {
		return a.outputPlaces(&variables{}, hcl.OwnedWork, hcl.OwnedStrangeEmulator)(name)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s %w", name, durable.ErrIrregular)
	}
	if ready, err := stack.ReadReadyFile(a.path(name)); err != nil || ready.Control == "" {
		return fmt.Errorf("%s exists and is no ready file, so it is not replaced; name another file", name)
	}
	return nil
}
