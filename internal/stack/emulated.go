package stack

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator"
	"kmsplan.dev/kmsplan/internal/emulator/control"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/public"
	"kmsplan.dev/kmsplan/internal/kms/transport"
	"kmsplan.dev/kmsplan/internal/resource"
)

// connectEmulator starts the embedded emulator, or attaches to a running one. Both are
// spoken to over TLS like the service itself.
func (g *Gateways) connectEmulator(ctx context.Context, b *hcl.Gateway) (*gateway, error) {
	ready, err := g.emulatorReady(ctx, b)
	if err != nil {
		return nil, err
	}
	ca, err := transport.ReadCA(ready.CAFile, g.options.Now())
	if err != nil {
		return nil, err
	}
	out := &gateway{block: b, region: b.Region, instanceID: ready.Instance.ID, account: ready.AccountID}
	if out.timing, err = timingOf(ready); err != nil {
		return nil, err
	}
	out.control = control.NewClient(ready.Control, ready.ControlToken)
	if out.region == "" {
		out.region = ready.Region
	}
	out.public, err = public.New(public.Config{
		Connection:  transport.Connection{Endpoint: ready.Public.HTTPS, CA: ca, Aliases: &out.aliases, MaxConns: g.options.Connections},
		Retry:       g.retry(),
		Region:      out.region,
		Credentials: kms.StaticCredentials(ready.AccessKeyID, kms.NewSecret(ready.AccessKeySecret), kms.Secret{}),
		Logger:      g.options.Logger, UserAgent: userAgent(),
		Quota: transport.QuotaConfig{Fraction: g.Config.Settings.QuotaShare, Loopback: ready.Throttle == "documented", Turns: sharing(out.region+" of "+ready.Control, ready.AccessKeyID)},
	})
	if err != nil {
		return nil, err
	}
	return out, g.connectClientKey(out, transport.Connection{Endpoint: ready.Instance.Endpoint, CA: ca, Aliases: &out.aliases, MaxConns: g.options.Connections}, ready.Instance.ID,
		ready.Instance.ClientKeyFile, kms.NewSecret(ready.Instance.ClientKeyPassword))
}

// timingOf is how soon an emulator on this machine does and shows what it is asked for.
func timingOf(ready emulator.Ready) (resource.Timing, error) {
	if ready.ListLag == "" {
		return resource.LoopbackTiming(0), nil
	}
	lag, err := time.ParseDuration(ready.ListLag)
	if err != nil {
		return resource.Timing{}, fmt.Errorf("the ready file's list_lag: %w", err)
	}
	return resource.LoopbackTiming(lag), nil
}

func (g *Gateways) emulatorReady(ctx context.Context, b *hcl.Gateway) (emulator.Ready, error) {
	if b.Emulator.ReadyFile != "" {
		ready, err := ReadReadyFile(g.path(b.Emulator.ReadyFile))
		if err != nil || b.Region == "" || b.Region == ready.Region {
			return ready, err
		}
		return attachRegion(ctx, ready, b.Region)
	}
	path := b.Emulator.Path
	if path == "" {
		path = filepath.Join(".kmsplan", "emulator")
	}
	path, err := g.options.inside(g.Config.Dir, path, theEmulator)
	if err != nil {
		return emulator.Ready{}, err
	}
	region, seed := cmp.Or(b.Region, emulator.DefaultRegion), g.optionalPath(b.Emulator.Seed)
	if server := g.emulators[path]; server != nil {
		if seed != "" {
			if err := server.Seed(seed); err != nil {
				return emulator.Ready{}, err
			}
		}
		return server.In(region)
	}
	// It runs until Close: who needs it first may be one file of many, whose own context ends with that file.
	server, err := emulator.Start(context.WithoutCancel(ctx), emulator.Options{
		Dir: path, Region: region, SeedFile: seed, Faults: g.options.Faults, LockTimeout: g.options.LockTimeout, Waiting: g.options.waiting,
		Calls: 1, // nobody can ask an emulator that ends with the command
	})
	if err != nil {
		return emulator.Ready{}, fmt.Errorf("start the emulator: %w", err)
	}
	g.emulators[path] = server
	return server.Ready(), nil
}

// attachRegion lets a running emulator serve another region than its default one.
func attachRegion(ctx context.Context, ready emulator.Ready, region string) (other emulator.Ready, err error) {
	client := control.NewClient(ready.Control, ready.ControlToken)
	defer client.Close()
	text, err := client.Region(ctx, region)
	if err != nil {
		return other, err
	}
	if err := json.Unmarshal(text, &other); err != nil {
		return other, fmt.Errorf("read the emulator's answer for the region %s: %w", region, err)
	}
	return other, nil
}

func (g *Gateways) optionalPath(p string) string {
	if p == "" {
		return ""
	}
	return g.path(p)
}

// ReadReadyFile reads what a running `kmsplan emulator serve` wrote.
func ReadReadyFile(name string) (emulator.Ready, error) {
	var ready emulator.Ready
	b, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return ready, hint(fmt.Errorf("the ready file %s does not exist", name), "Start the emulator first: kmsplan emulator serve -ready-file "+name)
	}
	if err != nil {
		return ready, fmt.Errorf("read the ready file: %w", err)
	}
	if err := json.Unmarshal(b, &ready); err != nil {
		return ready, fmt.Errorf("the ready file %s is not one that kmsplan emulator serve wrote: %w", name, err)
	}
	return ready, nil
}
