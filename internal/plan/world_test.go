package plan_test

import (
	"encoding/base64"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"golang.org/x/crypto/argon2"

	"kmsplan.dev/kmsplan/internal/addr"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/kind"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/state"
)

// world is a model of one region with its state: it says what the calls of a
// plan do, so that planning can be tested as a loop without a service.
type world struct {
	t     testing.TB
	now   time.Time
	live  *plan.LiveGateway
	state state.State
	next  int

	sealed    []plan.Sealed
	materials map[addr.Address]plan.Material
}

const account = "123456789"

func newWorld(t testing.TB) *world {
	return &world{
		t: t, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
		live: &plan.LiveGateway{
			AccountID: account, InstanceID: "kst-hzz65f176a0ogplgq0001",
			Objects: map[string]map[string]*plan.Object{plan.KindKey: {}, plan.KindAlias: {}, plan.KindSecret: {}},
			Aliases: map[string]string{}, Secrets: map[string]time.Time{},
			ByIntent: map[string]string{}, Owned: map[string][]string{},
		},
		state: state.State{Version: state.FormatVersion, Lineage: "lineage-1", Outputs: map[string]any{}},
	}
}

const gateway = `
gateway "dev" {
  region = "cn-hangzhou"
  public {}
  instance {
    id      = "kst-hzz65f176a0ogplgq0001"
    ca_file = "ca.pem"
  }
}
`

// config loads a module of one file, with the gateway every test has.
func config(t testing.TB, src string) *hcl.Config {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.kms.hcl"), []byte(gateway+src), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, diags := hcl.Load(hcl.Inputs{Dir: dir})
	fatalErrors(t, diags)
	return cfg
}

func (w *world) input(cfg *hcl.Config) plan.Input {
	w.live.Claims = nil
	for _, kind := range []string{plan.KindKey, plan.KindSecret} {
		for _, id := range slices.Sorted(maps.Keys(w.live.Objects[kind])) {
			if tags := w.live.Objects[kind][id].Tags; tags[plan.TagOwner] != "" {
				w.live.Claims = append(w.live.Claims, plan.Claim{Kind: kind, ID: id, Owner: tags[plan.TagOwner], Address: tags[plan.TagAddress], Intent: tags[plan.TagIntent]})
			}
		}
	}
	return plan.Input{
		Config: cfg, State: w.state, Now: w.now, Writer: "test", Sealed: w.sealed, Materials: w.materials,
		Live: plan.Live{Gateways: map[string]*plan.LiveGateway{"dev": w.live}},
	}
}

// fatalErrors ends the test with every error among the diagnostics.
func fatalErrors(t testing.TB, diags hclv2.Diagnostics) {
	t.Helper()
	for _, d := range diags {
		if d.Severity == hclv2.DiagError {
			t.Error(d)
		}
	}
	if diags.HasErrors() {
		t.FailNow()
	}
}

// plan plans, and fails the test on diagnostics.
func (w *world) plan(cfg *hcl.Config) *plan.Plan {
	w.t.Helper()
	p, diags := plan.Calculate(w.input(cfg))
	fatalErrors(w.t, diags)
	return p
}

// apply plans and carries the plan out, which must not be refused.
func (w *world) apply(src string) *plan.Plan {
	w.t.Helper()
	cfg := config(w.t, src)
	p := w.plan(cfg)
	if p.Refused() {
		w.t.Fatalf("refused: %+v", p.Refusals)
	}
	w.carryOut(cfg, p)
	return p
}

// objects are what expressions see while the model applies a plan.
func (w *world) objects(cfg *hcl.Config) *hcl.ObjectMap {
	return plan.Remember(cfg, w.state, plan.Live{Gateways: map[string]*plan.LiveGateway{"dev": w.live}})
}

