package apply_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kmsplan.dev/kmsplan/internal/apply"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/resource"
	"kmsplan.dev/kmsplan/internal/state"
)

// canary is the secret value that must be found nowhere.
const canary = "canary-7f3a91-plaintext"

const twoKeys = `
key "a" { description = "first" }
key "b" { description = "second" }
alias "a" {
  name = "alias/a"
  key  = key.a.id
}
output "id" { value = key.a.id }
`

func TestAnApplyIsRecordedAndTheNextOneIsIdle(t *testing.T) {
	s := newStack(t, twoKeys)
	report := s.mustApply(t)
	if report.Added != 3 || report.ExitCode(nil) != apply.ExitDone || report.State.Serial != 1 {
		t.Errorf("report %+v", report)
	}
	s.checkNothingLost(t)
	key, _ := state.Find(s.state(t), "key.a")
	alias, _ := state.Find(s.state(t), "alias.a")
	if alias.Attributes["key"] != key.ID || s.state(t).Outputs["id"] != key.ID {
		t.Errorf("the alias saw key %v, the output %v; it is %s", alias.Attributes["key"], s.state(t).Outputs["id"], key.ID)
	}
	if !key.Protected || alias.Protected || !slices.Equal(alias.DependsOn, []string{"key.a"}) || key.Gateway != "g" {
		t.Errorf("recorded %+v and %+v", key, alias)
	}
	calls := len(s.service.calls)
	if again := s.mustApply(t); again.State.Serial != 1 || len(s.service.calls) != calls {
		t.Errorf("a second apply made calls %v and left serial %d", s.service.calls[calls:], again.State.Serial)
	}
}

func TestWhatIsTakenAwayGoesAfterThoseThatUseIt(t *testing.T) {
	s := newStack(t, twoKeys)
	s.mustApply(t)
	s.service.calls = nil
	s.configure(t, `key "b" { description = "second" }`)
	s.input.Parallelism = 1
	report := s.mustApply(t)
	if want := []string{"Delete alias.a", "DisableKey key.a"}; !slices.Equal(s.service.calls, want) {
		t.Errorf("called %v, want %v", s.service.calls, want)
	}
	if report.Destroyed != 2 || s.state(t).Outputs != nil {
		t.Errorf("report %+v, outputs %v", report, s.state(t).Outputs)
	}
	if key, _ := state.Find(s.state(t), "key.a"); !key.Protected {
		t.Error("retiring a key dropped its guard")
	}
	s.checkNothingLost(t)
}

func TestAFailureTakesItsDependantsOnly(t *testing.T) {
	s := newStack(t, twoKeys)
	s.service.fault = func(operation, address string) fault {
		if operation == "Create" && address == "key.a" {
			return refuse
		}
		return none
	}
	var skipped []string
	s.input.Hooks.Skipped = func(st apply.Step, out apply.Outcome) {
		skipped = append(skipped, st.Addr.String()+": "+out.Reason)
	}
	report, err := s.apply(t)
	if err == nil || !strings.Contains(err.Error(), "key.a: ") || !strings.Contains(err.Error(), "Forbidden.NoPermission") {
		t.Errorf("error %v", err)
	}
	if report.Added != 1 || report.Failed != 1 || report.Skipped != 1 || report.ExitCode(err) != apply.ExitError {
		t.Errorf("report %+v", report)
	}
	if len(skipped) != 1 || !strings.Contains(skipped[0], "alias.a: it depends on key.a") {
		t.Errorf("skipped %v", skipped)
	}
	s.checkNothingLost(t)
	s.service.fault = nil
	s.mustApply(t)
	s.checkNothingLost(t)
}

func TestAFailedFollowUpLosesNothing(t *testing.T) {
	s := newStack(t, twoKeys)
	s.service.fault = func(operation, _ string) fault {
		if operation == "Follow" {
			return refuse
		}
		return none
	}
	report, err := s.apply(t)
	if err == nil || report.Failed != 2 {
		t.Errorf("report %+v, %v", report, err)
	}
	s.checkNothingLost(t)
	if key, _ := state.Find(s.state(t), "key.a"); s.state(t).Outputs["id"] != key.ID {
		t.Errorf("the output says %v, the key is %s", s.state(t).Outputs["id"], key.ID)
	}
}

