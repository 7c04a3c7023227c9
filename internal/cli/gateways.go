package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"kmsplan.dev/kmsplan/internal/emulator"
	"kmsplan.dev/kmsplan/internal/emulator/control"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/several"
	"kmsplan.dev/kmsplan/internal/suggest"
	"kmsplan.dev/kmsplan/internal/version"
)

// gateways opens gateway blocks when they are first needed, each once, and keeps the
// emulators that were started for them.
type gateways struct {
	app         *app
	cfg         *hcl.Config
	lockTimeout time.Duration

	mu        sync.Mutex
	open      map[string]*gateway
	emulators map[string]*emulator.Server // by path
}

// gateway is one block at work.
type gateway struct {
	block      *hcl.Gateway
	public     *kms.Public       // nil without public access
	crypt      kms.Cryptographer // the instance's, or the public gateway's
	instance   kms.Caller        // generic calls to the instance gateway; nil without one
	instanceID string
	region     string
	account    string          // "" where it is not known
	control    *control.Client // of an emulator
	notes      []string
}

func (a *app) newGateways(cfg *hcl.Config, lockTimeout time.Duration) *gateways {
	return &gateways{app: a, cfg: cfg, lockTimeout: lockTimeout, open: map[string]*gateway{}, emulators: map[string]*emulator.Server{}}
}

// close stops the emulators.
func (g *gateways) close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	var failed several.Errors
	for path, server := range g.emulators {
		if err := server.Close(); err != nil {
			failed.Addf("stop the emulator in %s: %w", path, err)
		}
	}
	clear(g.emulators)
	return failed.Err()
}

// block finds a gateway block by name; "" is the default, the first.
func (g *gateways) block(name string) (*hcl.Gateway, error) {
	var names []string
	for _, b := range g.cfg.Gateways {
		if b.Name == name || name == "" {
			return b, nil
		}
		names = append(names, b.Name)
	}
	if len(names) == 0 {
		return nil, withHint(errors.New("the module has no gateway block"),
			"Declare one, for example:\n\n  gateway \"dev\" {\n    emulator {}\n  }")
	}
	return nil, fmt.Errorf("there is no gateway %q%s", name, suggest.Clause(name, names))
}

