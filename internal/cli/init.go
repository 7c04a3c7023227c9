package cli

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/stack"
)

// initCommand prepares a directory.
func (a *app) initCommand() *cobra.Command {
	var told stack.Backend
	var given []string
	var input bool
	var lockTimeout time.Duration
	c := &cobra.Command{
		Use: "init", Short: "Prepare a directory: a first module if it is empty, or a check of what is there", GroupID: groupDeclare, Args: cobra.NoArgs,
		Long: `In a directory without *.kms.hcl files, write a first module that works on the embedded
emulator. In a directory with a module, check that it loads, measure its backend and check that its
state can be read. In both, add to .gitignore what must not be committed. It may be run again at any time.

A remote backend is measured: two runs must not be able to write over each other, and a server
that lets them is refused. It asks for nothing, so it runs in pipelines as it is.`,
		RunE: func(c *cobra.Command, _ []string) error {
			m, err := a.module(&variables{})
			if err != nil {
				return err
			}
			if told.Given, err = a.backendConfig(given); err != nil {
				return err
			}
			options, err := a.breakingGlass(a.options(lockTimeout))
			if err != nil {
				return err
			}
			done, err := stack.Init(c.Context(), m, options, told)
			if err != nil {
				return err
			}
			a.view.Result(nil, initialised(m.Dir, done))
			return nil
		},
	}
	f := c.Flags()
	repeated(f, &given, "backend-config", "an argument of the backend block as `NAME=VALUE`, or a file of such lines; repeatable; never a credential")
	f.BoolVar(&told.Migrate, "migrate-state", false, "take the state along from where it was, or seal it anew where it is")
	f.BoolVar(&told.Reconfigure, "reconfigure", false, "use the backend of the configuration and leave a state elsewhere where it is")
	f.BoolVar(&input, "input", false, "init asks for nothing; the flag is there for scripts that give it")
	a.identityFlag(c)
	lockTimeoutFlag(c, &lockTimeout)
	return c
}

func initialised(dir string, done stack.Prepared) string {
	lines := done.Backend
	if len(done.Ignored) > 0 {
		lines = append(lines, "Added to .gitignore, so that it is not committed: "+strings.Join(done.Ignored, " "))
	}
	if done.Started {
		lines = append(lines, "Wrote main.kms.hcl, a first module on the embedded emulator. Next: kmsplan plan")
	} else if done.Missing != "" {
		lines = append(lines, fmt.Sprintf("The module in %s loads. The workspace %s is selected, and is not there yet. Next: kmsplan workspace new %s", dir, done.Missing, done.Missing))
	} else {
		lines = append(lines, fmt.Sprintf("The module in %s loads, and its state can be read. Next: kmsplan plan", dir))
	}
	return strings.Join(lines, "\n")
}

// backendConfig reads -backend-config: NAME=VALUE, or a file with such lines.
func (a *app) backendConfig(given []string) (map[string]string, error) {
	var config map[string]string
	for _, text := range given {
		lines := []string{text}
		if _, _, ok := strings.Cut(text, "="); !ok {
			var b bytes.Buffer
			if err := a.readInto(&b, text); err != nil {
				return nil, err
			}
			lines = strings.Split(b.String(), "\n")
		}
		for i, line := range lines {
			if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			name, value, ok := strings.Cut(line, "=")
			if !ok {
				return nil, fmt.Errorf("%s:%d: write NAME = \"VALUE\"", text, i+1)
			}
			if config == nil {
				config = map[string]string{}
			}
			value = strings.TrimSpace(value)
			if unquoted, err := strconv.Unquote(value); err == nil {
				value = unquoted
			}
			config[strings.TrimSpace(name)] = value
		}
	}
	return config, nil
}
