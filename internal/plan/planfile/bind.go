package planfile

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/safety"
	"kmsplan.dev/kmsplan/internal/state"
)

// New binds a plan that was made from w, to save it. It fails where the plan writes secrets or files and the stack's
// fingerprint key cannot be had: the scheme is the stack's and no run's, so nothing else takes its place; a plan that
// is bound to nothing could not be held against anything when it is applied.
func New(p *plan.Plan, w World, scope plan.Scope) (*File, error) {
	key, err := sealKey(w.State)
	if err != nil {
		return nil, err
	}
	f := &File{Plan: p, key: key, Binding: Binding{
		Scope: scope, Destroy: w.Config.Destroys, Variables: carried(w.Config), Gateways: Gateways(w.Config, w.Live),
	}}
	f.Binding.Configuration, err = slowly.fingerprint(w.configuration())
	if err == nil {
		f.Binding.Secrets, err = w.fingerprints().fingerprint(w.secrets(p))
	}
	if err == nil {
		f.Binding.Sources, err = w.fingerprints().fingerprint(w.sources(p))
	}
	if err != nil {
		return nil, fmt.Errorf("it writes secrets or files, and could not be bound to what they are made of: %w", err)
	}
	return f, nil
}

// carried are the variables whose values travel in a plan.
func carried(cfg *hcl.Config) []hcl.Variable {
	return slices.DeleteFunc(cfg.Variables(), func(v hcl.Variable) bool { return v.Secret || !v.Value.IsWhollyKnown() })
}

// prints make the fingerprints of a plan: by the stack's scheme what must not be guessed, secrets and sources; slowly
// the configuration, which every run can check then.
type prints struct{ *state.Fingerprints }

var slowly = prints{}

// boundTo is what a saved plan's fingerprints are of.
const boundTo = "a saved plan"

func (w World) fingerprints() prints { return prints{w.Fingerprints} }

// fingerprint digests facts under a fresh salt; the zero Fingerprint when there are none.
func (p prints) fingerprint(facts []string) (state.Fingerprint, error) {
	if len(facts) == 0 {
		return state.Fingerprint{}, nil
	}
	return p.New(boundTo, digest(facts))
}

// match holds facts against a fingerprint.
func (p prints) match(f state.Fingerprint, facts []string) state.Match {
	switch {
	case !f.IsZero() && len(facts) > 0:
		return p.Compare(f, digest(facts))
	case f.IsZero() && len(facts) == 0:
		return state.Same
	}
	return state.Different
}

// digest is SHA-256 over facts, each behind its length so that none runs into the next.
func digest(facts []string) []byte {
	h := sha256.New()
	var length [8]byte
	for _, f := range facts {
		binary.BigEndian.PutUint64(length[:], uint64(len(f)))
		h.Write(length[:])
		h.Write([]byte(f))
	}
	return h.Sum(nil)
}

// configuration lists what the configuration was read from, with the files that its expressions read once
// everything is known that is known now.
func (w World) configuration() []string {
	objects := plan.Remember(w.Config, w.State, w.Live)
	for _, b := range w.Config.Blocks {
		for _, a := range b.Instances {
			w.Config.Body(a, objects)
		}
	}
	return w.Config.Sources()
}

// secrets lists the sensitive values that the plan writes, each behind its name. One that is known after
// apply only is left out: what it will be made of is bound by itself.
func (w World) secrets(p *plan.Plan) (facts []string) {
	objects := plan.Remember(w.Config, w.State, w.Live)
	for i := range p.Changes {
		c := &p.Changes[i]
		if !slices.ContainsFunc(c.Diff, func(d plan.AttrDiff) bool { return d.WriteOnly }) || w.Config.Block(c.Addr.Block()) == nil {
			continue
		}
		body, _ := w.Config.Body(c.Addr, objects)
		for _, d := range c.Diff {
			if sum, ok := w.material(c.Addr, d); ok {
				facts = append(facts, c.Addr.String(), d.Name, string(sum))
			}
			if v, _ := body.Attrs[d.Name].UnmarkDeep(); d.WriteOnly && isText(v) {
				facts = append(facts, c.Addr.String(), d.Name, v.AsString())
			}
		}
	}
	return facts
}

// material is the digest of the material that a difference stands for.
func (w World) material(a addr.Address, d plan.AttrDiff) ([]byte, bool) {
	if d.Name != plan.MaterialPrint || !d.WriteOnly || w.Materials == nil {
		return nil, false
	}
	return w.Materials(a)
}

func isText(v cty.Value) bool {
	return v != cty.NilVal && v.Type() == cty.String && v.IsKnown() && !v.IsNull()
}

// sources lists the digests of what the plan's files are made of.
func (w World) sources(p *plan.Plan) (facts []string) {
	for _, f := range p.Files {
		if f.Action == plan.NoOp || w.Sources == nil {
			continue
		}
		if sum, ok := w.Sources(f.Addr, f.Path); ok {
			facts = append(facts, f.Addr.String(), f.Path, string(sum))
		}
	}
	return facts
}

// StaleError says what a saved plan was made from and is no longer so. It is ErrStale.
type StaleError struct{ Reasons []string } // sentences without their capital and full stop

func (e *StaleError) Error() string {
	text := ErrStale.Error() + ": "
	for i, r := range e.Reasons {
		if i > 0 {
			text += "; "
		}
		text += r
	}
	return text + "; nothing was called; plan again"
}

