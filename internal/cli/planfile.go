package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"kmsplan.dev/kmsplan/internal/durable"
	"kmsplan.dev/kmsplan/internal/envelope"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/plan/planfile"
	"kmsplan.dev/kmsplan/internal/stack"
)

// saving is where a plan is saved, and whether it is encrypted.
type saving struct {
	out           string
	encrypt, said bool // -encrypt, and whether it was given
}

// encrypted: the flag asks for it, or the configuration.
func (s saving) encrypted(st *stack.Stack) bool { return s.encrypt || st.EncryptsPlans() }

// possible asks, before anything is called, whether the plan can be saved as it was asked for.
func (s saving) possible(st *stack.Stack) error {
	switch {
	case s.out == "":
		return nil
	case s.said && !s.encrypt && st.EncryptsPlans():
		return withHint(errors.New("-encrypt=false: the encryption block says that saved plans are encrypted"), "Take plan = true out of it, if a plan may lie there in clear.")
	case s.encrypted(st):
		return st.CanEncryptPlans()
	}
	return nil
}

// savePlan writes a plan whole or not at all, readable by its owner only.
func (a *app) savePlan(ctx context.Context, s *stack.Stack, p *plan.Plan, scope plan.Scope, save saving) error {
	if err := a.planPlace(s.Config, save.out); err != nil {
		return fmt.Errorf("save the plan: %w", err)
	}
	file, err := s.Saved(p, scope)
	if err != nil {
		return fmt.Errorf("save the plan: %w", err)
	}
	var content []byte
	if save.encrypted(s) {
		content, err = s.EncryptPlan(ctx, file)
	} else {
		var b bytes.Buffer
		err = file.Encode(&b)
		content = b.Bytes()
	}
	if err == nil {
		err = durable.WriteFile(a.path(save.out), content, 0o600)
	}
	if err != nil {
		return fmt.Errorf("save the plan: %w", err)
	}
	a.view.Saved(save.out, p)
	return nil
}

// readPlan reads a saved plan, and opens an encrypted one: then the module's gateways are asked, and its state.
func (a *app) readPlan(ctx context.Context, v *variables, lockTimeout time.Duration, name string) (*planfile.File, error) {
	f, err := os.Open(a.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the plan file %s does not exist; make one with kmsplan plan -out %s", name, name)
	}
	if err != nil {
		return nil, fmt.Errorf("open the plan file: %w", err)
	}
	defer f.Close()
	var saved *planfile.File
	from := bufio.NewReader(f)
	if first, _ := from.Peek(envelope.Recognizable); envelope.Recognize(first) {
		saved, err = a.decryptPlan(ctx, v, lockTimeout, from)
	} else {
		saved, err = planfile.Decode(from)
	}
	if err != nil {
		return nil, fmt.Errorf("read the plan file %s: %w", name, err)
	}
	return saved, nil
}

// decryptPlan opens an encrypted plan. The variables that travel in it are not known before, so what the gateways are made
// from has to be given.
func (a *app) decryptPlan(ctx context.Context, v *variables, lockTimeout time.Duration, r io.Reader) (*planfile.File, error) {
	sealed, err := io.ReadAll(io.LimitReader(r, planfile.MaxSize+1))
	if err != nil {
		return nil, err
	}
	if len(sealed) > planfile.MaxSize {
		return nil, fmt.Errorf("%w: it is larger than %d bytes", planfile.ErrNotAPlan, planfile.MaxSize)
	}
	stored, err := a.openStateWith(v, lockTimeout)
	if err != nil {
		return nil, err
	}
	defer a.closing(stored.Close)
	return stored.OpenPlan(ctx, sealed)
}
