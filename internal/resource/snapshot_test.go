package resource_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"kmsplan.dev/kmsplan/internal/emulator"
	"kmsplan.dev/kmsplan/internal/emulator/engine"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/resource"
	"kmsplan.dev/kmsplan/internal/state"
)

// Bad credentials are an error, although the service answers 404: nothing is
// absent because of them.
func TestFailuresNeverLookLikeAbsence(t *testing.T) {
	ctx := context.Background()
	src := `key "k" {}`
	for name, breakIt := range map[string]func(r *rig){
		"wrong secret": func(r *rig) { r.manager = r.client("wrong") },
		"no connection": func(r *rig) {
			r.manager = r.client(r.server.Ready().AccessKeySecret)
			r.fault("DescribeKey:drop-before:1")
		},
		"unknown key id":   func(r *rig) { r.fault("DescribeKey:reject=InvalidAccessKeyId.NotFound:1") },
		"lists and denies": func(r *rig) { r.fault("DescribeKey:reject=Forbidden.KeyNotFound:1") },
		"tags fail":        func(r *rig) { r.fault("ListTagResources:reject:1") },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.apply(src)
			cfg, st := r.config(src), r.state()
			breakIt(r)
			live, err := resource.Snapshot(ctx, r.gateways(cfg), cfg, st)
			if err == nil {
				t.Errorf("no error; live: %+v", live.Gateways["dev"].Objects)
			}
		})
	}
}

// What the service says is gone is gone.
func TestGoneMeansGone(t *testing.T) {
	ctx := context.Background()
	r := newRig(t)
	r.apply(`key "k" {}`)
	id := r.id("key.k")
	r.must(r.manager.ScheduleKeyDeletion(ctx, id, 7))
	r.advance("8d")
	_, live, p, _ := r.plan(`key "k" {}`)
	if live.Gateways["dev"].Objects["key"][id] != nil || len(p.Refusals) != 1 || p.Refusals[0].Guard != plan.GuardKeyLost {
		t.Errorf("refusals: %+v", p.Refusals)
	}
}

// The region's dying keys are seen, managed or not.
func TestDyingKeysAreReported(t *testing.T) {
	ctx := context.Background()
	r := newRig(t)
	r.apply(`key "k" {}`)
	other, err := r.manager.CreateKey(ctx, kms.CreateKeyInput{})
	r.must(err)
	r.must(r.manager.ScheduleKeyDeletion(ctx, other.ID, 9))
	r.must(r.manager.ScheduleKeyDeletion(ctx, r.id("key.k"), 7))
	_, _, p, _ := r.plan(`key "k" {}`)
	if len(p.Dying) != 2 || p.Dying[0].Addr.String() != "key.k" || p.Dying[1].ID != other.ID || p.Dying[1].DeleteAt.IsZero() {
		t.Errorf("dying: %+v", p.Dying)
	}
}

// 1,000 keys with 1,000 aliases: at most 1,045 calls for a plan without changes
// (DESIGN §11).
func TestCallBudget(t *testing.T) {
	if testing.Short() {
		t.Skip("makes a thousand keys")
	}
	ctx := context.Background()
	r := newRig(t, func(o *emulator.Options) {
		o.QuotaFigures = engine.Quotas{DefaultKeys: 2000, Aliases: 2000, DefaultVersions: 10000}
	})
	const n = 1000
	var names strings.Builder
	lineage := r.state().Lineage
	var g errgroup.Group
	g.SetLimit(8)
	for i := range n {
		name := fmt.Sprintf("app-%04d", i)
		fmt.Fprintf(&names, "%q,", name)
		g.Go(func() error {
			k, err := r.manager.CreateKey(ctx, kms.CreateKeyInput{Tags: map[string]string{
				plan.TagOwner: lineage, plan.TagAddress: "key.app=5B=22" + name + "=22=5D", plan.TagIntent: name, "app": name}})
			if err != nil {
				return err
			}
			return r.manager.CreateAlias(ctx, "alias/"+name, k.ID)
		})
	}
	r.must(g.Wait())
	src := "locals {\n  names = toset([" + names.String() + "])\n}\n" + `
key "app" {
  for_each = local.names
  tags     = { app = each.key }
}
alias "app" {
  for_each = local.names
  name     = "alias/${each.key}"
  key      = key.app[each.key].id
}
`
	cfg := r.config(src)
	live, err := resource.Snapshot(ctx, r.gateways(cfg), cfg, withLineage(r, lineage))
	r.must(err)
	st := withLineage(r, lineage)
	for _, o := range live.Gateways["dev"].Objects["key"] {
		address := strings.NewReplacer("=5B=22", `["`, "=22=5D", `"]`).Replace(o.Tags[plan.TagAddress])
		st.Resources = append(st.Resources, resourceOf(address, "key", o))
	}
	for name := range live.Gateways["dev"].Aliases {
		address := fmt.Sprintf("alias.app[%q]", strings.TrimPrefix(name, "alias/"))
		st.Resources = append(st.Resources, resourceOf(address, "alias", live.Gateways["dev"].Objects["alias"][name]))
	}
	for how, most := range map[plan.Reading]int{plan.ReadFull: 1045, plan.ReadList: 60, plan.ReadNothing: 0} {
		before := total(r)
		live, err = resource.SnapshotAs(ctx, how, r.gateways(cfg), cfg, st)
		r.must(err)
		calls := total(r) - before
		p, diags := plan.Calculate(plan.Input{Config: cfg, State: st, Live: live, Now: r.now, Reading: how})
		if diags.HasErrors() || !p.Empty() || len(p.Drift) > 0 {
			t.Fatalf("-refresh=%s: %v %+v, drift %v", how, diags.Errs(), p.Summary(), p.Drift)
		}
		t.Logf("-refresh=%s: %d calls", how, calls)
		if calls > most {
			t.Errorf("-refresh=%s: %d calls", how, calls)
		}
	}
}

func total(r *rig) int { n, _ := r.server.Calls().Total(); return int(n) }

func withLineage(r *rig, lineage string) state.State {
	st := r.state()
	st.Lineage = lineage
	return st
}

func resourceOf(address, kind string, o *plan.Object) state.Resource {
	attrs := map[string]any{}
	for name, v := range o.Attrs {
		attrs[name] = plan.ToState(v)
	}
	return state.Resource{Address: address, Kind: kind, Gateway: "dev", ID: o.ID, Attributes: attrs, Protected: kind == "key"}
}

// Case P6. A gateway's answer may agree with itself and still be about a key of another account or region:
// the ARN that state has of the key decides.
func TestAKeyIsHeldToTheARNThatStateHas(t *testing.T) {
	ctx := context.Background()
	src := `key "k" {}`
	r := newRig(t)
	r.apply(src)
	cfg, st := r.config(src), r.state()
	arn := st.Resources[0].Attributes["arn"].(string)
	st.Resources[0].Attributes["arn"] = strings.Replace(arn, "cn-hangzhou", "cn-beijing", 1)
	var other *resource.OtherARNError
	if _, err := resource.Snapshot(ctx, r.gateways(cfg), cfg, st); !errors.As(err, &other) || other.Answered != arn {
		t.Errorf("%v", err)
	}
	st.Resources[0].Attributes["arn"] = arn
	if _, err := resource.Snapshot(ctx, r.gateways(cfg), cfg, st); err != nil {
		t.Error(err)
	}
}
