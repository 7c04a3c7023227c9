package cli

import (
	"bytes"

	"github.com/spf13/cobra"
)

// helpInView lets the view print what the commands say of themselves.
func (a *app) helpInView(root *cobra.Command) {
	help := root.HelpFunc()
	root.SetHelpFunc(func(c *cobra.Command, args []string) {
		var text bytes.Buffer
		c.SetOut(&text)
		help(c, args)
		c.SetOut(nil)
		if c == root {
			c.SetOut(a.proc.Stdout)
		}
		a.term.Help(text.String())
	})
}
