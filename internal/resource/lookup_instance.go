package resource

import (
	"context"
	"fmt"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/plan"
)

// instance reads the named KMS instance, the gateway's, or the only one of the region.
func (l *looking) instance(ctx context.Context) (map[string]cty.Value, error) {
	id, err := l.instanceNamed(ctx)
	if err != nil {
		return nil, err
	}
	in, err := l.Manager.GetKmsInstance(ctx, id)
	if kms.HasCode(err, "Forbidden.DKMSInstanceNotFound") {
		err = nil
	} else if err == nil {
		return instanceFacts(in), nil
	}
	return nil, l.nothing(err, "id", "There is no KMS instance %s in the account and region of gateway %q.", id, l.Gateway.Name)
}

func instanceFacts(in kms.Instance) map[string]cty.Value {
	bound := kind.Lookup("instance", true).Attribute("bound_vpcs").Type.ElementType()
	vpcs := cty.ListValEmpty(bound)
	if len(in.BindVPCs) > 0 {
		vpcs = cty.ListVal(boundVPCs(in.BindVPCs))
	}
	return map[string]cty.Value{
		"id": str(in.ID), "name": cty.StringVal(in.Name), "status": str(in.Status), "ca_chain": str(in.CAChainPEM),
		"key_quota": cty.NumberIntVal(in.KeyNum), "secret_quota": str(in.SecretNum), "access_quota": cty.NumberIntVal(in.VPCNum), "performance": cty.NumberIntVal(in.Spec),
		"vpc": str(in.VPCID), "vswitches": list(parts(in.VSwitchIDs)), "zones": list(parts(in.ZoneIDs)), "bound_vpcs": vpcs,
		"created": date(in.Created), "starts": date(in.Start), "expires": date(in.End),
	}
}

func (l *looking) instanceNamed(ctx context.Context) (string, error) {
	if id := l.text("id"); id != "" {
		return id, nil
	}
	if l.InstanceID != "" {
		return l.InstanceID, nil
	}
	all, err := l.Manager.ListKmsInstances(ctx)
	switch {
	case err != nil:
		return "", err
	case len(all) == 0:
		return "", &plan.NothingFound{What: fmt.Sprintf("The account and region of gateway %q have no KMS instance.", l.Gateway.Name)}
	case len(all) > 1:
		return "", &plan.NothingFound{What: fmt.Sprintf("The account and region of gateway %q have %d KMS instances; name one with id.", l.Gateway.Name, len(all))}
	}
	return all[0].ID, nil
}

func boundVPCs(list []kms.BindVPC) []cty.Value {
	out := make([]cty.Value, len(list))
	for i, v := range list {
		out[i] = cty.ObjectVal(map[string]cty.Value{"region": str(v.RegionID), "vpc": str(v.VPCID), "vswitch": str(v.VSwitchID), "owner": str(v.OwnerID)})
	}
	return out
}

// parts are the elements of a list that the service gives as one text: separated by commas, or JSON.
func parts(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(`[]", `, r) })
}