func TestALostAnswerIsUnknownThenAdopted(t *testing.T) {
	for name, f := range map[string]fault{"committed": loseAnswer, "never arrived": loseCall} {
		t.Run(name, func(t *testing.T) {
			s := newStack(t, twoKeys)
			s.service.fault = func(operation, address string) fault {
				if operation == "Create" && address == "key.a" {
					return f
				}
				return none
			}
			report, err := s.apply(t)
			if report.Unknown != 1 || report.ExitCode(err) != apply.ExitUnknown || len(report.Open) != 1 {
				t.Fatalf("report %+v, %v", report, err)
			}
			if !strings.Contains(err.Error(), "key.a: the outcome is unknown") {
				t.Errorf("error %v", err)
			}
			s.service.fault = nil
			var recovered []apply.RecoveredStatus
			s.input.Hooks.Recovered = func(r apply.Recovered) { recovered = append(recovered, r.Status) }
			s.mustApply(t)
			s.checkNothingLost(t)
			want := apply.Adopted
			if f == loseCall {
				want = apply.NeverHappened
			}
			if !slices.Equal(recovered, []apply.RecoveredStatus{want}) {
				t.Errorf("recovered %v, want %v", recovered, want)
			}
		})
	}
}

// pendingFor wraps a handler that cannot tell yet what became of a call.
type pendingFor struct {
	resource.Handler
	until time.Time
}

func (p pendingFor) Resolve(context.Context, *resource.Session, state.Intent) (resource.Resolution, error) {
	return resource.Resolution{Pending: true, Until: p.until}, nil
}

func TestNothingIsCreatedAgainWhileALateCommitIsPossible(t *testing.T) {
	s := newStack(t, `key "a" { description = "first" }`)
	s.service.fault = func(string, string) fault { return loseCall }
	if _, err := s.apply(t); err == nil {
		t.Fatal("a lost answer went unnoticed")
	}
	s.service.fault, s.service.calls = nil, nil
	known := s.input.Handlers
	s.input.Handlers = func(kind string) resource.Handler { return pendingFor{known(kind), s.input.Now().Add(time.Hour)} }
	for range 2 {
		report, err := s.apply(t)
		if report.Unknown != 1 || report.ExitCode(err) != apply.ExitUnknown || !strings.Contains(err.Error(), "2026-03-04T06:06:07Z") {
			t.Fatalf("report %+v, %v", report, err)
		}
		if len(s.service.calls) > 0 {
			t.Fatalf("called %v", s.service.calls)
		}
	}
	s.input.Handlers = known
	s.mustApply(t)
	s.checkNothingLost(t)
}

