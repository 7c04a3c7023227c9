package resource

import (
	"context"
	"encoding/base64"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// Open reads the value of a secret that an ephemeral block hands on. It is the only reading of a value there is, and is
// done during apply, for what takes it.
func Open(ctx context.Context, c GatewayClients, ask plan.Ask) plan.Answer {
	name := text(ask.Arguments["name"])
	v, err := c.Manager.GetSecretValue(ctx, kms.SecretValueQuery{Name: name})
	if err != nil {
		return plan.Answer{Err: err}
	}
	defer v.Data.Zero()
	found := map[string]cty.Value{"current_version": str(v.VersionID), "value": cty.NullVal(cty.String)}
	if v.DataType == "binary" {
		found["value_base64"] = cty.StringVal(v.Data.Reveal())
		return plan.Answer{Attributes: found}
	}
	found["value"] = cty.StringVal(v.Data.Reveal())
	found["value_base64"] = cty.StringVal(base64.StdEncoding.EncodeToString(v.Data.Bytes()))
	return plan.Answer{Attributes: found}
}

// cameFrom records which versions of other secrets the value is made of, once it was handed on.
func (w *secretWork) cameFrom(r *state.Resource) {
	from := plan.Sources(w.Body)
	switch {
	case len(from) == 0 && w.Change.Writes():
		delete(r.Attributes, plan.ValueFrom)
	case len(from) > 0 && w.Change.Writes():
		r.Attributes[plan.ValueFrom] = from
	}
}
