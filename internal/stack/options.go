package stack

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"time"

	hclv2 "github.com/hashicorp/hcl/v2"

	"kmsplan.dev/kmsplan/internal/apply"
	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/kms/transport"
	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/version"
)

// Module is where a module is and what its variables are given.
type Module struct {
	Dir  string // absolute
	Vars []hcl.Assignment
	Env  []string // os.Environ() form
	// Saved are the values that a saved plan carries; Vars that give a variable another value make the plan stale.
	Saved []hcl.Variable
	// Sandbox is a directory in which the module works, absolute, with emulators for its gateways and a copy of its files;
	// Options.Store is given then. "" = it works where it is.
	Sandbox string
	// Imports are those of the command line; Undeclared lets them have no block (hcl.Inputs).
	Imports    []hcl.Import
	Undeclared bool
}

// Load reads the module in its workspace. Variables without a value are errors unless allowMissing. The configuration is
// never nil; with errors it holds what could be read.
func (m Module) Load(allowMissing bool) (*hcl.Config, hclv2.Diagnostics) {
	workspace, err := m.Workspace()
	cwd, cwdErr := os.Getwd()
	if cwdErr != nil {
		cwd = m.Dir // a directory that is gone has no path
	}
	cfg, diags := hcl.Load(hcl.Inputs{
		Cwd: cwd,
		Dir: m.Dir, WorkDir: m.Dir, Vars: m.Vars, Env: m.Env, Saved: m.Saved, Version: version.Number, AllowMissing: allowMissing, Workspace: workspace,
		Imports: m.Imports, Undeclared: m.Undeclared, Gateway: emulated(m.Dir, m.Sandbox),
	})
	if err != nil {
		diags = append(hclv2.Diagnostics{{Severity: hclv2.DiagError, Summary: "No workspace", Detail: upperFirst(err.Error()) + "."}}, diags...)
	}
	return cfg, diags
}

// DefaultLockTimeout is how long to wait for the state or an emulator that another process holds.
const DefaultLockTimeout = 5 * time.Minute

// Options are what a stack depends on besides its module. The zero value is at work too.
type Options struct {
	LockTimeout time.Duration
	Now         func() time.Time    // this machine's clock
	Logger      *slog.Logger        // of the gateways' clients; nil is silent
	Store       state.Store         // nil = the backend that the module names
	Env         []string            // os.Environ() form, for the backend's credentials; nil = this process's
	MinSerial   uint64              // an older state than this is refused; 0 = what this machine has seen
	Outside     []string            // directories beside the module in which its state and emulators may lie, absolute
	Faults      string              // of embedded emulators, as KMSPLAN_EMULATOR_FAULTS has them
	Identities  []envelope.Identity // open envelopes before KMS is asked, for break-glass
	// UnprovedDataKeys leaves out that each fresh data key is opened once before it seals anything.
	UnprovedDataKeys bool
	// FilesPerDataKey is how many files share a data key at most, under a scope; 0 = ops.DefaultFilesPerKey.
	FilesPerDataKey int
	// Once makes every call once: what fails is not tried again. It is for measuring, where a retry would count as a call.
	Once bool
	// Pace gives each gateway's calls of key operations their turns, by the block's name; nil, and a nil answer = none.
	Pace func(gateway string) transport.Pace
	// Connections is how many idle connections each client keeps; 0 = its default. Who calls from more workers needs more.
	Connections int

	// What happens on the way. Each may be nil.

	Note      func(text string)       // what the user should know and nothing depends on
	Recovered func(r apply.Recovered) // a call of an earlier run
	Progress  func(r Progress)        // how far the reading of a gateway's objects is, one call at a time
	// File begins the work on one file, for example "encrypting" a path; both results may be nil.
	File func(verb, path string) (progress func(done, total int64), end func())
}

// lockInfo describes this process and what it does, for whoever waits for it.
func (o Options) lockInfo(operation string) state.LockInfo {
	info := state.NewLockInfo(operation, o.Now())
	info.Writer = version.Number
	return info
}

// locked works on a stored state under its lock, once nothing of an interrupted run is open.
func (o Options) locked(ctx context.Context, store state.Store, operation string, work func(state.Position) error) error {
	err := state.Locked(ctx, store, o.lockInfo(operation), o.LockTimeout, work)
	var open *state.OpenCallsError
	if errors.As(err, &open) {
		return openCalls(err)
	}
	return err
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Note == nil {
		o.Note = func(string) {}
	}
	if o.File == nil {
		o.File = func(string, string) (func(done, total int64), func()) { return nil, nil }
	}
	return o
}