// carryOut does what apply does: changes in the order of their dependencies.
func (w *world) carryOut(cfg *hcl.Config, p *plan.Plan) {
	w.t.Helper()
	done := map[addr.Address]bool{}
	inPlan := map[addr.Address]bool{}
	for _, c := range p.Changes {
		inPlan[c.Addr] = true
	}
	for range p.Changes {
		progressed := false
		for _, c := range p.Changes {
			ready := !done[c.Addr] && !slices.ContainsFunc(c.DependsOn, func(a addr.Address) bool { return inPlan[a] && !done[a] })
			if ready {
				w.carryOutChange(cfg, c)
				done[c.Addr], progressed = true, true
			}
		}
		if !progressed {
			break
		}
	}
	if len(done) != len(p.Changes) {
		w.t.Fatalf("the plan's dependencies are a cycle: %d of %d changes done", len(done), len(p.Changes))
	}
	for _, out := range cfg.Outputs {
		v, diags := cfg.OutputValue(out.Name, w.objects(cfg))
		if diags.HasErrors() {
			w.t.Fatal(diags)
		}
		w.state.Outputs[out.Name] = plan.ToState(v)
	}
	for _, o := range p.Outputs {
		if !slices.ContainsFunc(cfg.Outputs, func(d *hcl.Output) bool { return d.Name == o.Name }) {
			delete(w.state.Outputs, o.Name)
		}
	}
	w.state.Serial++
}

func (w *world) carryOutChange(cfg *hcl.Config, c plan.Change) {
	var body hcl.Body
	if cfg.Block(c.Addr.Block()) != nil && c.Action != plan.Delete && c.Action != plan.Retire && c.Action != plan.Forget {
		var diags hclv2.Diagnostics
		body, diags = cfg.Body(c.Addr, w.objects(cfg))
		if diags.HasErrors() {
			w.t.Fatal(diags)
		}
	}
	if id := c.Addr.PredecessorID(); id != "" {
		w.carryOutPredecessor(c, id)
		return
	}
	prior := w.resource(c.Addr)
	if c.MovedFrom.Kind != "" {
		prior = w.resource(c.MovedFrom)
		w.forget(c.MovedFrom)
	}
	if c.Action == plan.NoOp && (prior == nil || body.Attrs == nil) {
		return
	}
	r := state.Resource{Address: c.Addr.String(), Kind: c.Kind, Gateway: c.Gateway, ID: c.ID, Protected: c.Protected, Attributes: map[string]any{}}
	if prior != nil {
		r = *prior
		r.Address, r.Attributes = c.Addr.String(), maps.Clone(prior.Attributes)
		r.Protected = c.Protected
	}
	for _, d := range c.DependsOn {
		r.DependsOn = append(r.DependsOn, d.String())
	}
	keep := w.call(c, body, &r)
	if c.Action == plan.Succeed {
		r = prior.SucceededBy(r, w.now)
	}
	for _, id := range c.Succeeds {
		if c.Action == plan.Adopt {
			r.Predecessors = append(r.Predecessors, state.Predecessor{ID: id})
		}
	}
	w.forget(c.Addr)
	if keep {
		w.state.Resources = append(w.state.Resources, r)
	}
}

// call makes the change's calls on the model and says whether state keeps it.
func (w *world) call(c plan.Change, body hcl.Body, r *state.Resource) bool {
	switch c.Action {
	case plan.Forget:
		return false
	case plan.Delete:
		delete(w.live.Aliases, c.ID)
		delete(w.live.Objects[plan.KindAlias], c.ID)
		if k := kind.Lookup(c.Kind, false); k.CreatedBy != "" {
			delete(w.live.Objects[c.Kind], c.ID)
		}
		if o := w.live.Objects[plan.KindSecret][c.ID]; o != nil {
			o.DeleteAt = w.now.Add(30 * 24 * time.Hour)
			w.live.Secrets[c.ID] = o.DeleteAt
		}
		return false
	}
	switch c.Kind {
	case plan.KindKey:
		w.callKey(c, body, r)
	case plan.KindAlias:
		w.callAlias(c, body, r)
	case plan.KindRotation:
		w.callRotation(c, body, r)
	case plan.KindSecret:
		w.callSecret(c, body, r)
	default:
		w.callNamed(c, body, r)
	}
	return true
}

func (w *world) id(prefix string) string { w.next++; return fmt.Sprintf("%s-%04d", prefix, w.next) }

func plain(v cty.Value) cty.Value { v, _ = v.UnmarkDeep(); return v }

