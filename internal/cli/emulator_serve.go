package cli

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"kmsplan.dev/kmsplan/internal/emulator"
	"kmsplan.dev/kmsplan/internal/stack"
)

// emulatorCommand groups the emulator's commands.
func (a *app) emulatorCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "emulator", Short: "A local Alibaba Cloud KMS: serve it, and steer a running one", GroupID: groupTools, Args: noSuchSubcommand,
		Long: `kmsplan carries an emulator of both gateways on their real wire protocols: unmodified SDKs,
infrastructure tools and kmsplan itself work against it, offline. It listens on loopback only.`,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.emulatorServeCommand(), a.emulatorEnvCommand(), a.emulatorStatusCommand(), a.emulatorClockCommand(),
		a.emulatorFaultCommand(), a.emulatorUserCommand(), a.emulatorCallsCommand(), a.emulatorSnapshotCommand(), a.emulatorSeedCommand(), a.emulatorResetCommand())
	return c
}

// emulatorServeCommand runs the emulator until it is interrupted.
func (a *app) emulatorServeCommand() *cobra.Command {
	o := emulator.Options{}
	var data, ready, seed, deterministic string
	var callLog string
	var lockTimeout time.Duration
	c := &cobra.Command{
		Use: "serve", Short: "Run the emulator until it is interrupted", Args: cobra.NoArgs,
		Long: `Run the emulator of both gateways until it is interrupted. -ready-file is written when
it serves: JSON with the endpoints, the CA and credentials, made for clients and for kmsplan's
gateway { emulator { ready_file } }. -oss-listen serves the part of Alibaba Cloud's object service that a
state in OSS needs, with the same credentials.`,
		RunE: func(c *cobra.Command, _ []string) error {
			if o.Memory && data != "" {
				return usageError{errors.New("-memory and -data exclude each other")}
			}
			if !o.Memory {
				if data == "" {
					data = filepath.Join(".kmsplan", "emulator")
				}
				var err error
				if o.Dir, err = filepath.Abs(a.path(data)); err != nil { // the ready file is read elsewhere, too
					return err
				}
			}
			if callLog != "" {
				if err := a.callLogPlace(callLog); err != nil {
					return err
				}
				o.CallLog = a.path(callLog)
			}
			if seed != "" {
				o.SeedFile = a.path(seed)
			}
			if o.Faults == "" {
				o.Faults = a.getenv("KMSPLAN_EMULATOR_FAULTS")
			}
			if deterministic != "" {
				o.Deterministic, o.Seed = true, sha256.Sum256([]byte(deterministic))
				a.view.Notef("deterministic mode: every key follows from the seed and protects nothing")
			}
			o.LockTimeout, o.Exit, o.Logger = lockTimeout, func() { os.Exit(exitCrashed) }, a.logger()
			return a.serveEmulator(c.Context(), o, ready)
		},
	}
	f := c.Flags()
	f.StringVar(&o.Listen, "listen", "127.0.0.1:0", "public gateway over https: `HOST:PORT`")
	f.StringVar(&o.HTTPListen, "http-listen", "127.0.0.1:0", "public gateway over plain http: `HOST:PORT`, or off")
	f.StringVar(&o.InstanceListen, "instance-listen", "127.0.0.1:0", "instance gateway over https: `HOST:PORT`")
	f.StringVar(&o.OSSListen, "oss-listen", "", "also serve an object service (OSS: buckets, objects, append objects) over https: `HOST:PORT`")
	f.StringVar(&data, "data", "", "keep everything in `DIR` (default .kmsplan/emulator)")
	f.BoolVar(&o.Memory, "memory", false, "keep everything in memory only")
	f.StringVar(&seed, "seed", "", "seed accounts, keys and secrets from `FILE` (JSON)")
	f.StringVar(&o.Auth, "auth", "strict", "check signatures: strict, permissive (unknown keys pass) or off")
	f.StringVar(&o.Throttle, "throttle", "off", "limit rates: off, documented, or GROUP=CALLS-PER-SECOND,…")
	f.StringVar(&o.Quotas, "quotas", "", "limit counts of keys, aliases and versions: documented or off (default: as -throttle)")
	f.StringVar(&o.Region, "region", "cn-hangzhou", "the default `REGION`")
	f.StringVar(&o.Account, "account", "", "the default account `ID` (16 digits)")
	f.StringVar(&o.Faults, "faults", "", "faults from the start: OPERATION:ACTION[:TIMES], comma-separated")
	f.StringVar(&callLog, "call-log", "", "also write the redacted call log to `FILE`, one JSON object per line")
	f.StringVar(&deterministic, "deterministic", "", "derive ids, nonces and key material from `SEED`: for tests, never for real data")
	f.DurationVar(&o.ListLag, "list-lag", 0, "show changes in lists and tags only after `DURATION`, as an eventually consistent service would")
	f.BoolVar(&o.Strict, "strict", false, "enforce policies and the documented limits of default keys (365d rotation only, no data encryption)")
	f.StringVar(&o.InstanceImage, "instance-image", "", "image `VERSION` of the instance, such as 2 or 4.1.0 (default: the newest); before 3.0.0 it refuses RAM credentials")
	f.BoolVar(&o.AllowNonLoopback, "allow-non-loopback", false, "listen beyond this machine; everybody who reaches it can use it")
	f.StringVar(&ready, "ready-file", "", "write endpoints and credentials to `FILE` when serving")
	f.DurationVar(&lockTimeout, "lock-timeout", stack.DefaultLockTimeout, "how long to wait for a data directory that another process holds")
	return c
}

