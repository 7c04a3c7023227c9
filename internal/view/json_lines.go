package view

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"

	hclv2 "github.com/hashicorp/hcl/v2"

	"kmsplan.dev/kmsplan/internal/plan"
)

// uiVersion is the version of the JSON lines; its form is Terraform's machine-readable UI.
const uiVersion = "1.2"

// Lines writes one JSON object per line: the machine-readable form of plan, apply and
// refresh. Safe for concurrent use.
type Lines struct {
	Silent
	mu      sync.Mutex
	w       io.Writer
	now     func() time.Time
	version string
	read    reading
	worked  reading
	batched reading
}

var _ View = (*Lines)(nil)

// NewLines begins a stream with its version line.
func NewLines(w io.Writer, version string, now func() time.Time) *Lines {
	l := &Lines{w: w, now: now, version: version}
	l.emit("info", "version", "kmsplan "+version, map[string]any{"kmsplan": version, "ui": uiVersion})
	return l
}

// emit writes one line. Keys follow Terraform's: @level, @message, @module, @timestamp, type.
func (l *Lines) emit(level, kind, message string, fields map[string]any) {
	line := map[string]any{
		"@level": level, "@message": neutral(message), "@module": "kmsplan.ui",
		"@timestamp": l.now().UTC().Format("2006-01-02T15:04:05.000000Z"), "type": kind,
	}
	for k, v := range fields {
		line[k] = v
	}
	b, err := json.Marshal(line)
	if err != nil {
		b, _ = json.Marshal(map[string]any{"@level": "error", "@message": "unrenderable line: " + err.Error(), "type": "log"})
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintf(l.w, "%s\n", inert(b))
}

// Diagnostics writes each diagnostic as a line.
func (l *Lines) Diagnostics(diags hclv2.Diagnostics, files map[string]*hclv2.File) {
	for _, d := range sorted(diags) {
		j := diagnosticJSON(d, files)
		level := "error"
		word := "Error"
		if j.Severity == "warning" {
			level, word = "warn", "Warning"
		}
		l.emit(level, "diagnostic", word+": "+j.Summary, map[string]any{"diagnostic": j})
	}
}

// Error writes an error that is not about a place in a file; hints go into its detail.
func (l *Lines) Error(summary string, err error, hints ...string) {
	detail := errorDetail(err, hints)
	l.emit("error", "diagnostic", "Error: "+summary, map[string]any{
		"diagnostic": DiagnosticJSON{Severity: "error", Summary: summary, Detail: detail},
	})
}

// Notef writes what is worth knowing as a line of the log.
func (l *Lines) Notef(format string, args ...any) {
	l.emit("info", "log", fmt.Sprintf(format, args...), nil)
}

// Approved writes the plan: a reader of these lines has not seen it.
func (l *Lines) Approved(p *plan.Plan) { l.Plan(p) }

// Saved says where the plan lies.
func (l *Lines) Saved(name string, _ *plan.Plan) {
	l.emit("info", "plan_saved", "Saved the plan to "+name, map[string]any{"file": name})
}

// Cancelled says that nothing was approved.
func (l *Lines) Cancelled() { l.emit("info", "cancelled", "Apply cancelled", nil) }

// Plan writes drift, changes, refusals and the summary.
func (l *Lines) Plan(p *plan.Plan) {
	l.lookups(p.Lookups)
	l.drift(p.Drift)
	for i := range p.Changes {
		c := &p.Changes[i]
		if c.Action == plan.NoOp && c.MovedFrom.Kind == "" {
			continue
		}
		l.emit("info", "planned_change", fmt.Sprintf("%s: Plan to %s", c.Addr, c.Action.Word()), map[string]any{"change": changeJSON(c)})
	}
	for _, f := range p.Files {
		switch {
		case f.Problem != "":
			l.emit("warn", "file_problem", f.Addr.String()+": "+f.Problem, map[string]any{"file": fileJSON(f)})
		case f.Acts():
			l.emit("info", "planned_file", f.Addr.String()+": "+fileHeadline(f), map[string]any{"file": fileJSON(f)})
		}
	}
	l.movedGateways(p.MovedGateways)
	l.batches(p.Batches)
	for _, x := range p.Radius {
		l.emit("warn", "blast_radius", RadiusSentence(x), map[string]any{"radius": radiusJSON([]plan.Radius{x})[0]})
	}
	l.dying(p.Dying)
	for _, w := range p.Warnings {
		l.emit("warn", "diagnostic", "Warning: "+w.Summary, map[string]any{
			"diagnostic": DiagnosticJSON{Severity: "warning", Summary: w.Summary, Detail: w.Detail, Address: addressOrEmpty(w.Addr)},
		})
	}
	l.checks(p.Checks)
	l.Refusals(p.Refusals)
	l.changeSummary("plan", p.Summary(), SummaryLine(p))
}

// drift writes a line for each object that is not as it was left.
func (l *Lines) drift(list []plan.Drift) {
	for _, d := range list {
		action := "update"
		if d.Gone {
			action = "delete"
		}
		l.emit("info", "resource_drift", d.Addr.String()+": Drift detected ("+action+")", map[string]any{
			"change": map[string]any{"resource": resourceJSON(d.Addr), "action": action},
		})
	}
}

// dying writes a line for each key that waits for deletion.
func (l *Lines) dying(keys []plan.DyingKey) {
	for _, k := range keys {
		l.emit("warn", "dying_key", "Key "+k.ID+" waits for deletion", map[string]any{
			"key": map[string]any{"id": k.ID, "gateway": k.Gateway, "addr": addressOrEmpty(k.Addr), "delete_at": timeJSON(k.DeleteAt)},
		})
	}
}

// Refusals writes every guard that fired.
func (l *Lines) Refusals(list []plan.Refusal) {
	for _, f := range list {
		l.emit("error", "refusal", "Refused by guard "+f.Guard, map[string]any{"refusal": refusalJSON(f)})
	}
}

func (l *Lines) changeSummary(operation string, s plan.Summary, sentence string) {
	l.emit("info", "change_summary", sentence, map[string]any{
		"changes": map[string]any{
			"add": s.Add, "change": s.Change, "import": s.Import, "remove": s.Destroy, "forget": s.Forget, "retire": s.Retire, "move": s.Move,
			"start": s.Start, "operation": operation,
		},
	})
}
