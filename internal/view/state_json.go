package view

import (
	"encoding/json"

	ctyjson "github.com/zclconf/go-cty/cty/json"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// stateFormatVersion is the version of Terraform's state JSON that show -json speaks.
const stateFormatVersion = "1.0"

// stateJSON renders a state in Terraform's state JSON. The state as it is stored, which knows more, stands under the key
// "kmsplan"; what conditions say of it, under "checks".
func stateJSON(st state.State, checks []plan.Checked, version string) map[string]any {
	objects := newModules()
	for i := range st.Resources {
		if r := &st.Resources[i]; r.Address != "" {
			objects.recorded(r)
		}
	}
	outputs := map[string]any{}
	for name, v := range st.Outputs {
		outputs[name] = recordedOutputJSON(v)
	}
	return map[string]any{
		"format_version": stateFormatVersion, "terraform_version": version, "kmsplan": st,
		"checks": checksJSON(checks),
		"values": map[string]any{"outputs": outputs, "root_module": objects.json()},
	}
}

// recorded adds an object as the state remembers it. One whose address this version cannot read stands in the root module.
func (m modules) recorded(r *state.Resource) {
	a, err := addr.Parse(r.Address)
	if err != nil {
		a = addr.Address{Kind: r.Kind, Name: r.Address}
	}
	values, sensitive := map[string]any{}, map[string]any{}
	for name, v := range r.Attributes {
		values[name] = v
	}
	if values["id"] == nil {
		values["id"] = r.ID
	}
	for name := range r.Fingerprints {
		sensitive[name] = true
	}
	m.add(a, values, sensitive)
	list := m[a.Module]
	entry := list[len(list)-1].(map[string]any)
	entry["address"], entry["kmsplan"] = r.Address, map[string]any{"gateway": r.Gateway, "protected": r.Protected}
	if len(r.DependsOn) > 0 {
		entry["depends_on"] = r.DependsOn
	}
}

// recordedOutputJSON is an output with the type that its value shows.
func recordedOutputJSON(v any) map[string]any {
	out := map[string]any{"sensitive": false, "value": v}
	if text, err := json.Marshal(v); err == nil {
		if ty, err := ctyjson.ImpliedType(text); err == nil {
			if name, err := ctyjson.MarshalType(ty); err == nil {
				out["type"] = json.RawMessage(name)
			}
		}
	}
	return out
}
