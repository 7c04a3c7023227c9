package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/child"
	"kmsplan.dev/kmsplan/internal/ops"
	"kmsplan.dev/kmsplan/internal/scratch"
)

// execution is what exec was asked to do.
type execution struct {
	vars       variables
	env        []string
	files      []string
	identities []string
	pristine   bool
	named      bool
	mask       bool
	context    []string
	format     string

	app *app
}

// execCommand runs a program with decrypted values.
func (a *app) execCommand() *cobra.Command {
	x := &execution{app: a}
	c := &cobra.Command{
		Use: "exec [-env FILE …] [-file [NAME=]FILE …] -- COMMAND [ARG …]", Short: "Run a command with decrypted values in its environment, or as files that vanish", GroupID: groupFiles,
		Long: `Run COMMAND, without a shell, with what encrypted files hold. All of them are opened and authenticated
first: if one cannot be, nothing is started.

-env FILE puts each value of FILE (YAML, JSON, TOML, dotenv, INI, HCL) into the environment: a.b[0] is
A_B_0, letters become capitals and what no name may have becomes _; names of a dotenv file stay as they
are. Two values of one name are refused.

-file NAME=FILE gives the plaintext as a file, and its path in the variable NAME and in place of {NAME}
in the arguments; -file FILE, once, in place of {}. On Linux the file is in memory, has no name, cannot be
changed and vanishes with the last who has it open; the command finds it as /proc/self/fd/N. With -named or -mask, and
on other systems, it has its name in a private directory, removed when the command ends.

kmsplan becomes the command where it can: signals, terminal and exit code are the command's own. With
-mask or -named it stays beside it, passes signals on and ends as the command did, by a signal N with 128+N.

-mask replaces the values by *** in what the command writes, in base64, hexadecimal and escaped too, and when they
come in parts. Values of fewer than 4 bytes are not masked.`,
		Example: `  kmsplan exec -env config/app.yaml -- ./server
  kmsplan exec -file KUBECONFIG=kube.yaml.enc -- kubectl get pods
  kmsplan exec -env app.env -file tls.key.enc -mask -- sh -c 'deploy --key {}'`,
		RunE: func(c *cobra.Command, args []string) error {
			if c.ArgsLenAtDash() != 0 || len(args) == 0 {
				return usageError{errors.New("write the command behind --: kmsplan exec -env FILE -- COMMAND ARG …")}
			}
			return x.run(c.Context(), args)
		},
	}
	x.vars.flags(c)
	f := c.Flags()
	repeated(f, &x.env, "env", "put the values of the encrypted `FILE` into the environment; repeatable")
	repeated(f, &x.files, "file", "give the plaintext of the encrypted `[NAME=]FILE` as a file; repeatable")
	openWithFlag(c, &x.identities)
	repeated(f, &x.context, "context", "demand that the context of each file has `NAME=VALUE` and nothing else; repeatable")
	valueFormatFlag(c, &x.format, "-env")
	f.BoolVar(&x.pristine, "pristine", false, "give the command nothing of kmsplan's own environment")
	f.BoolVar(&x.named, "named", false, "give files names in a private directory, for commands that look at them or hand them on")
	f.BoolVar(&x.mask, "mask", false, "replace the values in the command's output by ***")
	return c
}

// run opens everything, and only then begins.
func (x *execution) run(ctx context.Context, argv []string) error {
	if len(x.env)+len(x.files) == 0 {
		return usageError{errors.New("say with -env FILE or -file NAME=FILE what the command is given")}
	}
	if x.format != "" && len(x.env) == 0 {
		return usageError{errors.New("-format is about -env FILE; with -file a plaintext is given as it is")}
	}
	targets, err := fileTargets(x.files)
	if err != nil {
		return err
	}
	program, err := x.app.findProgram(argv[0])
	if err != nil {
		return fmt.Errorf("the command cannot be started: %w", err)
	}
	child.Harden()
	scratch.Sweep(scratch.Bases(x.app.getenv))
	g := given{app: x.app, named: x.named, format: x.format}
	if err := x.open(ctx, &g, targets); err != nil {
		return err
	}
	x.named = x.named || len(targets) > 0 && !x.unnamed(&g)
	if err := os.Chdir(x.app.chdir); err != nil {
		return fmt.Errorf("-chdir: %w", err)
	}
	if x.mask || x.named || !child.CanBecome {
		return x.beside(program, argv, &g)
	}
	env := x.environment(&g)
	if x.app.stop.background {
		ignoreInterrupts()
	}
	return fmt.Errorf("the command cannot be started: %w", child.Become(program, g.arguments(argv), env))
}

// findProgram finds a program in PATH, or where its name says, seen from -chdir.
func (a *app) findProgram(name string) (string, error) {
	if filepath.Base(name) != name {
		var err error
		if name, err = filepath.Abs(a.path(name)); err != nil {
			return "", err
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", err
	}
	return filepath.Abs(path)
}

// open reads every file, proved to its end, and lets go of the gateways.
func (x *execution) open(ctx context.Context, g *given, targets []fileTarget) error {
	unseal, err := (&decryption{context: x.context}).unseal()
	if err != nil {
		return err
	}
	engine, done, err := x.app.openEngine(&x.vars, x.identities...)
	if err != nil {
		return err
	}
	defer done()
	names := slices.Clone(x.env)
	for _, t := range targets {
		names = append(names, t.source)
	}
	opened := make([]*ops.Opened, len(names))
	errs := ops.Each(ctx, indices(names), func(ctx context.Context, i int) (err error) {
		opened[i], err = engine.Open(ctx, x.app.path(names[i]), unseal)
		return err
	})
	if err := failures(len(names), errs); err != nil {
		return withHint(err, "The command was not started.")
	}
	for i, o := range opened {
		if i < len(x.env) {
			err = g.addValues(names[i], o)
		} else {
			err = g.addFile(targets[i-len(x.env)], o)
		}
		if err != nil {
			return withHint(err, "The command was not started.")
		}
	}
	return nil
}

// unnamed gives the files as files in memory, and reports whether that works. With -mask the command is another
// process, which has this one's open files only if they are handed over.
func (x *execution) unnamed(g *given) bool {
	if x.mask || !child.CanBecome {
		return false
	}
	for i := range g.files {
		path, err := child.Memory(g.files[i].content)
		if err != nil {
			return false
		}
		g.files[i].path = path
	}
	return true
}

// environment is the command's.
func (x *execution) environment(g *given) []string {
	var env []string
	if !x.pristine {
		env = slices.DeleteFunc(slices.Clone(x.app.proc.Env), func(pair string) bool {
			name, _, _ := strings.Cut(pair, "=")
			return g.names[name] != ""
		})
	}
	env = append(env, g.env...)
	for _, f := range g.files {
		if f.name != "" {
			env = append(env, f.name+"="+f.path)
		}
	}
	return env
}
