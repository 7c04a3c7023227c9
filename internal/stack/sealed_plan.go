package stack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/plan/planfile"
	"kmsplan.dev/kmsplan/internal/state"
)

// purposeOfPlan keeps a state from being taken for a plan, and a plan for a state.
const purposeOfPlan = "plan"

// wayOfPlans stands under errors about an encrypted plan that is not this stack's, or not as it was saved.
const wayOfPlans = "Plan again: kmsplan plan -out=FILE -encrypt"

// EncryptsPlans reports whether the configuration says that saved plans are encrypted.
func (s *Stack) EncryptsPlans() bool {
	e := s.Config.Settings.Encryption
	return e != nil && e.Plan
}

// CanEncryptPlans is the error of a module that names no key to encrypt a plan under.
func (s *Stack) CanEncryptPlans() error {
	switch e := s.Config.Settings.Encryption; {
	case e == nil:
		return hint(errors.New("the plan is to be encrypted, and the configuration does not say under which key"),
			"Name the KMS key in the kmsplan block, one that this stack does not manage:\n\n  encryption {\n    key = \"alias/…\"\n  }")
	case !e.Enabled:
		return hint(errors.New("the plan is to be encrypted, and the encryption block says that nothing is"),
			"Take enabled = false out of it and name a key, or save the plan in clear, without -encrypt.")
	}
	return nil
}

// EncryptPlan is a saved plan as EncryptsPlans asks for it: in an envelope under the key of the encryption block, bound to
// the stack, to where its state lies, and to being a plan.
func (s *Stack) EncryptPlan(ctx context.Context, f *planfile.File) ([]byte, error) {
	if err := s.CanEncryptPlans(); err != nil {
		return nil, err
	}
	with, err := planSealing(s.Config, s.gateways)
	if err != nil {
		return nil, err
	}
	var plain bytes.Buffer
	if err := f.Encode(&plain); err != nil {
		return nil, err
	}
	return with.seal(ctx, purposeOfPlan, f.Plan.Lineage, plain.Bytes())
}

// OpenPlan opens what EncryptPlan made for this stack. A stack without a state has a new lineage at each look: then the
// plan says which, and is held against the stack when it is applied.
func (s *Stored) OpenPlan(ctx context.Context, sealed []byte) (*planfile.File, error) {
	with, err := planSealing(s.config, s.gateways)
	if err != nil {
		return nil, err
	}
	if err := s.inItsWorkspace(sealed); err != nil {
		return nil, err
	}
	at, err := state.Look(ctx, s.store)
	if err != nil {
		return nil, fmt.Errorf("look whose plan it is: %w", err)
	}
	lineage := at.State.Lineage
	if at.Version.IsZero() {
		h, err := envelope.ReadHeader(bytes.NewReader(sealed))
		if err != nil {
			return nil, hint(err, wayOfPlans)
		}
		lineage = h.Context[contextLineage]
	}
	says, err := with.claims(purposeOfPlan, lineage, sealed)
	if err != nil {
		return nil, hint(err, wayOfPlans)
	}
	plain, err := with.decrypt(ctx, says, sealed)
	if err != nil {
		return nil, hint(err, append(s.withoutValues(), wayOfPlans)...)
	}
	f, err := planfile.Decode(bytes.NewReader(plain))
	if err == nil && f.Plan.Lineage != lineage {
		err = fmt.Errorf("%w: it was sealed for lineage %s, and is of lineage %s; plan again", planfile.ErrDamaged, lineage, f.Plan.Lineage)
	}
	return f, err
}

// inItsWorkspace says of a plan that another workspace of this stack has made where it belongs; what else does not fit, others
// say.
func (s *Stored) inItsWorkspace(sealed []byte) error {
	h, err := envelope.ReadHeader(bytes.NewReader(sealed))
	if err != nil {
		return hint(err, wayOfPlans)
	}
	notes, err := readNotes(s.config.Dir)
	if err != nil {
		return err
	}
	made, ok := backendOf(s.config, notes.Given).workspaceAt(h.Context[contextPlace])
	if !ok || made == s.config.Workspace {
		return nil
	}
	return hint(fmt.Errorf("%w: it was made in the workspace %s, and the workspace %s is selected; nothing was called", planfile.ErrStale, made, s.config.Workspace), inWorkspace(made))
}

// withoutValues says which variables have no value, of those that a gateway may be made from: what travels in a plan is
// not known before it is open.
func (s *Stored) withoutValues() []string {
	var names []string
	for _, v := range s.config.Variables() {
		if !v.Value.IsWhollyKnown() {
			names = append(names, v.Name)
		}
	}
	if names == nil {
		return nil
	}
	return []string{"Without a value here: variable " + strings.Join(names, ", ") + ". The values that the plan carries are inside it; if a gateway is made from one, give it with KMSPLAN_VAR_NAME, a file, or -var to apply."}
}

// planSealing is how plans are sealed: as states are, beside the state.
func planSealing(cfg *hcl.Config, from sealEngine) (*sealing, error) {
	notes, err := readNotes(cfg.Dir)
	if err != nil {
		return nil, err
	}
	e := cfg.Settings.Encryption
	if e == nil {
		e = &hcl.Encryption{} // what is opened says itself under which key
	}
	return &sealing{e: e, place: backendOf(cfg, notes.Given).name(), from: from}, nil
}
