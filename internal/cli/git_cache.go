package cli

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/keycache"
)

// gitCacheCommand looks after the process that keeps data keys.
func (a *app) gitCacheCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "cache", Short: "Look after the process that keeps data keys for git", Args: noSuchSubcommand,
		Long: `textconv and merge, which git starts once a file, keep the data keys they opened in one process
beside them, so that git log -p asks KMS once a data key. It holds data keys and nothing else, lets
in this user alone, ends after five minutes in which nobody asked and after an hour in any case, and
serves one module with its gateways and the credentials it was started for. On systems other than
Linux there is none, and every file asks KMS.`,
		RunE: needCommand,
	}
	c.AddCommand(a.gitCacheStatusCommand(), a.gitCacheStopCommand(), a.gitCacheServeCommand())
	return c
}

func (a *app) gitCacheStatusCommand() *cobra.Command {
	var d drivers
	var asJSON bool
	c := &cobra.Command{
		Use: "status", Short: "Show how many data keys are kept", Args: cobra.NoArgs,
		Long: `Show whether the process runs, how many data keys it keeps and how often it gave one out.`,
		RunE: func(*cobra.Command, []string) error {
			a.answerIn(asJSON)
			a.enter(&d)
			out := struct {
				Running bool `json:"running"`
				keycache.Status
			}{}
			line := "No data key is kept."
			if !keycache.Kept {
				line = "No data key is kept on this system, which is not Linux: git diff asks KMS for each version of each file."
			}
			if cache := a.dialCache(&d, false); cache != nil {
				defer cache.Close()
				status, err := cache.Status()
				if err != nil {
					return fmt.Errorf("ask the cache: %w", err)
				}
				out.Running, out.Status = true, status
				line = fmt.Sprintf("Data keys that are kept: %d; given out: %d times.", status.Keys, status.Hits)
			}
			a.view.Result(out, line)
			return nil
		},
	}
	d.moduleFlags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func (a *app) gitCacheStopCommand() *cobra.Command {
	var d drivers
	c := &cobra.Command{
		Use: "stop", Short: "Forget the data keys", Args: cobra.NoArgs,
		Long: `Overwrite the data keys that are kept for the module's files and end the process.`,
		RunE: func(*cobra.Command, []string) error {
			a.enter(&d)
			cache := a.dialCache(&d, false)
			if cache == nil {
				a.view.Result(nil, "No data key is kept.")
				return nil
			}
			defer cache.Close()
			if err := cache.Stop(); err != nil {
				return fmt.Errorf("stop the cache: %w", err)
			}
			a.view.Result(nil, "The data keys are forgotten.")
			return nil
		},
	}
	d.moduleFlags(c)
	return c
}

// gitCacheServeCommand is the process itself.
func (a *app) gitCacheServeCommand() *cobra.Command {
	return &cobra.Command{
		Use: "serve SOCKET", Hidden: true, Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return keycache.Run(c.Context(), args[0], func() { os.Stdout.Write([]byte("\n")); os.Stdout.Close() })
		},
	}
}

// dialCache connects to the cache of the module, which is started where it is asked for. nil: there is none, and KMS
// is asked.
func (a *app) dialCache(d *drivers, start bool) *keycache.Client {
	name, err := a.cacheName(d)
	if err != nil {
		return nil
	}
	socket, err := keycache.Place(a.getenv("XDG_RUNTIME_DIR"), name)
	if err != nil {
		return nil
	}
	if cache, err := keycache.Dial(socket); err == nil || !start {
		return cache
	}
	self, err := os.Executable()
	if err != nil || keycache.Start(self, os.Args[0], "git", "cache", "serve", socket) != nil {
		return nil
	}
	cache, err := keycache.Dial(socket)
	if err != nil {
		return nil
	}
	return cache
}

// cacheName says whose cache it is: of a module as it is written now, and of who asks its gateways.
func (a *app) cacheName(d *drivers) (string, error) {
	dir, err := a.dir()
	if err != nil {
		return "", err
	}
	h := sha256.New()
	field := func(text string) { fmt.Fprintf(h, "%d:%s", len(text), text) }
	field(dir)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		if name := e.Name(); strings.HasSuffix(name, ".hcl") || strings.Contains(name, "vars") {
			content, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				return "", err
			}
			field(name)
			field(string(content))
		}
	}
	env := slices.Clone(a.proc.Env)
	slices.Sort(env)
	for _, v := range env {
		if strings.HasPrefix(v, "KMSPLAN_") || strings.HasPrefix(v, "ALIBABA") || strings.HasPrefix(v, "HOME=") {
			field(v)
		}
	}
	for _, v := range d.vars.list {
		field(fmt.Sprint(v.File, "=", v.Name, "=", v.Value))
	}
	field(strings.Join(d.identities, "\n"))
	return hex.EncodeToString(h.Sum(nil)[:16]), nil
}
