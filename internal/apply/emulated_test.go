package apply_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/apply"
	"kmsplan.dev/kmsplan/internal/emulator"
	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/public"
	"kmsplan.dev/kmsplan/internal/kms/transport"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/resource"
	"kmsplan.dev/kmsplan/internal/state/failpoint"
	"kmsplan.dev/kmsplan/internal/state/local"
)

// readyName marks a directory whose stack lives in a running emulator, with the
// real planner and the real handlers.
const readyName = "ready.json"

// emulated is a stack in an emulator.
type emulated struct {
	work    apply.Work
	store   *local.Store
	manager kms.Manager
}

func openEmulated(dir string, hook failpoint.Hook, ahead time.Duration) (*emulated, error) {
	data, err := os.ReadFile(filepath.Join(dir, readyName))
	if err != nil {
		return nil, err
	}
	var ready emulator.Ready
	if err := json.Unmarshal(data, &ready); err != nil {
		return nil, err
	}
	ca, err := transport.ReadCA(ready.CAFile, time.Now())
	if err != nil {
		return nil, err
	}
	manager, err := public.New(public.Config{
		Connection:  transport.Connection{Endpoint: ready.Public.HTTPS, CA: ca, Timeout: time.Minute},
		Region:      ready.Region,
		Credentials: kms.StaticCredentials(ready.AccessKeyID, kms.NewSecret(ready.AccessKeySecret), kms.Secret{}),
	})
	if err != nil {
		return nil, err
	}
	cfg, diags := hcl.Load(hcl.Inputs{Dir: dir, Env: []string{"KMSPLAN_VAR_password=" + canary}})
	if diags.HasErrors() {
		return nil, diags
	}
	store, err := local.Open(filepath.Join(dir, "s.json"), local.Options{Fail: hook})
	if err != nil {
		return nil, err
	}
	return &emulated{store: store, manager: manager, work: apply.Work{
		Config: cfg, Store: store, Handlers: resource.For, Writer: "test", Failpoint: hook,
		Gateways: map[string]resource.GatewayClients{"dev": {Gateway: cfg.Gateways[0], Manager: manager, InstanceID: ready.Instance.ID}},
		Now:      func() time.Time { return time.Now().Add(ahead) },
	}}, nil
}

func (e *emulated) plan(ctx context.Context) (*plan.Plan, error) {
	found, err := apply.Recover(ctx, e.work)
	if err != nil {
		return nil, err
	}
	if e.work.Live, err = resource.Snapshot(ctx, e.work.Gateways, e.work.Config, found.State); err != nil {
		return nil, err
	}
	p, diags := plan.Calculate(plan.Input{Config: e.work.Config, State: found.State, Live: e.work.Live, Now: e.work.Now(), Writer: "test"})
	if diags.HasErrors() {
		return nil, diags
	}
	return p, nil
}

func (e *emulated) apply(ctx context.Context) error {
	p, err := e.plan(ctx)
	if err != nil {
		return err
	}
	_, err = apply.Run(ctx, apply.Input{Work: e.work, Plan: p, Parallelism: 2})
	return err
}

// checkNothingLost compares state with the keys that carry its lineage.
func (e *emulated) checkNothingLost(t *testing.T) {
	t.Helper()
	st, _, err := e.store.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	tagged, err := e.manager.ListTagResources(t.Context(), kms.KindKey, kms.TagQuery{Tags: map[string]string{plan.TagOwner: st.Lineage}})
	if err != nil {
		t.Fatal(err)
	}
	keys := 0
	for _, r := range st.Resources {
		if r.Kind != "key" {
			continue
		}
		keys++
		if _, ok := tagged[r.ID]; !ok {
			t.Errorf("%s is %s in state, and no such key is ours", r.Address, r.ID)
		}
	}
	if keys != 2 || len(tagged) != 2 {
		t.Errorf("state has %d keys, the service has %d of this stack: %v", keys, len(tagged), tagged)
	}
}

const emulatedStack = `
gateway "dev" {
  region = "cn-hangzhou"
  emulator {}
}
variable "password" {
  type      = string
  sensitive = true
}
key "a" {
  description         = "first"
  deletion_protection = true
}
key "b" { description = "second" }
alias "a" {
  name = "alias/run-%[1]d"
  key  = key.a.id
}
secret "s" {
  name           = "run-%[1]d"
  value          = var.password
  encryption_key = key.b.id
}`

// every is the stride of the sweep over crash points; the executor's own points are all
// covered by TestACrashAtAnyPointLosesNothing.
const every = 7

func TestACrashWithTheRealHandlersLosesNothing(t *testing.T) {
	server := emulatortest.New(t)
	ready, err := json.Marshal(server.Ready())
	if err != nil {
		t.Fatal(err)
	}
	runs := 0
	for n := 4; ; n += every {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, readyName), ready, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "main.kms.hcl"), fmt.Appendf(nil, emulatedStack, n), 0o600); err != nil {
			t.Fatal(err)
		}
		died := crash(t, dir, fmt.Sprintf("*:%d", n))
		// An hour later no request of the dead run can arrive any more.
		e, err := openEmulated(dir, nil, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		if err := e.apply(t.Context()); err != nil {
			t.Fatalf("after a crash at point %d: %v", n, err)
		}
		e.checkNothingLost(t)
		if p, err := e.plan(t.Context()); err != nil || !p.Empty() {
			t.Errorf("another plan: %+v, %v", p, err)
		}
		if t.Failed() {
			t.Fatalf("after a crash at point %d", n)
		}
		if !died {
			break
		}
		runs++
	}
	if runs < 5 {
		t.Errorf("only %d runs died", runs)
	}
}
