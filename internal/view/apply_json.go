package view

import (
	"fmt"

	"kmsplan.dev/kmsplan/internal/apply"
)

// Hooks write a line for everything an apply does.
func (l *Lines) Hooks() apply.Hooks {
	return apply.Hooks{
		Started: func(s apply.Step) { l.step("info", "apply_start", doing(s)+"...", s, nil) },
		Progress: func(s apply.Step, operation string) {
			l.step("info", "apply_call", "Calling "+operation, s, map[string]any{"operation": operation})
		},
		Done: func(s apply.Step, o apply.Outcome) {
			l.step("info", "apply_complete", fmt.Sprintf("%s after %s", finished(s), elapsed(o.Elapsed)), s, outcomeJSON(o))
		},
		Failed: func(s apply.Step, o apply.Outcome) {
			l.step("error", "apply_errored", "failed after "+elapsed(o.Elapsed), s, outcomeJSON(o))
		},
		Skipped: func(s apply.Step, o apply.Outcome) {
			l.step("warn", "apply_skipped", "Skipped: "+o.Reason, s, outcomeJSON(o))
		},
		Recovered: func(r apply.Recovered) {
			l.emit("info", "recovered", r.Intent.Address+": "+r.Intent.Operation+" of an interrupted run", map[string]any{
				"recovered": map[string]any{
					"addr": r.Intent.Address, "operation": r.Intent.Operation, "status": recoveredWord(r.Status), "id": r.ID,
					"until": timeJSON(r.Until), "duplicates": r.Duplicates,
				},
			})
		},
	}
}

func (l *Lines) step(level, kind, message string, s apply.Step, more map[string]any) {
	hook := map[string]any{"resource": resourceJSON(s.Addr), "action": actionWord(s.Action)}
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
	if o.Files > 0 {
		out["files"] = o.Files
	}
	return out
}

func recoveredWord(s apply.RecoveredStatus) string {
	return map[apply.RecoveredStatus]string{
		apply.Adopted: "adopted", apply.Confirmed: "confirmed", apply.NeverHappened: "never_happened", apply.StillPending: "pending",
	}[s]
}

// Applied writes the closing summary and the outputs.
func (l *Lines) Applied(r apply.Report) {
	l.changeSummary("apply", r.Added, r.Changed, r.Destroyed, r.Adopted, r.Forgotten, AppliedLine(r))
	outputs := map[string]any{}
	for name, value := range r.State.Outputs {
		outputs[name] = map[string]any{"sensitive": false, "value": value}
	}
	l.emit("info", "outputs", "Outputs: "+itoa(len(outputs)), map[string]any{"outputs": outputs})
}
