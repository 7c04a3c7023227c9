package resource

import (
	"context"
	"fmt"
	"slices"

	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/safety"
	"kmsplan.dev/kmsplan/internal/state"
)

// Resolve reads what became of a call on a secret.
func (secretHandler) Resolve(ctx context.Context, s *Session, open state.Intent) (Resolution, error) {
	w := &secretWork{Session: s}
	w.Change.ID = open.ObjectID
	o, err := readSecret(ctx, s.Manager, open.ObjectID, w.patience())
	if err != nil {
		return Resolution{}, fmt.Errorf("find out what became of %s of %s: %w", open.Operation, open.Address, err)
	}
	if o == nil {
		return Resolution{Resource: s.Prior}, nil // a name is taken once: a late commit is refused, or found by name
	}
	w.object = o
	if res, asked := w.resolveAsked(open); asked {
		return res, nil
	}
	if res, moved := w.resolveStage(open); moved {
		return res, nil
	}
	if version := open.Detail["version"]; version != "" {
		return w.resolveVersion(open, version), nil
	}
	switch {
	case open.Operation == "DeleteSecret" && o.Dying():
		return Resolution{Committed: true}, nil
	case open.Operation == "DeleteSecret", open.Operation == "RestoreSecret":
		return Resolution{Committed: open.Operation == "RestoreSecret" && !o.Dying(), Resource: w.result()}, nil
	}
	return Resolution{Committed: true, Untold: true, Resource: w.result()}, nil
}

// resolveVersion looks for the version a lost CreateSecret or PutSecretValue
// wrote. Until a late commit is impossible a value is not put again, because the late one would then
// become the current one.
func (w *secretWork) resolveVersion(open state.Intent, version string) Resolution {
	if chosen := open.Detail[detailChosen] != ""; chosen && slices.Contains(w.object.Versions, version) {
		switch {
		case open.Operation != "CreateSecret": // others may have chosen the same id: to store the value again shows whose it is
			r := w.result()
			r.Fingerprints = nil // of the version before
			return Resolution{Committed: true, Untold: true, Resource: r}
		case w.object.Tags[plan.TagIntent] != open.Token:
			return Resolution{Resource: w.Prior}
		}
	}
	if slices.Contains(w.object.Versions, version) {
		w.stored = &storedValue{version: version, fingerprint: detailPrint(open.Detail)}
		if open.Detail[detailAct] == string(plan.ActPut) {
			w.held = &state.Held{Version: version, By: string(plan.ActPut), Put: version, Fingerprint: &w.stored.fingerprint}
		}
		if open.Detail["generated"] != "" {
			w.stored.generated = map[string]any{}
			if args, ok := w.Body.Blocks["generate"]; ok {
				w.stored.generated = plan.GenerateArguments(args)
			}
		}
		return Resolution{Committed: true, Resource: w.result()}
	}
	if open.Operation == "CreateSecret" {
		return Resolution{Resource: w.Prior} // another secret of that name: the planner refuses
	}
	return w.undecided(open)
}

// undecided is what is to be said of a call on a secret's versions that has not taken effect so far.
func (w *secretWork) undecided(open state.Intent) Resolution {
	until := w.lateUntil(open)
	return Resolution{Pending: w.Now().Before(until) && !safety.Off(safety.NoSecondValue), Until: until, Resource: w.result()}
}
