package cli

import (
	"time"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/stack"
	"kmsplan.dev/kmsplan/internal/view"
)

// planOptions are the flags that plan and apply share.
type planOptions struct {
	vars         variables
	lockTimeout  time.Duration
	targetTexts  []string
	excludeTexts []string
	scope        plan.Scope
	input        bool
	compact      bool
	calls        bool
	trace        bool
	refreshOnly  bool
	refresh      string
	destroy      bool
	generate     string // of plan
	streamFlags
	formFlags // of plan and drift
}

// flags adds them.
func (o *planOptions) flags(c *cobra.Command) {
	o.surveyFlags(c)
	f := c.Flags()
	f.BoolVar(&o.refreshOnly, "refresh-only", false, "only record in the state what has changed outside of kmsplan")
	f.StringVar(&o.refresh, "refresh", "true", "read `HOW` much of the service: true or full, list (by pages only), or false (nothing)")
	f.Lookup("refresh").NoOptDefVal = "true"
	f.BoolVar(&o.destroy, "destroy", false, "take away all that the state holds, as far as nothing protects it")
	o.shownFlags(c)
}

// shownFlags say how a plan is shown, and whether somebody is asked about it.
func (o *planOptions) shownFlags(c *cobra.Command) {
	f := c.Flags()
	f.BoolVar(&o.compact, "compact-warnings", false, "print warnings as one line each")
	f.BoolVar(&o.calls, "calls", false, "list the calls of KMS that each change needs")
	f.BoolVar(&o.input, "input", true, "ask for variables without a value, and apply for approval; -input=false never asks")
}

// openPlanViews chooses whom the command talks to, and how much it says.
func (a *app) openPlanViews(o *planOptions) error {
	a.term.CompactWarnings, a.term.Calls = o.compact, o.calls
	o.input = o.input && a.asks()
	a.asking = o.input && !o.json
	if o.formFlags.command == "" {
		return a.openViews(o.streamFlags)
	}
	return a.openReports(o.streamFlags, &o.formFlags)
}

// surveyFlags are those of every command that reads the service for a stack.
func (o *planOptions) surveyFlags(c *cobra.Command) {
	o.vars.flags(c)
	lockTimeoutFlag(c, &o.lockTimeout)
	repeated(c.Flags(), &o.targetTexts, "target", "limit to `ADDRESS` and what it needs; repeatable, for exceptional use")
	repeated(c.Flags(), &o.excludeTexts, "exclude", "leave out `ADDRESS` and what depends on it; repeatable, for exceptional use")
	c.Flags().BoolVar(&o.trace, "trace-calls", false, "say how many calls went to each quota, and how long they waited for it")
	o.streamFlags.flags(c)
}

// traced says what the command made of the quotas, where that was asked for.
func (a *app) traced(o *planOptions, s *stack.Stack) {
	if !o.trace {
		return
	}
	var list []view.Traffic
	for _, t := range s.Traffic() {
		list = append(list, view.Traffic{
			Gateway: t.Gateway, Group: string(t.Group), Limit: t.Limit, Allowed: t.Allowed, Calls: t.Calls, Waited: t.Waited, Refused: t.Refused,
		})
	}
	a.view.Traffic(list)
}

// lockTimeoutFlag is that of every command that writes the state.
func lockTimeoutFlag(c *cobra.Command, to *time.Duration) {
	c.Flags().DurationVar(to, "lock-timeout", stack.DefaultLockTimeout, "how long to wait for a state or emulator that another process holds")
}
