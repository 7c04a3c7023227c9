package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
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

// ignored is what init puts into a module's .gitignore.
const ignored = ".kmsplan/\nkmsplan.state.json*\n"

// initCommand prepares a directory.
func (a *app) initCommand() *cobra.Command {
	return &cobra.Command{
		Use: "init", Short: "Prepare a directory: a first module if it is empty, or a check of what is there", GroupID: groupDeclare, Args: cobra.NoArgs,
		Long: `In a directory without *.kms.hcl files, write a first module that works on the embedded
emulator, and a .gitignore for what must not be committed. In a directory with a module, check
that it loads and that its state can be read. It may be run again at any time.`,
		RunE: func(c *cobra.Command, _ []string) error {
			dir, err := a.dir()
			if err != nil {
				return err
			}
			found, err := filepath.Glob(filepath.Join(dir, "*.kms.*"))
			if err != nil {
				return fmt.Errorf("list %s: %w", dir, err)
			}
			if len(found) == 0 {
				return a.writeStarter(dir)
			}
			if _, err := a.readState(c); err != nil {
				return err
			}
			a.view.Result(nil, fmt.Sprintf("The module in %s loads, and its state can be read. Next: kmsplan plan", dir))
			return nil
		},
	}
}

func (a *app) writeStarter(dir string) error {
	if err := writeNew(filepath.Join(dir, "main.kms.hcl"), starter); err != nil {
		return err
	}
	if err := writeNew(filepath.Join(dir, ".gitignore"), ignored); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	a.view.Result(nil, "Wrote main.kms.hcl, a first module on the embedded emulator. Next: kmsplan plan")
	return nil
}

// writeNew writes a file that must not exist yet.
func writeNew(name, content string) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if _, err := f.WriteString(content); err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", name, err), f.Close())
	}
	return f.Close()
}
