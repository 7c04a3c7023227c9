package resource_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/apply"
	"kmsplan.dev/kmsplan/internal/emulator"
	"kmsplan.dev/kmsplan/internal/emulator/calllog"
	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
	"kmsplan.dev/kmsplan/internal/hcl"
	"kmsplan.dev/kmsplan/internal/kms"
	"kmsplan.dev/kmsplan/internal/kms/public"
	"kmsplan.dev/kmsplan/internal/kms/transport"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/resource"
	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/local"
)

// rig is one stack against a running emulator: real TLS, real store, real
// journal, real executor.
type rig struct {
	t        testing.TB
	server   *emulator.Server
	manager  kms.Manager
	dir      string
	store    *local.Store
	lag      time.Duration // of lists
	timing   *resource.Timing
	patient  bool      // wait for answers and lists in real time
	attempts int       // of the client per call
	now      time.Time // of planning and applying; the emulator has its own clock
}

func newRig(t testing.TB, change ...func(*emulator.Options)) *rig {
	t.Helper()
	return rigOn(t, emulatortest.New(t, change...))
}

// rigOn is a new stack on an emulator that other tests used before: it starts empty.
func rigOn(t testing.TB, server *emulator.Server) *rig {
	t.Helper()
	if err := server.Control().Reset(context.Background()); err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, server: server, dir: t.TempDir(), now: time.Now()}
	r.manager = r.client(r.server.Ready().AccessKeySecret)
	store, err := local.Open(filepath.Join(r.dir, "kmsplan.state.json"), local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r.store = store
	return r
}

