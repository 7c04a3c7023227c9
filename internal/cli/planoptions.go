package cli

import (
	"time"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/stack"
)

// planOptions are the flags that plan and apply share.
type planOptions struct {
	vars        variables
	lockTimeout time.Duration
	targetTexts []string
	targets     []addr.Address
	input       bool
	streamFlags
}

// flags adds them.
func (o *planOptions) flags(c *cobra.Command) {
	o.vars.flags(c)
	f := c.Flags()
	lockTimeoutFlag(c, &o.lockTimeout)
	f.StringArrayVar(&o.targetTexts, "target", nil, "limit to `ADDRESS` and what it needs; repeatable, for exceptional use")
	o.streamFlags.flags(c)
	f.BoolVar(&o.input, "input", true, "apply asks for approval; -input=false never asks")
}

// lockTimeoutFlag is that of every command that writes the state.
func lockTimeoutFlag(c *cobra.Command, to *time.Duration) {
	c.Flags().DurationVar(to, "lock-timeout", stack.DefaultLockTimeout, "how long to wait for a state or emulator that another process holds")
}