func TestAStalePlanIsRefused(t *testing.T) {
	s := newStack(t, twoKeys)
	other := newStack(t, twoKeys)
	other.mustApply(t)
	s.mustApply(t)
	stale := s.plan(s.state(t))
	s.configure(t, twoKeys+`key "c" { description = "third" }`)
	s.mustApply(t)
	calls := len(s.service.calls)
	for name, p := range map[string]*plan.Plan{
		"an older serial": stale, "another stack": other.plan(other.state(t)), "a new stack": {Lineage: state.New().Lineage},
	} {
		s.input.Plan = p
		if _, err := apply.Run(t.Context(), s.input); !errors.Is(err, apply.ErrStalePlan) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(s.service.calls) != calls {
		t.Errorf("called %v", s.service.calls[calls:])
	}
}

func TestAPlanOfANewStackKeepsItsLineage(t *testing.T) {
	s := newStack(t, twoKeys)
	s.input.Plan = s.plan(s.state(t))
	if _, err := apply.Run(t.Context(), s.input); err != nil {
		t.Fatal(err)
	}
	if got := s.state(t).Lineage; got != s.input.Plan.Lineage {
		t.Errorf("stored lineage %s, planned under %s", got, s.input.Plan.Lineage)
	}
}

func TestARefusedPlanIsNotApplied(t *testing.T) {
	s := newStack(t, twoKeys)
	s.input.Plan = s.plan(s.state(t))
	s.input.Plan.Refusals = []plan.Refusal{{Guard: "key-vanished", Reason: "The key is gone."}}
	if _, err := apply.Run(t.Context(), s.input); !errors.Is(err, apply.ErrRefused) || len(s.service.calls) > 0 {
		t.Errorf("%v, calls %v", err, s.service.calls)
	}
}

func TestALockedStackIsLeftAlone(t *testing.T) {
	s := newStack(t, twoKeys)
	s.input.Plan = s.plan(s.state(t))
	lock, err := s.store.Lock(t.Context(), state.NewLockInfo("somebody", s.input.Now()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lock.Unlock() }()
	if _, err := apply.Run(t.Context(), s.input); !errors.Is(err, state.ErrLocked) || len(s.service.calls) > 0 {
		t.Errorf("%v, calls %v", err, s.service.calls)
	}
}

func TestAnInterruptFinishesWhatIsUnderWay(t *testing.T) {
	for _, how := range []string{"stop channel", "cancelled context"} {
		t.Run(how, func(t *testing.T) {
			s := newStack(t, `
key "k" {
  for_each = toset(["1", "2", "3", "4", "5", "6", "7", "8"])
  description = each.key
}`)
			s.input.Plan = s.plan(s.state(t))
			s.input.Parallelism = 2
			s.service.block, s.service.inCall = make(chan struct{}), make(chan string)
			stop := make(chan struct{})
			s.input.Stop = stop
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var report apply.Report
			var err error
			finished := make(chan struct{})
			go func() {
				defer close(finished)
				report, err = apply.Run(ctx, s.input)
			}()
			underWay := func() {
				t.Helper()
				for range 2 {
					select {
					case <-s.service.inCall:
					case <-finished:
						t.Fatalf("it ended in the middle of a call: %v", err)
					}
				}
			}
			letGo := func() { s.service.block <- struct{}{}; s.service.block <- struct{}{} }
			underWay()
			if how == "stop channel" {
				close(stop)
			} else {
				cancel()
			}
			letGo()
			underWay() // the follow-up calls of the two that were under way
			letGo()
			<-finished
			if !errors.Is(err, apply.ErrInterrupted) || report.Added != 2 || report.Skipped != 6 || !report.Interrupted {
				t.Errorf("report %+v, %v", report, err)
			}
			s.service.block, s.service.inCall = nil, nil
			s.checkNothingLost(t)
		})
	}
}

func TestParallelismIsBoundedAndUsed(t *testing.T) {
	s := newStack(t, `
key "k" {
  count = 30
  description = "k"
}`)
	s.input.Plan = s.plan(s.state(t))
	s.input.Parallelism = 4
	s.service.inCall, s.service.block = make(chan string), make(chan struct{})
	var done sync.WaitGroup
	var err error
	done.Go(func() { _, err = apply.Run(t.Context(), s.input) })
	for range 4 { // four calls are inside at once
		<-s.service.inCall
	}
	go func() {
		for range s.service.inCall {
		}
	}()
	close(s.service.block)
	done.Wait()
	close(s.service.inCall)
	if err != nil || s.service.most != 4 {
		t.Errorf("%d calls at once, %v; want 4", s.service.most, err)
	}
}

func TestAnObjectThatTakesTooLongIsOfUnknownOutcome(t *testing.T) {
	s := newStack(t, `key "a" { description = "first" }`)
	known := s.input.Handlers
	s.input.Handlers = func(kind string) resource.Handler { return slow{known(kind)} }
	s.input.ChangeTimeout = time.Nanosecond
	report, err := s.apply(t)
	if !errors.Is(err, context.DeadlineExceeded) || report.Unknown != 1 {
		t.Errorf("report %+v, %v", report, err)
	}
}

// slow makes a call that ends with its deadline.
type slow struct{ resource.Handler }

func (slow) Apply(ctx context.Context, s *resource.Session) (*state.Resource, error) {
	in := state.NewIntent(s.Change.Addr.String(), "key", "Create", "", s.Intent, nil, s.Now())
	if err := s.Journal.Begin(in); err != nil {
		return nil, err
	}
	<-ctx.Done()
	return nil, errors.Join(ctx.Err(), s.Journal.End(in.ID, state.Result{Ambiguous: true, Error: "deadline"}))
}

func TestAMovedObjectKeepsItsIdentity(t *testing.T) {
	s := newStack(t, twoKeys)
	s.mustApply(t)
	before, _ := state.Find(s.state(t), "key.b")
	s.configure(t, strings.ReplaceAll(twoKeys, `key "b"`, `key "moved"`))
	p := s.plan(s.state(t))
	p.Changes = slices.DeleteFunc(p.Changes, func(c plan.Change) bool { return c.Action == plan.Retire })
	for i := range p.Changes {
		if c := &p.Changes[i]; c.Addr.Name == "moved" {
			c.MovedFrom, c.Action, c.ID = c.Addr, plan.NoOp, before.ID
			c.MovedFrom.Name = "b"
		}
	}
	s.input.Plan = p
	if _, err := apply.Run(t.Context(), s.input); err != nil {
		t.Fatal(err)
	}
	after, ok := state.Find(s.state(t), "key.moved")
	if _, still := state.Find(s.state(t), "key.b"); still || !ok || after.ID != before.ID {
		t.Errorf("after the move: %+v", s.state(t).Resources)
	}
}

const withFile = twoKeys + `
data "encrypt" "f" {
  key    = alias.a.name
  source = "plain.txt"
  output = "plain.txt.enc"
}`

func TestDataBlocksRunAfterWhatTheyUse(t *testing.T) {
	s := newStack(t, withFile)
	s.input.Files = func(_ context.Context, task apply.FileTask) ([]state.File, error) {
		if !slices.Contains(s.service.calls, "Follow alias.a") {
			t.Error("the file was encrypted before its alias was there")
		}
		if got := task.Body.Attrs["key"].AsString(); got != "alias/a" {
			t.Errorf("the block saw key %q", got)
		}
		return []state.File{{Path: "plain.txt.enc"}, {Path: "second.enc"}}, nil
	}
	if report := s.mustApply(t); report.Files != 2 || len(s.state(t).Files) != 2 {
		t.Errorf("report %+v, census %+v", report, s.state(t).Files)
	}
	s.input.Files = func(_ context.Context, task apply.FileTask) ([]state.File, error) {
		if len(task.Prior) != 2 {
			t.Errorf("the block was given the census %+v", task.Prior)
		}
		return nil, errors.New("the disk is full")
	}
	if report, err := s.apply(t); err == nil || report.Failed != 1 || len(s.state(t).Files) != 2 {
		t.Errorf("after a failure: %+v, %v, census %+v", report, err, s.state(t).Files)
	}
	s.input.Files = func(context.Context, apply.FileTask) ([]state.File, error) {
		return []state.File{{Path: "plain.txt.enc"}}, nil
	}
	s.mustApply(t)
	if files := s.state(t).Files; len(files) != 1 || files[0].Address != "data.encrypt.f" {
		t.Errorf("census %+v", files)
	}
}

func TestAFileOfAKeyThatFailedIsSkipped(t *testing.T) {
	s := newStack(t, withFile)
	s.service.fault = func(string, string) fault { return refuse }
	s.input.Files = func(context.Context, apply.FileTask) ([]state.File, error) {
		t.Error("the file was encrypted")
		return nil, nil
	}
	if report, _ := s.apply(t); report.Skipped != 2 {
		t.Errorf("report %+v", report)
	}
}

func TestASecretIsFoundNowhere(t *testing.T) {
	s := newStack(t, `
variable "password" {
  type      = string
  sensitive = true
}
secret "s" {
  name  = "db/password"
  value = var.password
}
output "p" {
  value     = var.password
  sensitive = true
}`)
	s.input.Hooks.Failed = func(_ apply.Step, out apply.Outcome) { checkClean(t, "an outcome", out.Err.Error()) }
	s.service.fault = func(operation, _ string) fault {
		if operation == "Follow" {
			return loseAnswer // the journal stays
		}
		return none
	}
	_, err := s.apply(t)
	if err == nil {
		t.Fatal("a lost answer went unnoticed")
	}
	checkClean(t, "the error", err.Error())
	seen := 0
	walk := func() {
		err := filepath.WalkDir(s.dir, func(name string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			seen++
			data, err := os.ReadFile(name)
			checkClean(t, name, string(data))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	walk()
	if _, err := os.Stat(s.input.Journal); err != nil {
		t.Error("there was no journal to look at")
	}
	s.service.fault = nil
	s.mustApply(t)
	walk()
	if seen < 8 {
		t.Errorf("only %d files were looked at", seen)
	}
	if got, ok := state.Find(s.state(t), "secret.s"); !ok || !got.Fingerprints["value"].Matches([]byte(canary)) {
		t.Errorf("the secret was not recorded: %+v", got)
	}
	if _, stored := s.state(t).Outputs["p"]; stored {
		t.Error("a sensitive output was stored")
	}
}

func checkClean(t *testing.T, where, text string) {
	t.Helper()
	for _, form := range []string{canary, base64.StdEncoding.EncodeToString([]byte(canary)), hex.EncodeToString([]byte(canary))} {
		if strings.Contains(text, form) {
			t.Errorf("%s holds the secret", where)
		}
	}
}
