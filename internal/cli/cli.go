package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/version"
	"kmsplan.dev/kmsplan/internal/view"
)

// Process is everything outside that a run depends on.
type Process struct {
	Args           []string // without the program's name
	Env            []string // os.Environ() form
	Stdin          io.Reader
	Stdout, Stderr io.Writer
}

// app is one run of the program.
type app struct {
	proc      Process
	term      *view.Terminal
	view      view.View // what the command speaks through: the terminal, until it asks for another
	into      *output   // the file of -json-into; nil without it
	reports   []report  // of -format and -report
	unmute    string    // the token after which GitHub's runner listens again; "" = it was not told to stop
	now       func() time.Time
	chdir     string
	outside   []string // -outside
	minSerial uint64   // -min-serial
	stop      *interrupt
	lines     *bufio.Reader // standard input, once something is asked; see answers
	asking    bool          // the command may ask for variables
	added     []addedWord   // arguments from the environment
	// unproved is the flag of that name.
	unproved bool
	// scopeFiles is the flag of that name.
	scopeFiles int
	// batchTurns says that calls for objects of batches take turns under the quota that their workers share.
	batchTurns bool
	// gatewayFrom is the flag -gateway-from.
	gatewayFrom string
	// identities are the files of -identity, of commands that open the state with it.
	identities []string
}

// AsProcess is Main with what the operating system gave this process.
func AsProcess() int {
	return Main(Process{Args: os.Args[1:], Env: os.Environ(), Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr})
}

// Main runs one command and returns the exit code: 0 done, 1 error, 2 changes present
// or outcome unknown, 3 refused by a guard.
func Main(p Process) int {
	out := newOutput(p.Stdout)
	stop := watchInterrupts()
	defer stop.release()
	a := &app{proc: p, now: time.Now, stop: stop}
	a.proc.Stdout = out
	root := a.root()
	args, err := a.withEnvironment(root, p.Args)
	if noColor(args) {
		a.proc.Env = append(slices.Clip(p.Env), "NO_COLOR=1")
	}
	a.term = view.NewTerminal(p.Stdout, p.Stderr, a.getenv)
	a.term.Out = out
	a.view = a.term
	if err != nil {
		return a.exitCode(err)
	}
	root.SetArgs(normalise(root, args))
	root.SetIn(p.Stdin)
	root.SetOut(out)
	if completing(p.Args) && !strings.HasPrefix(p.Args[len(p.Args)-1], "--") {
		root.SetOut(oneDash{out})
	}
	root.SetErr(p.Stderr)
	err = a.blamed(root.ExecuteContext(context.Background()))
	a.jsonMistake(root, err)
	return a.writeReports(a.closeInto(a.exitCode(out.delivered(err))))
}

// getenv looks a variable up in the process's environment; the last one wins, as in exec.
func (a *app) getenv(name string) string {
	for i := len(a.proc.Env) - 1; i >= 0; i-- {
		if value, ok := strings.CutPrefix(a.proc.Env[i], name+"="); ok {
			return value
		}
	}
	return ""
}

// dir is the module directory, absolute.
func (a *app) dir() (string, error) {
	dir, err := filepath.Abs(a.chdir)
	if err != nil {
		return "", fmt.Errorf("find the working directory: %w", err)
	}
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return "", fmt.Errorf("-chdir=%s: there is no such directory", a.chdir)
	case err != nil:
		return "", fmt.Errorf("-chdir=%s: %w", a.chdir, err)
	case !info.IsDir():
		return "", fmt.Errorf("-chdir=%s is a file; name the directory that holds the *.kms.hcl files", a.chdir)
	}
	return dir, nil
}

// path resolves a path given on the command line against -chdir.
func (a *app) path(p string) string {
	if filepath.IsAbs(p) || p == "-" {
		return p
	}
	return filepath.Join(a.chdir, p)
}

// The groups commands are listed under.
const (
	groupDeclare = "declare"
	groupState   = "state"
	groupCare    = "care"
	groupFiles   = "files"
	groupBatches = "batches"
	groupRaw     = "raw"
	groupTools   = "tools"
)

// root builds the command tree.
func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "kmsplan [-chdir=DIR] COMMAND",
		Short: "The declarative key manager for Alibaba Cloud KMS",
		Args:  noSuchSubcommand,
		RunE:  needCommand,
		Long: `kmsplan declares keys, aliases, rotation policies and secrets of Alibaba Cloud KMS in
HCL files, plans the difference to what lives in the service, and applies it. Its file
commands encrypt and decrypt configuration files under those keys.

No key is ever lost, and no plaintext ever leaks: a key that waits for deletion is
rescued, never re-created, and no secret value is written to state, plan or log.`,
		SilenceUsage:          true,
		SilenceErrors:         true,
		DisableFlagsInUseLine: true,
		Version:               version.String(),
	}
	root.SetVersionTemplate("kmsplan {{.Version}}\n")
	root.PersistentFlags().StringVar(&a.chdir, "chdir", ".", "switch to `DIR` before anything else")
	root.PersistentFlags().Uint64Var(&a.minSerial, "min-serial", 0, "refuse a remote state older than serial `N`, whatever this machine has seen")
	repeated(root.PersistentFlags(), &a.outside, "outside", "let the module's backend and emulator paths lie in `DIR` too; repeatable")
	root.PersistentFlags().Bool("no-color", false, "print without colours, as with NO_COLOR set")
	for _, g := range []cobra.Group{
		{ID: groupDeclare, Title: "Declare:"}, {ID: groupState, Title: "State:"}, {ID: groupCare, Title: "Key care:"},
		{ID: groupFiles, Title: "Files:"}, {ID: groupBatches, Title: "Batches:"}, {ID: groupRaw, Title: "Raw KMS:"}, {ID: groupTools, Title: "Tools:"},
	} {
		root.AddGroup(&g)
	}
	root.SetHelpCommandGroupID(groupTools)
	root.SetCompletionCommandGroupID(groupTools)
	for _, c := range a.commands() {
		root.AddCommand(c)
	}
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		if c.Name() == "completion" {
			c.Args, c.RunE = noSuchSubcommand, func(c *cobra.Command, _ []string) error { return c.Help() }
		}
	}
	helpFor(root)
	a.helpInView(root)
	if completing(a.proc.Args) {
		a.completions(root)
	}
	explainArguments(root)
	root.SetFlagErrorFunc(flagError)
	return root
}

// open opens a file named on the command line, or standard input with -.
func (a *app) open(name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(a.proc.Stdin), nil
	}
	f, err := os.Open(a.path(name))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, durable.Reason(err))
	}
	return f, nil
}