// client is a manager with its own credentials, which makes one attempt per call.
func (r *rig) client(secret string) kms.Manager {
	r.t.Helper()
	ready := r.server.Ready()
	ca, err := transport.ReadCA(ready.CAFile, time.Now())
	if err != nil {
		r.t.Fatal(err)
	}
	p, err := public.New(public.Config{
		Connection:  transport.Connection{Endpoint: ready.Public.HTTPS, CA: ca, Timeout: 5 * time.Second},
		Region:      ready.Region,
		Credentials: kms.StaticCredentials(ready.AccessKeyID, kms.NewSecret(secret), kms.Secret{}),
		Retry:       transport.RetryConfig{MaxAttempts: max(r.attempts, 1)},
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return p
}

func (r *rig) config(src string) *hcl.Config {
	r.t.Helper()
	dir := r.t.TempDir()
	text := "gateway \"dev\" {\n  region = \"cn-hangzhou\"\n  emulator {}\n}\n" + src
	if err := os.WriteFile(filepath.Join(dir, "main.kms.hcl"), []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
	cfg, diags := hcl.Load(hcl.Inputs{Dir: dir})
	if diags.HasErrors() {
		r.t.Fatal(diags.Errs())
	}
	return cfg
}

func (r *rig) gateways(cfg *hcl.Config) map[string]resource.GatewayClients {
	timing := resource.Timing{Send: resource.ServiceTiming.Send, Late: resource.ServiceTiming.Late, Lag: r.lag}
	if r.timing != nil {
		timing = *r.timing
	}
	return map[string]resource.GatewayClients{"dev": {Gateway: cfg.Gateways[0], Manager: r.manager,
		InstanceID: r.server.Ready().Instance.ID, Timing: timing}}
}

func (r *rig) work(cfg *hcl.Config) apply.Work {
	return apply.Work{
		Config: cfg, Store: r.store, Gateways: r.gateways(cfg),
		Handlers: func(kind string) resource.Handler { return r.handler(kind) }, Writer: "test", Now: func() time.Time { return r.now },
	}
}

func (r *rig) handler(kind string) resource.Handler {
	if r.patient {
		return resource.For(kind)
	}
	return quick{resource.For(kind)}
}

// quick searches for a lost answer without pauses.
type quick struct{ resource.Handler }

func (q quick) Apply(ctx context.Context, s *resource.Session) (*state.Resource, error) {
	s.Wait = func(context.Context, int) error { return nil }
	return q.Handler.Apply(ctx, s)
}

// advance moves the emulator's clock.
func (r *rig) advance(by string) {
	r.t.Helper()
	_, err := r.server.Control().Advance(context.Background(), by)
	r.must(err)
}

// plan recovers, reads and plans, as the command does.
func (r *rig) plan(src string) (*hcl.Config, plan.Live, *plan.Plan, apply.Recovery) {
	r.t.Helper()
	cfg := r.config(src)
	found, err := apply.Recover(context.Background(), r.work(cfg))
	if err != nil {
		r.t.Fatal(err)
	}
	live, err := resource.Snapshot(context.Background(), r.gateways(cfg), cfg, found.State)
	if err != nil {
		r.t.Fatal(err)
	}
	p, diags := plan.Calculate(plan.Input{Config: cfg, State: found.State, Live: live, Now: r.now, Writer: "test"})
	if diags.HasErrors() {
		r.t.Fatal(diags.Errs())
	}
	return cfg, live, p, found
}

// try plans and applies, and returns what apply says.
func (r *rig) try(src string) (*plan.Plan, apply.Report, error) {
	r.t.Helper()
	cfg, live, p, _ := r.plan(src)
	work := r.work(cfg)
	work.Live = live
	report, err := apply.Run(context.Background(), apply.Input{Work: work, Plan: p})
	return p, report, err
}

// tryAsked is try of what is asked of single objects.
func (r *rig) tryAsked(src string, asks []plan.Request) (*plan.Plan, apply.Report, error) {
	r.t.Helper()
	cfg, live, _, found := r.plan(src)
	p, diags := plan.Calculate(plan.Input{Config: cfg, State: found.State, Live: live, Now: r.now, Writer: "test", Requests: asks})
	if diags.HasErrors() {
		r.t.Fatal(diags.Errs())
	}
	work := r.work(cfg)
	work.Live = live
	report, err := apply.Run(context.Background(), apply.Input{Work: work, Plan: p})
	return p, report, err
}

// apply plans and applies, and fails the test unless all is done and the next
// plan is empty.
func (r *rig) apply(src string) *plan.Plan {
	r.t.Helper()
	p, report, err := r.try(src)
	if err != nil {
		r.t.Fatalf("%v\n%+v\n%+v", err, report.Outcomes, p.Refusals)
	}
	if _, _, again, _ := r.plan(src); !again.Empty() || again.Refused() {
		r.t.Fatalf("planned again after apply: %+v %+v", changes(again), again.Refusals)
	}
	return p
}

// changes lists what a plan would do.
func changes(p *plan.Plan) (out []string) {
	for _, c := range p.Changes {
		if c.Action != plan.NoOp {
			out = append(out, c.Action.Sign()+" "+c.Addr.String()+" "+strings.Join(c.Calls, ","))
		}
	}
	return out
}

func (r *rig) state() state.State {
	r.t.Helper()
	st, _, err := r.store.Read(context.Background())
	if err != nil {
		r.t.Fatal(err)
	}
	return st
}

// id is the live id behind an address.
func (r *rig) id(address string) string {
	r.t.Helper()
	for _, res := range r.state().Resources {
		if res.Address == address {
			return res.ID
		}
	}
	r.t.Fatalf("%s is not in state", address)
	return ""
}

func (r *rig) key(address string) kms.Key {
	r.t.Helper()
	k, err := r.manager.DescribeKey(context.Background(), r.id(address))
	if err != nil {
		r.t.Fatal(err)
	}
	return k
}

// fault strikes once.
func (r *rig) fault(rule string) {
	r.t.Helper()
	if _, err := r.server.Faults().AddText(rule); err != nil {
		r.t.Fatal(err)
	}
}

// calls counts the calls of an operation so far; "" = all.
func (r *rig) calls(operation string) int {
	return len(r.server.Calls().Calls(calllog.Filter{Operation: operation}))
}

func (r *rig) keys() int {
	r.t.Helper()
	refs, err := r.manager.ListKeys(context.Background(), kms.KeyFilter{})
	if err != nil {
		r.t.Fatal(err)
	}
	return len(refs)
}

// must fails the test on an error of a call made behind kmsplan's back.
func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}