func (w *world) callKey(c plan.Change, body hcl.Body, r *state.Resource) {
	o := w.live.Objects[plan.KindKey][c.ID]
	for _, op := range c.Calls {
		switch op {
		case "CreateKey":
			o = w.newKey()
			o.Tags = plan.OwnerTags(w.state.Lineage, c.Addr, "intent-"+o.ID)
			w.set(o, body, "description", "spec", "usage", "origin", "protection_level", "tags")
			if plain(o.Attrs["origin"]).AsString() == kind.OriginExternal {
				w.setState(o, plan.StatePendingImport)
			}
			if v, ok := body.Attrs["instance"]; ok {
				o.Attrs["instance"] = v
			}
		case "UpdateKeyDescription":
			w.set(o, body, "description")
		case "TagResources", "UntagResources":
			w.set(o, body, "tags")
			w.retag(o, c)
		case "SetDeletionProtection":
			w.set(o, body, "deletion_protection", "deletion_protection_description")
			if c.Action == plan.Retire {
				o.Attrs["deletion_protection"] = cty.False
			}
		case "GetParametersForImport":
		case "ImportKeyMaterial":
			w.importMaterial(o, body)
		case "SetKeyPolicy":
			w.set(o, body, "policy")
		case "EnableKey", "CancelKeyDeletion":
			w.setState(o, plan.StateEnabled)
		case "DisableKey":
			w.setState(o, plan.StateDisabled)
		case "ScheduleKeyDeletion":
			w.setState(o, plan.StatePendingDeletion)
		default:
			w.t.Fatalf("unknown call %s", op)
		}
	}
	r.ID, r.Retire, r.RetiredAt = o.ID, "", time.Time{}
	if c.Action == plan.Retire {
		r.Retire, r.RetiredAt = plan.RetireDisabled, w.now
		if o.Dying() {
			r.Retire = plan.RetireScheduled
		}
	}
	w.remember(r, o)
}

// retag writes kmsplan's own tags, as TagResources does when an object moves or is taken over.
func (w *world) retag(o *plan.Object, c plan.Change) {
	if o.Tags[plan.TagOwner] == "" {
		return
	}
	o.Tags = maps.Clone(o.Tags)
	o.Tags[plan.TagAddress] = plan.AddressTag(c.Addr)
	if c.TakenFrom != "" {
		o.Tags[plan.TagOwner] = w.state.Lineage
	}
}

func (w *world) newKey() *plan.Object {
	id := w.id("key")
	null := cty.NullVal(cty.String)
	o := &plan.Object{Kind: plan.KindKey, ID: id, Created: w.now, Attrs: map[string]cty.Value{
		"description": cty.StringVal(""), "spec": cty.StringVal("Aliyun_AES_256"), "usage": cty.StringVal("ENCRYPT/DECRYPT"),
		"origin": cty.StringVal("Aliyun_KMS"), "protection_level": cty.StringVal("SOFTWARE"), "instance": cty.StringVal(w.live.InstanceID),
		"deletion_protection": cty.False, "deletion_protection_description": cty.StringVal(""), "tags": cty.MapValEmpty(cty.String),
		"policy": kind.Lookup(plan.KindKey, false).ServiceDefault("policy", account), "id": cty.StringVal(id),
		"arn":                cty.StringVal("acs:kms:cn-hangzhou:" + account + ":key/" + id),
		"automatic_rotation": cty.StringVal("Disabled"), "rotation_interval": null, "primary_version": cty.StringVal("v1"),
	}}
	w.live.Objects[plan.KindKey][id] = o
	w.setState(o, plan.StateEnabled)
	return o
}

func (w *world) setState(o *plan.Object, s string) {
	was := o.State
	o.State, o.DeleteAt = s, time.Time{}
	o.Attrs["state"] = cty.StringVal(s)
	o.Attrs["enabled"] = cty.NullVal(cty.Bool)
	switch s {
	case plan.StateEnabled:
		o.Attrs["enabled"] = cty.True
	case plan.StateDisabled:
		o.Attrs["enabled"] = cty.False
	case plan.StatePendingDeletion:
		o.DeleteAt = w.now.Add(30 * 24 * time.Hour)
	}
	if was != plan.StatePendingDeletion && s != plan.StatePendingDeletion {
		return
	}
	w.live.Dying = nil
	for _, id := range slices.Sorted(maps.Keys(w.live.Objects[plan.KindKey])) {
		if k := w.live.Objects[plan.KindKey][id]; k.Dying() {
			w.live.Dying = append(w.live.Dying, plan.DyingKey{ID: id, DeleteAt: k.DeleteAt})
		}
	}
}

