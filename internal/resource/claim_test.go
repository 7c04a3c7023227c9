package resource_test

import (
	"context"
	"testing"

	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/resource"
)

// Cases P8, P9, P10. What carries kmsplan's tags is seen whoever it belongs to: a
// key of ours that state does not know, always and in full; a key and a secret of another stack while
// something declared is not in state, in full when they stand in its place.
func TestClaimsOfTheRegion(t *testing.T) {
	ctx := context.Background()
	r := newRig(t)
	r.apply(`key "k" {}`)
	lineage := r.state().Lineage
	tagged := func(owner, address string) string {
		k, err := r.manager.CreateKey(ctx, kms.CreateKeyInput{Tags: map[string]string{
			plan.TagOwner: owner, plan.TagAddress: address, plan.TagIntent: "intent-" + address}})
		r.must(err)
		return k.ID
	}
	orphan := tagged(lineage, "key.k")
	standing, elsewhere := tagged("other", "key.new"), tagged("other", "key.elsewhere")
	_, err := r.manager.CreateSecret(ctx, kms.CreateSecretInput{Name: "theirs", VersionID: "v1", Value: kms.NewSecret("hunter22"),
		EncryptionKeyID: &orphan, Tags: map[string]string{plan.TagOwner: "other", plan.TagAddress: "secret.s"}})
	r.must(err)

	read := func(src string) (map[string]string, *plan.LiveGateway) {
		cfg := r.config(src)
		live, err := resource.Snapshot(ctx, r.gateways(cfg), cfg, r.state())
		r.must(err)
		owners := map[string]string{}
		for _, c := range live.Gateways["dev"].Claims {
			owners[c.ID] = c.Owner
		}
		return owners, live.Gateways["dev"]
	}
	before := r.calls("ListTagResources")
	owners, live := read(`key "k" {}`)
	if owners[orphan] != lineage || live.Objects[plan.KindKey][orphan] == nil || owners[standing] != "" {
		t.Errorf("with everything in state: %v", owners)
	}
	if n := r.calls("ListTagResources") - before; n != 1 {
		t.Errorf("%d calls for the tags of two keys of ours", n)
	}
	owners, live = read("key \"k\" {}\nkey \"new\" {}")
	if owners[standing] != "other" || owners[elsewhere] != "other" || owners["theirs"] != "other" {
		t.Errorf("with something not in state: %v", owners)
	}
	if live.Objects[plan.KindKey][standing] == nil || live.Objects[plan.KindKey][elsewhere] != nil {
		t.Error("of other stacks' keys the one that stands in a declared key's place is read, and no other")
	}
}