func (a *app) serveEmulator(ctx context.Context, o emulator.Options, ready string) error {
	if ready != "" {
		if err := checkReadyFile(a.path(ready)); err != nil {
			return err
		}
		if err := a.readyPlace(ready); err != nil {
			return err
		}
	}
	server, err := emulator.Start(ctx, o)
	if err != nil {
		return err
	}
	defer a.closing(server.Close)
	files := []string{}
	if last := a.leaveReady(); last != "" && server.WriteReadyFile(last) == nil {
		defer removeReady(last, server.Ready().Control)
		files = append(files, last)
	}
	for _, name := range a.readyFiles(o, ready) {
		if err := server.WriteReadyFile(name); err != nil {
			return fmt.Errorf("-ready-file %s: %w; nothing is left running; name a file elsewhere", name, err)
		}
		defer removeReady(name, server.Ready().Control)
		files = append(files, name)
	}
	a.view.Result(nil, serving(server.Ready(), files)...)
	select {
	case <-a.stop.claim():
	case <-ctx.Done():
	}
	return nil
}

// readyFiles are the ready files that have to be written: that of the data directory, and the one that was asked for.
func (a *app) readyFiles(o emulator.Options, ready string) (files []string) {
	if o.Dir != "" {
		files = append(files, filepath.Join(o.Dir, readyName))
	}
	if ready != "" {
		files = append(files, a.path(ready))
	}
	return files
}

// checkReadyFile refuses a ready file that could not be written, before anything is started: whoever waits for it
// would wait in vain.
func checkReadyFile(name string) error {
	dir := filepath.Dir(name)
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("-ready-file %s: the directory %s does not exist; create it, or name a file elsewhere", name, dir)
	case err != nil:
		return fmt.Errorf("-ready-file %s: %w; name a file elsewhere", name, err)
	case !info.IsDir():
		return fmt.Errorf("-ready-file %s: %s is not a directory; name a file elsewhere", name, dir)
	}
	info, err = os.Stat(name)
	switch {
	case err == nil && info.IsDir():
		return fmt.Errorf("-ready-file %s is a directory; name a file in it", name)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("-ready-file: %w; name a file elsewhere", err)
	}
	trial, err := os.CreateTemp(dir, ".kmsplan-ready-*")
	if err != nil {
		return fmt.Errorf("-ready-file %s: the directory %s cannot be written (%w); change its mode, or name a file elsewhere", name, dir, errors.Unwrap(err))
	}
	_ = trial.Close()
	return os.Remove(trial.Name())
}

// serving says where the emulator serves, and how to reach it.
func serving(r emulator.Ready, readyFiles []string) []string {
	lines := []string{"The emulator of Alibaba Cloud KMS serves.", "", "  public gateway    https://" + r.Public.HTTPS}
	if r.Public.HTTP != "" {
		lines = append(lines, "                    http://"+r.Public.HTTP)
	}
	if r.OSS != "" {
		lines = append(lines, "  object service    https://"+r.OSS)
	}
	lines = append(lines,
		fmt.Sprintf("  instance gateway  https://%s (%s)", r.Instance.Endpoint, r.Instance.ID), "  CA                "+r.CAFile,
		fmt.Sprintf("  account, region   %s, %s", r.AccountID, r.Region), "")
	if len(readyFiles) > 0 {
		lines = append(lines, fmt.Sprintf("Credentials: eval \"$(kmsplan emulator env -ready-file %s)\"", readyFiles[len(readyFiles)-1]))
	}
	return append(lines, "Stop it with an interrupt. What it keeps is made up: never put real secrets into it.")
}

// readyName is the ready file that serve keeps in its data directory.
const readyName = "ready.json"
