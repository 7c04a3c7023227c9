package view

import (
	"encoding/json"
	"time"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/plan"
)

// planFormatVersion is the version of Terraform's plan JSON that show -json speaks.
const planFormatVersion = "1.2"

// planJSON renders a plan in Terraform's plan JSON, so that tools made for it read
// ours. What only kmsplan knows stands under the key "kmsplan", which those tools ignore.
func planJSON(p *plan.Plan, version string) map[string]any {
	changes := []any{}
	for _, c := range p.Changes {
		changes = append(changes, resourceChangeJSON(c))
	}
	drift := []any{}
	for _, d := range p.Drift {
		actions := []string{"update"}
		if d.Gone {
			actions = []string{"delete"}
		}
		entry := resourceJSON(d.Addr)
		before, after, unknown := diffObjects(d.Diff)
		entry["change"] = map[string]any{"actions": actions, "before": before, "after": after, "after_unknown": unknown}
		drift = append(drift, entry)
	}
	return map[string]any{
		"format_version": planFormatVersion, "terraform_version": version, "timestamp": p.Created.UTC().Format(time.RFC3339),
		"resource_changes": changes, "resource_drift": drift, "output_changes": outputChangesJSON(p.Outputs),
		"complete": len(p.Refusals) == 0, "errored": len(p.Refusals) > 0, "applyable": !p.Empty() && len(p.Refusals) == 0,
		"planned_values": map[string]any{},
		"kmsplan": map[string]any{
			"version": p.Writer, "lineage": p.Lineage, "serial": p.Serial,
			"refusals": refusalsJSON(p.Refusals), "files": filesJSON(p.Files), "dying_keys": dyingJSON(p.Dying), "warnings": warningsJSON(p.Warnings),
		},
	}
}

// resourceJSON names an object the way Terraform's JSON does.
func resourceJSON(a addr.Address) map[string]any {
	mode := "managed"
	if a.Data {
		mode = "data"
	}
	out := map[string]any{"address": a.String(), "mode": mode, "type": a.Kind, "name": a.Name, "provider_name": "kmsplan"}
	if a.Key != "" {
		var index any
		if json.Unmarshal([]byte(a.Key), &index) == nil {
			if list, ok := index.([]any); ok && len(list) == 1 {
				out["index"] = list[0]
			}
		}
	}
	return out
}

func resourceChangeJSON(c plan.Change) map[string]any {
	entry := resourceJSON(c.Addr)
	if c.MovedFrom.Kind != "" {
		entry["previous_address"] = c.MovedFrom.String()
	}
	before, after, unknown := diffObjects(c.Diff)
	change := map[string]any{"actions": terraformActions(c.Action), "before": before, "after": after, "after_unknown": unknown}
	if c.Action == plan.Create || c.Action == plan.Succeed {
		change["before"] = nil
	}
	if c.Action == plan.Delete {
		change["after"] = nil
	}
	if c.Action == plan.Adopt {
		change["importing"] = map[string]any{"id": c.ID}
	}
	entry["change"] = change
	entry["kmsplan"] = changeJSON(c)
	return entry
}

// terraformActions maps our actions to Terraform's: what only kmsplan has is an update
// that keeps the object, and a retirement is a deletion.
func terraformActions(a plan.Action) []string {
	switch a {
	case plan.Create:
		return []string{"create"}
	case plan.Update, plan.Rescue, plan.Succeed:
		return []string{"update"}
	case plan.Delete, plan.Retire:
		return []string{"delete"}
	case plan.Forget:
		return []string{"forget"}
	case plan.Read:
		return []string{"read"}
	}
	return []string{"no-op"}
}

// actionWord is the stable name of an action in JSON.
func actionWord(a plan.Action) string {
	switch a {
	case plan.Create:
		return "create"
	case plan.Update:
		return "update"
	case plan.Adopt:
		return "import"
	case plan.Rescue:
		return "rescue"
	case plan.Succeed:
		return "succeed"
	case plan.Retire:
		return "retire"
	case plan.Delete:
		return "delete"
	case plan.Forget:
		return "forget"
	case plan.Read:
		return "read"
	}
	return "no-op"
}

// changeJSON is kmsplan's own account of one change.
func changeJSON(c plan.Change) map[string]any {
	out := map[string]any{"resource": resourceJSON(c.Addr), "action": actionWord(c.Action), "calls": c.Calls}
	if c.ID != "" {
		out["id"] = c.ID
	}
	if c.Reason != "" {
		out["reason"] = c.Reason
	}
	names := []string{}
	for _, d := range c.Diff {
		names = append(names, d.Name)
	}
	out["attributes"] = names
	return out
}

// diffObjects splits differences into before, after and after_unknown objects.
func diffObjects(diff []plan.AttrDiff) (before, after, unknown map[string]any) {
	before, after, unknown = map[string]any{}, map[string]any{}, map[string]any{}
	for _, d := range diff {
		if d.WriteOnly {
			continue
		}
		before[d.Name] = valueJSON(d.Before)
		if d.After != cty.NilVal && !d.After.IsWhollyKnown() {
			unknown[d.Name] = true
			continue
		}
		after[d.Name] = valueJSON(d.After)
	}
	return before, after, unknown
}

// valueJSON renders a value; marked ones never leave.
func valueJSON(v cty.Value) any {
	if v == cty.NilVal || !v.IsWhollyKnown() || v.ContainsMarked() {
		return nil
	}
	b, err := ctyjson.Marshal(v, v.Type())
	if err != nil {
		return nil
	}
	return json.RawMessage(b)
}

func outputChangesJSON(outputs []plan.OutputChange) map[string]any {
	out := map[string]any{}
	for _, o := range outputs {
		action := "update"
		switch {
		case absent(o.Before):
			action = "create"
		case absent(o.After):
			action = "delete"
		}
		out[o.Name] = map[string]any{
			"actions": []string{action}, "before": valueJSON(o.Before), "after": valueJSON(o.After),
			"after_unknown": o.After != cty.NilVal && !o.After.IsWhollyKnown(),
		}
	}
	return out
}

func refusalJSON(f plan.Refusal) map[string]any {
	return map[string]any{"guard": f.Guard, "addr": addressOrEmpty(f.Addr), "reason": f.Reason, "ways_forward": f.WaysForward}
}

func refusalsJSON(list []plan.Refusal) []any {
	out := []any{}
	for _, f := range list {
		out = append(out, refusalJSON(f))
	}
	return out
}

func filesJSON(list []plan.FileChange) []any {
	out := []any{}
	for _, f := range list {
		out = append(out, map[string]any{"addr": f.Addr.String(), "path": f.Path, "action": actionWord(f.Action), "reason": f.Reason})
	}
	return out
}

func dyingJSON(list []plan.DyingKey) []any {
	out := []any{}
	for _, k := range list {
		out = append(out, map[string]any{"id": k.ID, "gateway": k.Gateway, "addr": addressOrEmpty(k.Addr), "delete_at": timeJSON(k.DeleteAt)})
	}
	return out
}

func warningsJSON(list []plan.Warning) []any {
	out := []any{}
	for _, w := range list {
		out = append(out, map[string]any{"addr": addressOrEmpty(w.Addr), "summary": w.Summary, "detail": w.Detail})
	}
	return out
}

func addressOrEmpty(a addr.Address) string {
	if a.Kind == "" {
		return ""
	}
	return a.String()
}

func timeJSON(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}