// set copies written attributes to a live object; null is the default.
func (w *world) set(o *plan.Object, body hcl.Body, names ...string) {
	for _, name := range names {
		v, ok := body.Attrs[name]
		if !ok {
			continue
		}
		v = plain(v)
		if !v.IsWhollyKnown() {
			w.t.Fatalf("%s of %s is unknown at apply", name, o.ID)
		}
		if v.IsNull() {
			if v = kind.Lookup(o.Kind, false).ServiceDefault(name, account); v == cty.NilVal {
				continue
			}
		}
		o.Attrs[name] = v
	}
}

func (w *world) remember(r *state.Resource, o *plan.Object) {
	for name, v := range o.Attrs {
		r.Attributes[name] = plan.ToState(v)
	}
}

func (w *world) callAlias(c plan.Change, body hcl.Body, r *state.Resource) {
	name, key := plain(body.Attrs["name"]).AsString(), plain(body.Attrs["key"]).AsString()
	for _, op := range c.Calls {
		switch op {
		case "CreateAlias", "UpdateAlias":
			if w.live.Objects[plan.KindKey][key] == nil {
				w.t.Fatalf("%s: no key %s", op, key)
			}
			w.live.Aliases[name] = key
		case "DeleteAlias":
			delete(w.live.Aliases, c.ID)
			delete(w.live.Objects[plan.KindAlias], c.ID)
		}
	}
	o := &plan.Object{Kind: plan.KindAlias, ID: name, Attrs: map[string]cty.Value{
		"name": cty.StringVal(name), "key": cty.StringVal(key), "arn": cty.StringVal("arn:" + name),
	}}
	w.live.Objects[plan.KindAlias][name] = o
	r.ID = name
	w.remember(r, o)
}

func (w *world) callSecret(c plan.Change, body hcl.Body, r *state.Resource) {
	name := plain(body.Attrs["name"]).AsString()
	o := w.live.Objects[plan.KindSecret][name]
	for _, op := range c.Calls {
		switch op {
		case "CreateSecret":
			null := cty.NullVal(cty.String)
			o = &plan.Object{Kind: plan.KindSecret, ID: name, Created: w.now, Tags: plan.OwnerTags(w.state.Lineage, c.Addr, "i"), Attrs: map[string]cty.Value{
				"name": cty.StringVal(name), "type": cty.StringVal("Generic"), "encryption_key": null, "instance": cty.StringVal("kst-hzz65f176a0ogplgq0001"),
				"description": cty.StringVal(""), "tags": cty.MapValEmpty(cty.String), "arn": cty.StringVal("arn:" + name), "current_version": null,
			}}
			w.live.Objects[plan.KindSecret][name] = o
			w.set(o, body, "description", "tags", "type", "encryption_key", "instance")
			w.put(o, body, r)
		case "PutSecretValue":
			w.put(o, body, r)
		case "UpdateSecret":
			w.set(o, body, "description")
		case "TagResources", "UntagResources":
			w.set(o, body, "tags")
			w.retag(o, c)
		case "RestoreSecret":
			o.DeleteAt = time.Time{}
		default:
			w.t.Fatalf("unknown call %s", op)
		}
	}
	w.live.Secrets[name] = o.DeleteAt
	r.ID = name
	if r.Versions == nil {
		r.Versions = slices.Clone(o.Versions)
	}
	if args, ok := body.Blocks["generate"]; ok {
		r.Attributes["generate"] = plan.GenerateArguments(args)
	}
	w.remember(r, o)
}

func (w *world) put(o *plan.Object, body hcl.Body, r *state.Resource) {
	o.Current = w.id("kp")
	o.Versions = append(o.Versions, o.Current)
	if len(o.Versions) > plan.MaxSecretVersions {
		o.Versions = o.Versions[1:]
	}
	o.Attrs["current_version"] = cty.StringVal(o.Current)
	r.Versions = append(r.Versions, o.Current)
	r.Fingerprints = nil
	if v, ok := body.Attrs["value"]; ok && !plain(v).IsNull() {
		r.Fingerprints = map[string]state.Fingerprint{"value": cheap(plain(v).AsString())}
	}
}

// cheap is a fingerprint of the least cost that state accepts.
func cheap(value string) state.Fingerprint {
	salt := make([]byte, 16)
	return state.Fingerprint{
		Salt: base64.StdEncoding.EncodeToString(salt), Params: "argon2id,t=1,m=8,p=1",
		Digest: base64.StdEncoding.EncodeToString(argon2.IDKey([]byte(value), salt, 1, 8, 1, 32)),
	}
}