// Is makes errors.Is(err, ErrStale) hold.
func (e *StaleError) Is(target error) bool { return target == ErrStale }

// Holds asks whether the plan may be compared with one made now: whether it was made from this
// configuration, these variables, gateways, secrets and sources, and on this state. Errors: *StaleError,
// ErrDamaged for a plan that was edited.
func (f *File) Holds(w World) error {
	if err := f.In(w.Config.Workspace); err != nil {
		return err
	}
	var e StaleError
	f.checkState(w.State, &e)
	if len(e.Reasons) == 0 { // another state seals otherwise
		was := w.State
		was.Lineage = f.Plan.Lineage // a stack that was never stored has a fresh one each time
		key, err := sealKey(was)
		if err != nil {
			return err
		}
		if !f.sealedBy(key) && !safety.Off(safety.SavedSeal) {
			return fmt.Errorf("%w: it is not as it was saved, or the state was edited since; nothing was called; plan again", ErrDamaged)
		}
	}
	f.checkVariables(w.Config, &e)
	f.checkGateways(Gateways(w.Config, w.Live), &e)
	if len(e.Reasons) == 0 && !safety.Off(safety.SavedSources) { // the slow ones, where nothing else explains it
		f.checkFingerprints(w, &e)
	}
	if len(e.Reasons) > 0 {
		return &e
	}
	return nil
}

// In asks whether the plan was made in a workspace: it is applied in no other one. Errors: *StaleError.
func (f *File) In(workspace string) error {
	if f.Plan.Workspace == workspace || safety.Off(safety.SavedWorkspace) {
		return nil
	}
	return &StaleError{Reasons: []string{fmt.Sprintf("it was made in the workspace %s, and the workspace %s is selected", f.Plan.Workspace, workspace)}}
}

func (e *StaleError) add(format string, args ...any) {
	e.Reasons = append(e.Reasons, fmt.Sprintf(format, args...))
}

func (f *File) checkState(s state.State, e *StaleError) {
	switch p := f.Plan; {
	case p.Lineage != s.Lineage && p.Serial == 0 && s.Serial == 0:
		// a stack that was never stored takes a fresh lineage each time; see apply.Run
	case p.Lineage != s.Lineage && !safety.Off(safety.SavedLineage):
		e.add("it was made for another stack, of lineage %s, and this state is of lineage %s", p.Lineage, s.Lineage)
	case p.Serial != s.ObjectsSerial && !safety.Off(safety.SavedSerial):
		e.add("it was made when the objects of the state were at serial %d, and they are at serial %d now", p.Serial, s.ObjectsSerial)
	}
}

func (f *File) checkVariables(cfg *hcl.Config, e *StaleError) {
	now := map[string]cty.Value{}
	for _, v := range carried(cfg) {
		now[v.Name] = v.Value
	}
	for _, v := range f.Binding.Variables {
		if got, ok := now[v.Name]; (!ok || !got.RawEquals(v.Value)) && !safety.Off(safety.SavedVariables) {
			e.add("variable %q has another value than it was made with", v.Name)
		}
		delete(now, v.Name)
	}
	for name := range now {
		e.add("variable %q has a value now and had none", name)
	}
	slices.Sort(e.Reasons)
}

func (f *File) checkGateways(now []Gateway, e *StaleError) {
	for _, was := range f.Binding.Gateways {
		i := slices.IndexFunc(now, func(g Gateway) bool { return g.Name == was.Name })
		if i < 0 {
			e.add("gateway %q is gone", was.Name)
			continue
		}
		is := now[i]
		for _, fact := range []struct{ what, was, is string }{
			{"the region", was.Region, is.Region}, {"the instance", was.Instance, is.Instance}, {"the account", was.Account, is.Account},
		} {
			if fact.what == "the account" && (fact.was == "" || fact.is == "") {
				continue
			}
			if fact.was != fact.is && !safety.Off(safety.SavedGateways) {
				e.add("gateway %q is in %s %s, and it was made for %s", was.Name, fact.what, orNone(fact.is), orNone(fact.was))
			}
		}
		if was.Emulator != is.Emulator {
			e.add("gateway %q changed between an emulator and the service", was.Name)
		}
	}
	for _, is := range now {
		if !slices.ContainsFunc(f.Binding.Gateways, func(g Gateway) bool { return g.Name == is.Name }) {
			e.add("gateway %q was not among its gateways", is.Name)
		}
	}
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func (f *File) checkFingerprints(w World, e *StaleError) {
	prints := w.fingerprints()
	for _, is := range []struct {
		of    state.Fingerprint
		facts []string
		what  string
		other string
	}{
		{f.Binding.Configuration, w.configuration(), "the configuration", "the configuration, or a file that it reads, changed since it was saved"},
		{f.Binding.Secrets, w.secrets(f.Plan), "a sensitive value that it writes", "a sensitive value that it writes is another one than it was made with"},
		{f.Binding.Sources, w.sources(f.Plan), "a file that it encrypts", "a file that it encrypts changed since it was saved"},
	} {
		switch prints.match(is.of, is.facts) {
		case state.Different:
			e.add("%s", is.other)
		case state.NotCompared:
			e.add("%s", uncompared(is.what, prints.Failure()))
		}
	}
}

// uncompared says why a fingerprint says nothing.
func uncompared(what string, err error) string {
	if err == nil {
		return what + " cannot be compared: it was saved under another fingerprint key than the stack has now"
	}
	return what + " cannot be compared: " + err.Error()
}
