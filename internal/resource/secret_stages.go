package resource

import (
	"context"
	"maps"
	"slices"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// What an intent remembers of a stage that is moved by declaration, and of a version whose id the configuration chose.
const (
	detailStage  = "stage"
	detailTo     = "to" // "" = it is taken off
	detailChosen = "chosen"
)

// moveStages gives every stage that the configuration names to the version that it names, and then ACSCurrent to the one
// that the plan promotes. Before a value is stored those wait that belong to the new version.
func (w *secretWork) moveStages(ctx context.Context) error {
	waits := w.stored == nil && w.Change.Needs("PutSecretValue")
	chosen, _ := w.wantText("version_id")
	wished := w.wishedStages()
	for _, stage := range slices.Sorted(maps.Keys(wished)) {
		to := text(wished[stage])
		if waits && to == chosen && to != "" {
			continue
		}
		if err := w.moveStage(ctx, stage, w.holderOf(stage), to); err != nil {
			return err
		}
	}
	to := w.Change.Promoted
	if waits || to == "" {
		return nil
	}
	if err := w.moveStage(ctx, kms.StageCurrent, w.object.Current, to); err != nil {
		return err
	}
	w.current = to
	return nil
}

// wishedStages are the stages of the configuration with their versions, null for one that goes; nil where the plan moves none.
func (w *secretWork) wishedStages() map[string]cty.Value {
	v, ok := w.want("stages")
	if !ok || v.IsNull() || !slices.ContainsFunc(w.Change.Diff, func(d plan.AttrDiff) bool { return d.Name == "stages" }) {
		return nil
	}
	live := cty.MapValEmpty(cty.String)
	if now := w.object.Attrs["stages"]; now != cty.NilVal && !now.IsNull() {
		live = now
	}
	return w.Body.WithIgnored("stages", v, live).AsValueMap()
}

// holderOf is the version that held a stage when the change began; "" for none.
func (w *secretWork) holderOf(stage string) string {
	for version, stages := range w.object.Stages {
		if slices.Contains(stages, stage) {
			return version
		}
	}
	return ""
}

// moveStage names the version that it takes the stage from, so that a call which comes late does nothing once the stage has
// moved on.
func (w *secretWork) moveStage(ctx context.Context, stage, from, to string) error {
	if from == to {
		return nil
	}
	id, in := w.object.ID, kms.MoveStageInput{Name: w.object.ID, Stage: stage}
	if from != "" {
		in.RemoveFrom = &from
	}
	if to != "" {
		in.MoveTo = &to
	}
	return w.Call(ctx, "UpdateSecretVersionStage", id, map[string]string{detailStage: stage, detailTo: to}, func(ctx context.Context) (string, error) {
		return id, settle(w.Manager.UpdateSecretVersionStage(ctx, in), func() (bool, error) {
			o, err := readSecret(ctx, w.Manager, id, w.patience())
			return o != nil && isAt(o, stage, to), err
		})
	})
}

// isAt reports whether a stage is at a version, or at none.
func isAt(o *plan.Object, stage, version string) bool {
	for id, stages := range o.Stages {
		if slices.Contains(stages, stage) {
			return id == version
		}
	}
	return version == ""
}

// resolveStage finds out what became of a stage that was moved by declaration; ok is false for every other call.
func (w *secretWork) resolveStage(open state.Intent) (res Resolution, ok bool) {
	stage := open.Detail[detailStage]
	switch {
	case stage == "":
		return Resolution{}, false
	case !isAt(w.object, stage, open.Detail[detailTo]):
		return w.undecided(open), true
	case stage == kms.StageCurrent:
		w.current = open.Detail[detailTo]
		r := w.result()
		r.Fingerprints = nil // of the version that was the current one; the next plan stores the value again, which changes nothing
		return Resolution{Committed: true, Resource: r}, true
	}
	return Resolution{Committed: true, Resource: w.result()}, true
}

// keepCurrent records the version that was made current by declaration, which no person holds any more.
func (w *secretWork) keepCurrent(r *state.Resource) {
	if w.current == "" {
		return
	}
	r.Held, r.Versions = nil, last(r.Versions, w.current)
}

// waitsForStage reports whether the value was stored under the id of a version that is there, and that version is not the
// current one yet: what state says of the current one holds until it is.
func (w *secretWork) waitsForStage() bool {
	to := w.Change.Promoted
	return w.stored != nil && w.Change.Asked == nil && to != "" && to == w.stored.version && w.current != to
}

// last is a list with one of it at its end.
func last(list []string, one string) []string {
	return append(slices.DeleteFunc(slices.Clone(list), func(v string) bool { return v == one }), one)
}