func (w *world) resource(a addr.Address) *state.Resource {
	for i := range w.state.Resources {
		if w.state.Resources[i].Address == a.String() {
			r := w.state.Resources[i]
			return &r
		}
	}
	return nil
}

func (w *world) forget(a addr.Address) {
	w.state.Resources = slices.DeleteFunc(w.state.Resources, func(r state.Resource) bool { return r.Address == a.String() })
}

// key returns the live key of an address.
func (w *world) key(address string) *plan.Object {
	w.t.Helper()
	a, err := addr.Parse(address)
	if err != nil {
		w.t.Fatal(err)
	}
	r := w.resource(a)
	if r == nil {
		w.t.Fatalf("%s is not in state", address)
	}
	return w.live.Objects[plan.KindKey][r.ID]
}

// own lets the owner tags be found, as a search would.
func (w *world) own(kind string, a addr.Address, id string) {
	by := plan.OwnedBy(kind, plan.AddressTag(a))
	w.live.Owned[by] = append(w.live.Owned[by], id)
	if o := w.live.Objects[kind][id]; o.Tags == nil {
		o.Tags = plan.OwnerTags(w.state.Lineage, a, "intent-"+id)
	}
}

// lines renders a plan for comparison: one line per change, diff and refusal.
func lines(p *plan.Plan) string {
	var b strings.Builder
	for _, c := range p.Changes {
		fmt.Fprintf(&b, "%s %s", c.Action.Sign(), c.Addr)
		if c.ID != "" {
			fmt.Fprintf(&b, " (%s)", c.ID)
		}
		if c.MovedFrom.Kind != "" {
			fmt.Fprintf(&b, " from %s", c.MovedFrom)
		}
		fmt.Fprintln(&b)
		if c.Reason != "" {
			fmt.Fprintf(&b, "    reason: %s\n", c.Reason)
		}
		for _, d := range c.Diff {
			if d.WriteOnly {
				fmt.Fprintf(&b, "    %s: (write-only)\n", d.Name)
				continue
			}
			fmt.Fprintf(&b, "    %s: %s → %s\n", d.Name, render(d.Before), render(d.After))
		}
		if len(c.Calls) > 0 {
			fmt.Fprintf(&b, "    calls: %s\n", strings.Join(c.Calls, ", "))
		}
		if len(c.DependsOn) > 0 {
			fmt.Fprintf(&b, "    after: %v\n", c.DependsOn)
		}
		if c.PreImage != nil {
			fmt.Fprintf(&b, "    pre-image: %s\n", c.PreImage.State)
		}
	}
	for _, r := range p.Refusals {
		fmt.Fprintf(&b, "refused %s [%s]: %s\n", r.Addr, r.Guard, r.Reason)
		for _, way := range r.WaysForward {
			fmt.Fprintf(&b, "    - %s\n", way)
		}
	}
	for _, d := range p.Drift {
		fmt.Fprintf(&b, "drift %s gone=%v", d.Addr, d.Gone)
		for _, x := range d.Diff {
			fmt.Fprintf(&b, " %s: %s → %s", x.Name, render(x.Before), render(x.After))
		}
		fmt.Fprintln(&b)
	}
	for _, d := range p.Dying {
		fmt.Fprintf(&b, "dying %s %s\n", d.ID, d.DeleteAt.Format(time.DateOnly))
	}
	for _, o := range p.Outputs {
		fmt.Fprintf(&b, "output %s: %s → %s\n", o.Name, render(o.Before), render(o.After))
	}
	for _, f := range p.Files {
		fmt.Fprintf(&b, "file %s %s %s %s\n", f.Action.Sign(), f.Addr, f.Path, f.Reason)
	}
	for _, x := range p.Warnings {
		fmt.Fprintf(&b, "warning %s: %s\n", x.Addr, x.Summary)
	}
	fmt.Fprintf(&b, "summary %+v empty=%v matches=%v\n", p.Summary(), p.Empty(), !p.Differs())
	return b.String()
}

func render(v cty.Value) string {
	switch {
	case v == cty.NilVal || v.IsKnown() && v.IsNull():
		return "null"
	case !v.IsWhollyKnown():
		return "(known after apply)"
	}
	return fmt.Sprint(plan.ToState(v))
}
