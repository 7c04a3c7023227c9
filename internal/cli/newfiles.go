package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/hcl"
)

// newFile is a file of configuration that a command writes. It is new: configuration that somebody wrote is never
// overwritten.
type newFile struct {
	Path   string `json:"path,omitempty"` // as it is said, relative to -chdir; "" = standard output
	Source string `json:"source,omitempty"`
}

// sourceEnding is the ending of the files that a module is made of.
const sourceEnding = ".kms.hcl"

// terraformEnding is that of Terraform's.
const terraformEnding = ".tf"

// newSourcePlace refuses a place for a file of configuration that is taken, or that no module would read.
func (a *app) newSourcePlace(flag, name string) error {
	if !strings.HasSuffix(name, sourceEnding) {
		return usageError{fmt.Errorf("%s=%s: a module is made of files whose names end in %s; name one", flag, name, sourceEnding)}
	}
	return a.vacantPlace(flag, name)
}

func (a *app) vacantPlace(flag, name string) error {
	_, err := os.Lstat(a.path(name))
	switch {
	case err == nil:
		return fmt.Errorf("%s: %s exists already, and nothing is written over it; name another file, or remove it first", flag, name)
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: look at %s: %w", flag, name, err)
	}
	return a.outputPlaces(&variables{}, hcl.OwnedConfig)(name)
}

// writeNew writes files of configuration, all of which are new, or none where one of them is not.
func (a *app) writeNew(flag string, files []newFile) error {
	for _, f := range files {
		place := a.newSourcePlace
		if strings.HasSuffix(f.Path, terraformEnding) {
			place = a.vacantPlace
		}
		if err := place(flag, f.Path); err != nil {
			return err
		}
	}
	for _, f := range files {
		if err := a.createSource(f); err != nil {
			return fmt.Errorf("write %s: %w", f.Path, durable.Reason(err))
		}
	}
	return nil
}

func (a *app) createSource(f newFile) (err error) {
	path := a.path(f.Path)
	dir, err := durable.Make(filepath.Dir(path), 0o755, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	file, err := dir.CreateNew(filepath.Base(path), 0o644)
	if err != nil {
		return err
	}
	_, err = file.Write([]byte(f.Source))
	return errors.Join(err, file.Sync(), file.Close(), dir.Sync())
}

// gatewayFile is the file of a further gateway block: one that is read after those there are, because the first gateway
// is the default of every block that names none. "" = the module has none yet.
func gatewayFile(cfg *hcl.Config, name string) string {
	last := ""
	for _, g := range cfg.Gateways {
		last = max(last, filepath.Base(g.Range.Filename))
	}
	for _, ending := range []string{sourceEnding, ".kms.json"} {
		if stem, ok := strings.CutSuffix(last, ending); ok {
			return stem + "_" + name + sourceEnding
		}
	}
	return ""
}
