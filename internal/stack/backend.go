package stack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/credential"
	"kmsplan.dev/kmsplan/internal/safety"
	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/http"
	"kmsplan.dev/kmsplan/internal/state/local"
	"kmsplan.dev/kmsplan/internal/state/oss"
	"kmsplan.dev/kmsplan/internal/state/pg"
	"kmsplan.dev/kmsplan/internal/state/remote"
	"kmsplan.dev/kmsplan/internal/state/s3"
	"kmsplan.dev/kmsplan/internal/suggest"
)

// defaultState is the local backend's path when the module names none.
const defaultState = "kmsplan.state.json"

// backend is where a module's state lies: the backend block, with what init was told beside it, and a workspace.
type backend struct {
	kind      string
	config    map[string]string
	workspace string // "" = the default one
}

// in is the same backend in another workspace.
func (b backend) in(workspace string) backend {
	b.workspace = workspace
	return b
}

// backendOf is the module's. What `kmsplan init -backend-config` gave stands in for arguments that the block leaves out.
func backendOf(cfg *hcl.Config, given map[string]string) backend {
	b := backend{cmp.Or(cfg.Settings.BackendType, kind.DefaultBackend), map[string]string{}, cfg.Workspace}
	maps.Copy(b.config, given)
	maps.Copy(b.config, cfg.Settings.Backend)
	return b
}

// check holds what -backend-config gave against the backend's table.
func (b backend) check(given map[string]string) error {
	decl := kind.Backend(b.kind)
	for name := range given {
		if decl.Attribute(name) != nil {
			continue
		}
		var known []string
		for _, a := range decl.Attributes {
			known = append(known, a.Name)
		}
		return hint(fmt.Errorf("the backend %s has no argument %q%s", b.kind, name, suggest.Clause(name, known)),
			"Its arguments are "+strings.Join(known, ", ")+". Credentials are none of them: they come from the environment.")
	}
	return nil
}

func (b backend) remote() bool { return b.kind != kind.DefaultBackend }

// same reports whether two backends are one, in whatever workspaces.
func (b backend) same(other backend) bool {
	if !b.remote() && !other.remote() {
		return filepath.Clean(b.path()) == filepath.Clean(other.path())
	}
	return b.kind == other.kind && maps.Equal(b.config, other.config)
}

// name is the place for messages and for the encryption context: without host, port and account, so that what was sealed
// opens after a server has moved, and with the workspace, so that it opens in no other one.
func (b backend) name() string {
	if safety.Off(safety.WorkspaceSealed) {
		b.workspace = ""
	}
	switch b.kind {
	case "http":
		address := b.config["address"]
		if _, rest, ok := strings.Cut(address, "://"); ok {
			_, address, _ = strings.Cut(rest, "/")
		}
		if b.workspace != "" && b.workspace != state.DefaultWorkspace {
			address += "-" + b.workspace
		}
		return "http:" + address
	case "pg":
		return state.InWorkspace("pg:"+cmp.Or(b.config["schema_name"], "kmsplan")+"/"+cmp.Or(b.config["name"], "default"), b.workspace)
	case "s3", "oss":
		return state.InWorkspace(b.kind+":"+b.config["bucket"]+"/"+b.config["key"], b.workspace)
	}
	return state.InWorkspace("local:"+b.path(), b.workspace)
}

// workspaceAt is the workspace whose place has that name.
func (b backend) workspaceAt(name string) (string, bool) {
	base := b.in("").name()
	if name == base {
		return state.DefaultWorkspace, true
	}
	if b.kind != "http" {
		return state.WorkspaceOf(base, name)
	}
	workspace, ok := strings.CutPrefix(name, base+"-")
	return workspace, ok && state.CheckWorkspace(workspace) == nil
}

// openPlace opens the server that a remote backend names. It calls nobody.
func (b backend) openPlace(ctx context.Context, getenv func(string) string) (remote.House, error) {
	house, err := b.openHouse(ctx, getenv)
	if err != nil || b.workspace == "" {
		return house, err
	}
	return house.In(b.workspace), nil
}

func (b backend) openHouse(ctx context.Context, getenv func(string) string) (remote.House, error) {
	c := b.config
	switch b.kind {
	case "http":
		return asHouse(http.Open(http.Options{
			Address: c["address"], UpdateMethod: c["update_method"], LockAddress: c["lock_address"], LockMethod: c["lock_method"],
			UnlockAddress: c["unlock_address"], UnlockMethod: c["unlock_method"], CAFile: c["ca_file"],
		}.WithCredentials(getenv)))
	case "pg":
		return asHouse(pg.Open(ctx, pg.Options{ConnStr: c["conn_str"], Schema: c["schema_name"], Name: c["name"]}, getenv))
	case "s3":
		return asHouse(s3.Open(s3.Options{
			Bucket: c["bucket"], Key: c["key"], Region: c["region"], Endpoint: c["endpoint"], PathStyle: c["path_style"] == "true",
			InstanceRole: c["instance_role"] == "true", CAFile: c["ca_file"],
		}))
	case "oss":
		return asHouse(oss.Open(oss.Options{
			Bucket: c["bucket"], Key: c["key"], Region: c["region"], Endpoint: c["endpoint"], PathStyle: c["path_style"] == "true", CAFile: c["ca_file"],
			Credentials: chained(credential.Chain(credential.Config{})),
		}))
	}
	return nil, fmt.Errorf("there is no backend %q", b.kind)
}

