package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/stack"
)

// initCommand prepares a directory.
func (a *app) initCommand() *cobra.Command {
	return &cobra.Command{
		Use: "init", Short: "Prepare a directory: a first module if it is empty, or a check of what is there", GroupID: groupDeclare, Args: cobra.NoArgs,
		Long: `In a directory without *.kms.hcl files, write a first module that works on the embedded
emulator. In a directory with a module, check that it loads and that its state can be read. In both,
add to .gitignore what must not be committed. It may be run again at any time.`,
		RunE: func(c *cobra.Command, _ []string) error {
			m, err := a.module(&variables{})
			if err != nil {
				return err
			}
			done, err := stack.Init(c.Context(), m, a.options(stack.DefaultLockTimeout))
			if err != nil {
				return err
			}
			said := fmt.Sprintf("The module in %s loads, and its state can be read. Next: kmsplan plan", m.Dir)
			if done.Started {
				said = "Wrote main.kms.hcl, a first module on the embedded emulator. Next: kmsplan plan"
			}
			if len(done.Ignored) > 0 {
				said = "Added to .gitignore, so that it is not committed: " + strings.Join(done.Ignored, " ") + "\n" + said
			}
			a.view.Result(nil, said)
			return nil
		},
	}
}
