package cli

import (
	"errors"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/document"
	"kmsplan.dev/kmsplan/internal/ops"
)

// unsetCommand takes entries out of an encrypted file.
func (a *app) unsetCommand() *cobra.Command {
	x := &alteration{app: a}
	c := &cobra.Command{
		Use: "unset FILE PATH …", Short: "Take values out of an encrypted file", GroupID: groupFiles,
		Long: `Take the entry at each PATH out of FILE, or all that stands below it: its lines, or its part of a list or a map in
brackets. What stands behind it in a list moves up. The rest of FILE stays as it is, and what did not change keeps its
ciphertext. An entry without which the rest would be read otherwise stays, and so does FILE; kmsplan edit takes it out by hand.

PATH is names with dots between them: db.password, db.hosts[0], "odd.name".x; or as SOPS has it, ["db"]["password"].`,
		Example: `  kmsplan unset config/app.yaml db.password
  kmsplan unset -dry-run .env OLD_TOKEN OLDER_TOKEN`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 2 {
				return usageError{errors.New("name the file and what is taken out of it: kmsplan unset FILE PATH …")}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			return x.run(c.Context(), "unset", args[0], func(f document.Format, o *ops.Opened) (plain []byte, err error) {
				plain = o.Plain
				for _, path := range args[1:] {
					if plain, err = document.Drop(f, plain, path); err != nil {
						return nil, err
					}
				}
				return plain, nil
			})
		},
	}
	x.flags(c)
	return c
}