// chained gives the credentials that gateways use to the object service.
func chained(chain kms.Credentials) func(context.Context) (oss.Credential, error) {
	return func(ctx context.Context) (oss.Credential, error) {
		c, err := chain.Credential(ctx)
		return oss.Credential{AccessKeyID: c.AccessKeyID, AccessKeySecret: c.AccessKeySecret.Reveal(), SecurityToken: c.SecurityToken.Reveal()}, err
	}
}

// asHouse keeps a nil pointer from becoming a House that is not nil.
func asHouse[P remote.House](p P, err error) (remote.House, error) {
	if err != nil {
		return nil, err
	}
	return p, nil
}

// opening is what a backend is opened with.
type opening struct {
	cfg     *hcl.Config
	options Options
	engine  sealEngine
}

// openStore opens the module's backend in its workspace, whose lock says whom it waits for. It calls nobody.
func openStore(cfg *hcl.Config, o Options, gateways *Gateways) (state.Store, error) {
	store, err := openBackend(cfg, o, gateways)
	if err != nil {
		return nil, err
	}
	return &announced{Store: store, waiting: o.waiting, patient: o.LockTimeout > 0}, nil
}

func openBackend(cfg *hcl.Config, o Options, gateways *Gateways) (state.Store, error) {
	if o.Store != nil {
		return o.Store, nil
	}
	b, seen, err := prepared(cfg)
	with := opening{cfg, o, gateways}
	if err != nil && !b.remote() { // a path that is not allowed is the first thing to mend
		_, wrong := b.openLocal(with)
		return nil, cmp.Or(wrong, err)
	}
	if err != nil {
		return nil, err
	}
	store, err := b.open(with, seen)
	if err != nil || b.workspace == state.DefaultWorkspace {
		return store, err
	}
	return &existing{Store: store, at: b}, nil
}

// prepared is the module's backend, which init has prepared, with what this machine remembers of it.
func prepared(cfg *hcl.Config) (backend, *notes, error) {
	notes, err := readNotes(cfg.Dir)
	if err != nil {
		return backend{}, nil, err
	}
	b := backendOf(cfg, notes.Given)
	if from := notes.backend(); !b.same(from) && (b.remote() || from.remote() || from.leaves(cfg.Dir, b)) {
		return b, nil, moved(notes, b)
	}
	return b, &notes, nil
}

// open opens the store of a backend of either kind; seen is what this machine remembers of a remote one, nil for none.
func (b backend) open(with opening, seen *notes) (state.Store, error) {
	if !b.remote() {
		return b.openLocal(with)
	}
	return openRemote(b, with, seen)
}

// moved says that the configuration names another backend than init has prepared.
func moved(notes notes, b backend) error {
	if notes.Backend == "" && b.remote() {
		return hint(fmt.Errorf("the backend %s is not prepared on this machine", b.name()), "Run: kmsplan init")
	}
	from := notes.backend()
	if !b.remote() && !from.remote() {
		return hint(fmt.Errorf("there is a state in %s, and the configuration keeps it in %s", from.path(), b.path()),
			"Run kmsplan init -migrate-state to take it along, or kmsplan init -reconfigure to leave it where it is.")
	}
	return hint(fmt.Errorf("the configuration keeps the state in %s, and this directory was prepared for another backend", b.name()),
		"Run kmsplan init -migrate-state to take the state along, or kmsplan init -reconfigure to leave it where it is.")
}

func (b backend) openLocal(with opening) (state.Store, error) {
	path, err := with.options.inside(with.cfg.Dir, state.InWorkspace(b.path(), b.workspace), theState)
	if err != nil {
		return nil, err
	}
	return local.Open(path, local.Options{Now: with.options.Now})
}

// path is where the local backend keeps the state, as it is written.
func (b backend) path() string { return cmp.Or(b.config["path"], defaultState) }

// statePath is where a module with the local backend keeps the state.
func statePath(cfg *hcl.Config) string { return backend{config: cfg.Settings.Backend}.path() }

// mostStoreCalls is how many calls to a store's server a run makes at once.
const mostStoreCalls = 8

// openRemote opens a store on a server; seen is what this machine remembers of it, nil for none.
func openRemote(b backend, with opening, seen *notes) (state.Store, error) {
	sealer, err := with.sealer(b)
	if err != nil {
		return nil, err
	}
	place, err := b.openPlace(context.Background(), with.options.getenv())
	if err != nil {
		return nil, err
	}
	traced := remote.Place(place)
	if log := with.options.Logger; log != nil {
		traced = remote.Trace(place, func(line string) { log.LogAttrs(context.Background(), slog.LevelDebug, line) })
	}
	store := state.Store(remote.New(remote.Retry(remote.NewLimit(mostStoreCalls).On(traced), remote.Retrying{}), remote.Options{Sealer: sealer, Now: with.options.Now}))
	if seen != nil {
		store = &witnessed{Store: store, dir: with.cfg.Dir, name: b.name(), workspace: b.workspace, least: with.options.MinSerial}
	}
	return store, nil
}

func (o Options) getenv() func(string) string {
	return func(name string) string {
		for _, pair := range slices.Backward(o.Env) {
			if k, v, ok := strings.Cut(pair, "="); ok && k == name {
				return v
			}
		}
		if o.Env == nil {
			return os.Getenv(name)
		}
		return ""
	}
}

// measure finds out what a remote backend honours, and says it.
func measure(ctx context.Context, place remote.Place) (string, error) {
	switch p := place.(type) {
	case interface {
		Measure(context.Context) (string, error)
	}:
		return p.Measure(ctx)
	case remote.Prober:
		return "it refuses writes that name a version which was replaced", remote.Measure(ctx, p)
	}
	return "", errors.New("this backend cannot be measured")
}
