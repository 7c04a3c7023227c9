package view

import (
	"fmt"

	"kmsplan.dev/kmsplan/internal/apply"
	"kmsplan.dev/kmsplan/internal/plan"
)

// Started begins a step.
func (l *Lines) Started(s apply.Step) { l.step("info", "apply_start", doing(s)+"...", s, nil) }

// Calling names a mutating call before it is made.
func (l *Lines) Calling(s apply.Step, operation string) {
	l.step("info", "apply_call", "Calling "+operation, s, map[string]any{"operation": operation})
}

// Done ends a step.
func (l *Lines) Done(s apply.Step, o apply.Outcome) {
	l.step("info", "apply_complete", fmt.Sprintf("%s after %s", finished(s), elapsed(o.Elapsed)), s, outcomeJSON(o))
}

// Failed ends a step that failed.
func (l *Lines) Failed(s apply.Step, o apply.Outcome) {
	l.step("error", "apply_errored", "failed after "+elapsed(o.Elapsed), s, outcomeJSON(o))
}

// Skipped says why a step was not begun.
func (l *Lines) Skipped(s apply.Step, o apply.Outcome) {
	l.step("warn", "apply_skipped", "Skipped: "+o.Reason, s, outcomeJSON(o))
}

// Recovered says what became of a call that an earlier run left open.
func (l *Lines) Recovered(r apply.Recovered) {
	l.emit("info", "recovered", r.Intent.Address+": "+r.Intent.Operation+" of an interrupted run", map[string]any{
		"recovered": map[string]any{
			"addr": r.Intent.Address, "operation": r.Intent.Operation, "status": recoveredWord(r.Status), "id": r.ID,
			"until": timeJSON(r.Until), "duplicates": r.Duplicates,
		},
	})
}

// Recovery sums up what became of open calls.
func (l *Lines) Recovery(r apply.Recovery) {
	l.emit("info", "recovery", recoveryLine(r), map[string]any{"recovery": map[string]any{"resolved": len(r.Recovered), "open": len(r.Open), "strays": len(r.Strays)}})
	for _, s := range r.Strays {
		l.emit("warn", "stray", s.String(), map[string]any{"stray": map[string]any{"kind": s.Kind, "id": s.ID, "gateway": s.Gateway, "address": s.Address, "intent": s.Intent, "twin": s.Twin}})
	}
}

// Current says that a data block's files are as they should be.
func (l *Lines) Current(block string) {
	l.emit("info", "file_current", block+": current", map[string]any{"file": map[string]any{"addr": block}})
}

// Wrote writes a line for each file.
func (l *Lines) Wrote(block string, paths []string) {
	for _, p := range paths {
		l.emit("info", "file_written", block+": wrote "+pathText(p), map[string]any{"file": map[string]any{"addr": block, "path": pathText(p)}})
	}
}

// Rescued sums up what was done of a plan that a guard refuses.
func (l *Lines) Rescued(r apply.Report) { l.Applied(r) }

// Unfinished shows what failed, and the counts of what was done.
func (l *Lines) Unfinished(r apply.Report, err error) {
	summary, counts, detail := unfinished(r, err)
	l.Error(summary, detail, counts)
	l.Applied(r)
}

func (l *Lines) step(level, kind, message string, s apply.Step, more map[string]any) {
	hook := map[string]any{"resource": resourceJSON(s.Addr), "action": s.Action.Word()}
	for k, v := range more {
		hook[k] = v
	}
	l.emit(level, kind, s.Addr.String()+": "+message, map[string]any{"hook": hook})
}

func outcomeJSON(o apply.Outcome) map[string]any {
	out := map[string]any{"elapsed_seconds": int(o.Elapsed.Seconds()), "id_key": "id", "id_value": o.ID}
	if o.Err != nil {
		out["error"] = o.Err.Error()
	}
	if o.Status == apply.Unknown {
		out["outcome"] = "unknown"
	}
	if o.Found {
		out["adopted_after_lost_answer"] = true
	}
	if len(o.Duplicates) > 0 {
		out["duplicates"] = o.Duplicates
	}
	if len(o.Written) > 0 {
		out["files"] = len(o.Written)
	}
	return out
}

func recoveredWord(s apply.RecoveredStatus) string {
	return map[apply.RecoveredStatus]string{
		apply.Adopted: "adopted", apply.Confirmed: "confirmed", apply.NeverHappened: "never_happened", apply.StillPending: "pending", apply.Untold: "untold",
	}[s]
}

// Applied writes the closing summary and the outputs.
func (l *Lines) Applied(r apply.Report) {
	l.checks(r.Checks)
	l.changeSummary("apply", plan.Summary{
		Import: r.Adopted, Add: r.Added, Change: r.Changed, Destroy: r.Destroyed, Forget: r.Forgotten, Retire: r.Retired, Move: r.Moved,
	}, AppliedLine(r))
	l.Outputs(r.State.Outputs)
}

// Outputs writes all outputs in one line.
func (l *Lines) Outputs(outputs map[string]any) {
	l.emit("info", "outputs", "Outputs: "+itoa(len(outputs)), map[string]any{"outputs": outputsJSON(outputs)})
}

// outputsJSON is Terraform's form of outputs. A sensitive one is not stored, so none of these is.
func outputsJSON(outputs map[string]any) map[string]any {
	out := map[string]any{}
	for name, value := range outputs {
		out[name] = map[string]any{"sensitive": false, "value": value}
	}
	return out
}
