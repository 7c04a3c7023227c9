package view

import (
	"encoding/json"
	"maps"
	"time"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/plan"
)

// planFormatVersion is the version of Terraform's plan JSON that show -json speaks.
const planFormatVersion = "1.2"

// planJSON renders a plan in Terraform's plan JSON, so that tools made for it read
// ours. What only kmsplan knows stands under the key "kmsplan", which those tools ignore.
func planJSON(p *plan.Plan, version string) map[string]any {
	changes, prior, planned := []any{}, newModules(), newModules()
	for i := range p.Changes {
		c := &p.Changes[i]
		changes = append(changes, resourceChangeJSON(c))
		if before, sensitive := c.Before, marksJSON(c); before != nil {
			values, _ := objectJSON(before)
			prior.add(c.Addr, values, sensitive)
		}
		if c.After != cty.NilVal {
			values, _ := objectJSON(c.After.AsValueMap())
			planned.add(c.Addr, values, marksJSON(c))
		}
	}
	for i := range p.Lookups {
		switch l := &p.Lookups[i]; {
		case l.Deferred != "":
			changes = append(changes, lookupChangeJSON(l))
		case l.Value != cty.NilVal && l.Value.IsKnown() && !l.Value.IsNull():
			values, _ := objectJSON(l.Value.AsValueMap())
			prior.add(l.Addr, values, map[string]any{})
		}
	}
	before, after := outputValuesJSON(p)
	doc := map[string]any{
		"format_version": planFormatVersion, "terraform_version": version, "timestamp": p.Created.UTC().Format(time.RFC3339),
		"resource_changes": changes, "resource_drift": driftJSON(p), "output_changes": outputChangesJSON(p.Outputs), "checks": checksJSON(p.Checks),
		"complete": len(p.Refusals) == 0, "errored": len(p.Refusals) > 0 || len(p.Held()) > 0, "applyable": !p.Empty() && len(p.Refusals) == 0,
		"planned_values": map[string]any{"outputs": after, "root_module": planned.json()},
		"prior_state": map[string]any{
			"format_version": "1.0", "terraform_version": version, "values": map[string]any{"outputs": before, "root_module": prior.json()},
		},
		"kmsplan": map[string]any{
			"version": p.Writer, "workspace": p.Workspace, "refresh": p.Reading.String(), "lineage": p.Lineage, "serial": p.Serial,
			"refusals": refusalsJSON(p.Refusals), "files": filesJSON(p.Files), "moved_gateways": movedGatewaysJSON(p.MovedGateways), "batches": batchesJSON(p.Batches), "dying_keys": dyingJSON(p.Dying), "blast_radius": radiusJSON(p.Radius), "warnings": warningsJSON(p.Warnings),
		},
	}
	if p.Configuration != nil {
		doc["configuration"] = p.Configuration
	}
	return doc
}

// driftJSON is what changed outside: the object as it lives, and as it was before that.
func driftJSON(p *plan.Plan) []any {
	live := map[addr.Address]map[string]cty.Value{}
	for i := range p.Changes {
		live[p.Changes[i].Addr] = p.Changes[i].Before
	}
	out := []any{}
	for _, d := range p.Drift {
		was, is := maps.Clone(live[d.Addr]), maps.Clone(live[d.Addr])
		if is == nil {
			was, is = map[string]cty.Value{}, map[string]cty.Value{}
		}
		for _, a := range d.Diff {
			was[a.Name], is[a.Name] = a.Before, a.After
		}
		before, _ := objectJSON(was)
		after, _ := objectJSON(is)
		change := map[string]any{"actions": []string{"update"}, "before": before, "after": after}
		if d.Gone {
			change["actions"], change["after"] = []string{"delete"}, nil
		}
		entry := resourceJSON(d.Addr)
		entry["change"] = change
		out = append(out, entry)
	}
	return out
}

// resourceJSON names an object the way Terraform's JSON does.
func resourceJSON(a addr.Address) map[string]any {
	mode := "managed"
	switch {
	case a.Ephemeral:
		mode = "ephemeral"
	case a.Data:
		mode = "data"
	}
	out := map[string]any{"address": a.String(), "mode": mode, "type": a.Kind, "name": a.Name, "provider_name": "kmsplan"}
	if a.Module != "" {
		out["module_address"] = string(a.Module)
	}
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

func resourceChangeJSON(c *plan.Change) map[string]any {
	entry := resourceJSON(c.Addr)
	if c.MovedFrom.Kind != "" {
		entry["previous_address"] = c.MovedFrom.String()
	}
	change := map[string]any{
		"actions": terraformActions(c), "before": nil, "after": nil, "after_unknown": map[string]any{},
		"before_sensitive": map[string]any{}, "after_sensitive": map[string]any{},
	}
	if c.Before != nil {
		change["before"], _ = objectJSON(c.Before)
		change["before_sensitive"] = marksJSON(c)
	}
	if c.After != cty.NilVal {
		change["after"], change["after_unknown"] = objectJSON(c.After.AsValueMap())
		change["after_sensitive"] = marksJSON(c)
	}
	if c.Action == plan.Adopt {
		change["importing"] = map[string]any{"id": c.ID}
	}
	entry["change"] = change
	entry["kmsplan"] = changeJSON(c)
	return entry
}

// terraformActions maps our actions to Terraform's: what only kmsplan has is an update that keeps the object, and the
// step of a retirement that schedules the deletion is a deletion.
func terraformActions(c *plan.Change) []string {
	switch c.Action {
	case plan.Create:
		return []string{"create"}
	case plan.Update, plan.Rescue, plan.Succeed:
		return []string{"update"}
	case plan.Delete, plan.Retire:
		if !goes(*c) {
			return []string{"update"}
		}
		return []string{"delete"}
	case plan.Forget:
		return []string{"forget"}
	case plan.Read:
		return []string{"read"}
	case plan.Adopt:
		if len(c.Calls) > 0 {
			return []string{"update"}
		}
	}
	return []string{"no-op"}
}

// goes reports whether what is done takes the object away: a retirement does so with its last step.
func goes(c plan.Change) bool {
	return c.Action == plan.Delete || c.Action == plan.Retire && (c.Needs("ScheduleKeyDeletion") || c.Needs("DeleteSecret"))
}

// changeJSON is kmsplan's own account of one change.
func changeJSON(c *plan.Change) map[string]any {
	out := map[string]any{"resource": resourceJSON(c.Addr), "gateway": c.Gateway, "action": c.Action.Word(), "calls": c.Calls}
	if c.ID != "" {
		out["id"] = c.ID
	}
	if c.Reason != "" {
		out["reason"] = c.Reason
	}
	if len(c.Succeeds) > 0 {
		out["succeeds"] = c.Succeeds
	}
	if len(c.NeededBy) > 0 {
		out["needed_by"] = c.NeededBy
	}
	names := []string{}
	for _, d := range c.Diff {
		names = append(names, d.Name)
	}
	out["attributes"] = names
	return out
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
		out = append(out, fileJSON(f))
	}
	return out
}

func fileJSON(f plan.FileChange) map[string]any {
	out := map[string]any{"addr": f.Addr.String(), "path": pathText(f.Path), "action": f.Action.Word(), "reason": f.Reason}
	if f.Problem != "" {
		out["problem"] = f.Problem
	}
	if f.MovedFrom.Kind != "" {
		out["previous_address"] = f.MovedFrom.String()
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