// get opens a gateway.
func (g *gateways) get(ctx context.Context, name string) (*gateway, error) {
	b, err := g.block(name)
	if err != nil {
		return nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if got := g.open[b.Name]; got != nil {
		return got, nil
	}
	got, err := g.connect(ctx, b)
	if err != nil {
		return nil, fmt.Errorf("gateway %q: %w", b.Name, err)
	}
	for _, note := range got.notes {
		g.app.term.Notef("gateway %q: %s", b.Name, note)
	}
	g.open[b.Name] = got
	return got, nil
}

func (g *gateways) connect(ctx context.Context, b *hcl.Gateway) (*gateway, error) {
	if b.Emulator != nil {
		return g.connectEmulator(ctx, b)
	}
	out := &gateway{block: b, region: b.Region}
	credentials := kms.CredentialChain(kms.ChainConfig{})
	if b.Public != nil {
		if err := g.connectPublic(out, b, kms.CredentialChain(kms.ChainConfig{Profile: b.Public.Profile})); err != nil {
			return nil, err
		}
	}
	if b.Instance != nil {
		out.instanceID = b.Instance.ID
		if err := g.connectInstance(out, b, credentials); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (g *gateways) connectPublic(out *gateway, b *hcl.Gateway, credentials kms.Credentials) error {
	ca, err := g.readCA(b.Public.CAFile)
	if err != nil {
		return err
	}
	out.public, err = kms.NewPublic(kms.PublicConfig{
		Connection: kms.Connection{Endpoint: b.Public.Endpoint, CA: ca}, Region: b.Region,
		Credentials: credentials, Logger: g.app.logger(), UserAgent: userAgent(),
	})
	out.crypt = out.public
	return err
}

// connectInstance chooses the protocol: ClientKey where one is named, RAM credentials otherwise.
func (g *gateways) connectInstance(out *gateway, b *hcl.Gateway, credentials kms.Credentials) error {
	ca, err := g.readCA(b.Instance.CAFile)
	if err != nil {
		return err
	}
	connection := kms.Connection{Endpoint: b.Instance.Endpoint, CA: ca}
	if b.Instance.ClientKey == nil {
		dedicated, err := kms.NewDedicated(kms.DedicatedConfig{
			Connection: connection, InstanceID: b.Instance.ID, Region: b.Region, Credentials: credentials, Logger: g.app.logger(), UserAgent: userAgent(),
		})
		if err != nil {
			return err
		}
		out.crypt, out.instance = dedicated, dedicated
		return nil
	}
	password, err := passwordOf(b.Instance.ClientKey)
	if err != nil {
		return err
	}
	return g.connectClientKey(out, connection, b.Instance.ID, g.path(b.Instance.ClientKey.File), password)
}

func (g *gateways) connectClientKey(out *gateway, connection kms.Connection, instanceID, file string, password kms.Secret) error {
	key, notes, err := kms.LoadClientKey(kms.ClientKeySource{File: file, Password: password}, g.app.now())
	if err != nil {
		return err
	}
	client, err := kms.NewClientKey(kms.ClientKeyConfig{
		Connection: connection, InstanceID: instanceID, Key: key, Logger: g.app.logger(), UserAgent: userAgent(),
	})
	if err != nil {
		return err
	}
	out.crypt, out.instance, out.notes = client, client, append(out.notes, notes...)
	return nil
}

// passwordOf takes the ClientKey's password out of its marks; it goes nowhere but into a Secret.
func passwordOf(k *hcl.ClientKey) (kms.Secret, error) {
	v, _ := k.Password.Unmark()
	if !v.IsKnown() || v.IsNull() {
		return kms.Secret{}, errors.New("client_key.password has no value; pass the variable behind it, for example through the environment as KMSPLAN_VAR_…")
	}
	return kms.NewSecret(v.AsString()), nil
}

func (g *gateways) readCA(file string) (*kms.CA, error) {
	if file == "" {
		return nil, nil
	}
	return kms.ReadCA(g.path(file), g.app.now())
}

// path resolves a path of the configuration against the module.
func (g *gateways) path(p string) string {
	if filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(g.cfg.Dir, p)
}

// connectEmulator starts the embedded emulator, or attaches to a running one. Both are
// spoken to over TLS like the service itself.
func (g *gateways) connectEmulator(ctx context.Context, b *hcl.Gateway) (*gateway, error) {
	ready, err := g.emulatorReady(ctx, b)
	if err != nil {
		return nil, err
	}
	ca, err := kms.ReadCA(ready.CAFile, g.app.now())
	if err != nil {
		return nil, err
	}
	out := &gateway{block: b, region: b.Region, instanceID: ready.Instance.ID, account: ready.AccountID}
	out.control = control.NewClient(ready.Control, ready.ControlToken)
	if out.region == "" {
		out.region = ready.Region
	}
	out.public, err = kms.NewPublic(kms.PublicConfig{
		Connection:  kms.Connection{Endpoint: ready.Public.HTTPS, CA: ca},
		Region:      out.region,
		Credentials: kms.StaticCredentials(ready.AccessKeyID, kms.NewSecret(ready.AccessKeySecret), kms.Secret{}),
		Logger:      g.app.logger(), UserAgent: userAgent(),
	})
	if err != nil {
		return nil, err
	}
	return out, g.connectClientKey(out, kms.Connection{Endpoint: ready.Instance.Endpoint, CA: ca}, ready.Instance.ID,
		ready.Instance.ClientKeyFile, kms.NewSecret(ready.Instance.ClientKeyPassword))
}

func (g *gateways) emulatorReady(ctx context.Context, b *hcl.Gateway) (emulator.Ready, error) {
	if b.Emulator.ReadyFile != "" {
		return readReadyFile(g.path(b.Emulator.ReadyFile))
	}
	path := b.Emulator.Path
	if path == "" {
		path = filepath.Join(".kmsplan", "emulator")
	}
	path = g.path(path)
	if server := g.emulators[path]; server != nil {
		return server.Ready(), nil
	}
	server, err := emulator.Start(ctx, emulator.Options{
		Dir: path, Region: b.Region, SeedFile: g.optionalPath(b.Emulator.Seed), Faults: g.app.getenv("KMSPLAN_EMULATOR_FAULTS"),
		LockTimeout: g.lockTimeout,
	})
	if err != nil {
		return emulator.Ready{}, fmt.Errorf("start the emulator: %w", err)
	}
	g.emulators[path] = server
	return server.Ready(), nil
}

func (g *gateways) optionalPath(p string) string {
	if p == "" {
		return ""
	}
	return g.path(p)
}

// readReadyFile reads what a running `kmsplan emulator serve` wrote.
func readReadyFile(name string) (emulator.Ready, error) {
	var ready emulator.Ready
	b, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return ready, withHint(fmt.Errorf("the ready file %s does not exist", name), "Start the emulator first: kmsplan emulator serve -ready-file "+name)
	}
	if err != nil {
		return ready, fmt.Errorf("read the ready file: %w", err)
	}
	if err := json.Unmarshal(b, &ready); err != nil {
		return ready, fmt.Errorf("the ready file %s is not one that kmsplan emulator serve wrote: %w", name, err)
	}
	return ready, nil
}

func userAgent() string { return "kmsplan/" + version.Number }
