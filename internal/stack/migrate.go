package stack

import (
	"context"
	"errors"
	"fmt"

	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/remote"
)

// Backend is what init is told about the backend.
type Backend struct {
	Given       map[string]string // arguments beside the block's
	Migrate     bool              // take the state along from where it was
	Reconfigure bool              // leave it where it was
}

// prepareBackend measures a remote backend, takes the state along where that is asked for, and notes it all for this
// machine. It returns what it did, in words.
func prepareBackend(ctx context.Context, cfg *hcl.Config, o Options, gateways *Gateways, told Backend) (said []string, err error) {
	was, err := readNotes(cfg.Dir)
	if err != nil {
		return nil, err
	}
	b := backendOf(cfg, told.Given).in("")
	if told.Given == nil && !told.Reconfigure && b.kind == was.Backend { // what was given is of no use to another kind
		told.Given = was.Given
		b = backendOf(cfg, told.Given).in("")
	}
	if err := b.check(told.Given); err != nil {
		return nil, err
	}
	from := was.backend()
	with := opening{cfg, o, gateways}
	if err := mayChange(ctx, b, from, with, was, told); err != nil {
		return nil, err
	}
	n := notes{Backend: b.kind, Config: b.config, Given: told.Given, At: o.Now().UTC()}
	if b.same(from) && !told.Reconfigure {
		n.sighting, n.Workspaces = was.sighting, was.Workspaces
	}
	if b.remote() {
		if n.Measured, err = measured(ctx, b, with); err != nil {
			return nil, err
		}
		said = append(said, fmt.Sprintf("The state lies in %s: %s.", b.name(), n.Measured))
	}
	if told.Migrate {
		what, err := transfer{b, from, with}.all(ctx)
		said = append(said, what...)
		if err != nil {
			return said, err
		}
		n.sighting, n.Workspaces = sighting{}, nil
	}
	if !b.remote() && was.Backend == "" && b.same(was.backend()) {
		return said, nil // nothing to remember
	}
	return said, n.write(cfg.Dir)
}

// mayChange refuses another backend than before where nobody said what becomes of the state there.
func mayChange(ctx context.Context, b, from backend, with opening, was notes, told Backend) error {
	if told.Migrate && told.Reconfigure {
		return errors.New("-migrate-state and -reconfigure exclude each other: one takes the state along, the other leaves it where it is")
	}
	if b.same(from) || told.Migrate || told.Reconfigure || !b.remote() && !from.remote() && !from.leaves(with.cfg.Dir, b) {
		return nil
	}
	if was.Backend != "" || !b.remote() {
		return moved(was, b)
	}
	store, err := from.openLocal(with)
	if err != nil {
		return err
	}
	at, err := state.Look(ctx, store)
	if err != nil {
		return err
	}
	others, err := from.workspaces(ctx, with)
	if err != nil || at.State.Serial == 0 && len(at.Open)+len(others) == 0 {
		return err
	}
	return hint(fmt.Errorf("there is a state in %s, and the configuration keeps it in %s", from.path(), b.name()),
		"Run kmsplan init -migrate-state to take it along, or kmsplan init -reconfigure to leave it where it is.")
}

// measured opens a remote backend and finds out what it honours.
func measured(ctx context.Context, b backend, with opening) (string, error) {
	sealer, err := with.sealer(b)
	if err == nil {
		err = trySeal(ctx, sealer)
	}
	if err != nil {
		return "", err
	}
	place, err := b.openPlace(ctx, with.options.getenv())
	if err != nil {
		return "", err
	}
	return measure(ctx, place)
}

// trySeal seals something and opens it, so that a key which cannot be used is noticed before anything depends on it.
func trySeal(ctx context.Context, sealer remote.Sealer) error {
	about := remote.About{Purpose: "probe", Lineage: "probe"}
	sealed, err := sealer.Seal(ctx, about, []byte("probe"))
	if err == nil {
		_, err = sealer.Open(ctx, about, sealed)
	}
	if err != nil {
		return hint(fmt.Errorf("the state cannot be encrypted as the configuration says: %w", err),
			"The key has to exist, to be enabled, and to be usable through the gateway that the encryption block names; a key of an instance is one of this instance's.")
	}
	return nil
}

// openAny opens a backend of either kind with the given sealer.
func openAny(b backend, with opening, sealer remote.Sealer) (state.Store, error) {
	if !b.remote() {
		return b.openLocal(with)
	}
	place, err := b.openPlace(context.Background(), with.options.getenv())
	if err != nil {
		return nil, err
	}
	return remote.New(remote.Retry(place, remote.Retrying{}), remote.Options{Sealer: sealer, Now: with.options.Now}), nil
}

// eitherWay opens what is sealed, by whatever key, and what is not; it seals nothing anew that is only carried on.
type eitherWay struct {
	with opening
	at   backend
}

func (e eitherWay) sealing() *sealing {
	block := e.with.cfg.Settings.Encryption
	if block == nil {
		block = &hcl.Encryption{}
	}
	return &sealing{e: block, place: e.at.name(), from: e.with.engine}
}

// Open implements remote.Sealer.
func (e eitherWay) Open(ctx context.Context, about remote.About, sealed []byte) ([]byte, error) {
	if !envelope.Recognize(sealed) {
		return sealed, nil
	}
	return e.sealing().Open(ctx, about, sealed)
}

// Under implements remote.Teller.
func (e eitherWay) Under(sealed []byte) string { return sealedUnder(sealed) }

// Seal implements remote.Sealer. What an interrupted run left in the former place is folded in there, before it moves.
func (e eitherWay) Seal(ctx context.Context, about remote.About, plain []byte) ([]byte, error) {
	if block := e.with.cfg.Settings.Encryption; block == nil || !block.Enabled {
		return plain, nil
	}
	return e.sealing().Seal(ctx, about, plain)
}

// sealAnew opens what is there and seals as the configuration says.
type sealAnew struct {
	eitherWay
	sealer remote.Sealer
}

// Seal implements remote.Sealer.
func (s sealAnew) Seal(ctx context.Context, about remote.About, plain []byte) ([]byte, error) {
	return s.sealer.Seal(ctx, about, plain)
}
