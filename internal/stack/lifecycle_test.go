package stack_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
	"kmsplan.dev/kmsplan/internal/plan"
	"kmsplan.dev/kmsplan/internal/stack"
	"kmsplan.dev/kmsplan/internal/state"
	"kmsplan.dev/kmsplan/internal/state/remote/placetest"
	"kmsplan.dev/kmsplan/internal/state/statetest"
)

// sometimes is what a sweep has to have met: a sweep in which a rescue never happened proves nothing about rescues.
var sometimes = []string{
	"recovered: adopted", "recovered: confirmed", "recovered: never happened",
	"done: +", "done: ~", "done: -", "done: .", "done: !", "done: ^", "done: »",
	"fault: machine died", "fault: store failed", "fault: service",
	"refused: " + plan.GuardKeyVanished, "refused: " + plan.GuardSecretVanished, "refused: " + plan.GuardAliasVanished, "refused: " + plan.GuardPolicyVanished,
	"refused: " + plan.GuardImmutable, "refused: " + plan.GuardStillInUse, "refused: " + plan.GuardFrozen, "refused: " + plan.GuardTooMany,
	"refused: " + plan.GuardUnseenSecretVersion, "refused: " + plan.GuardKeyLost, "refused: " + plan.GuardSecretLost, "refused: " + plan.GuardDuplicateID,
	"refused: " + plan.GuardAliasTaken, "refused: " + plan.GuardSecretTaken, "refused: " + plan.GuardSecretInRecovery, "refused: " + plan.GuardImportNotFound,
	"refused: " + plan.GuardAlreadyManaged, "refused: " + plan.GuardRotationDisabled, "refused: " + plan.GuardKeyUnusable,
}

// Random lives of stacks: whatever is edited, meddled with and broken, no key is lost or made twice, nothing is taken away without
// words, and once the faults are over the service is as it is declared. KMSPLAN_SEED=N lives one life again, KMSPLAN_LIVES=N many.
func TestLives(t *testing.T) {
	service := emulatortest.New(t)
	seen := map[string]int{}
	seeds := lives(t)
	for _, seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			l := born(t, service, seed, seen)
			defer l.publish(seed)
			l.settle() // what it is born with
			l.begin(int(seed))
			for range 3 {
				if l.over || t.Failed() {
					return
				}
				l.step()
			}
		})
	}
	t.Logf("in %d lives: %v", len(seeds), seen)
	if len(seeds) < len(edits)+len(others)+len(deaths) || t.Failed() {
		return
	}
	for _, s := range sometimes {
		if seen[s] == 0 {
			t.Errorf("never met: %s", s)
		}
	}
}

func lives(t *testing.T) (seeds []uint64) {
	if text := os.Getenv("KMSPLAN_SEED"); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return []uint64{seed}
	}
	n := len(edits) + len(others) + len(deaths)
	switch {
	case os.Getenv("KMSPLAN_LIVES") != "":
		n, _ = strconv.Atoi(os.Getenv("KMSPLAN_LIVES"))
	case os.Getenv(statetest.Long) != "":
		n = 1000
	case testing.Short():
		n = 3
	}
	for seed := range n {
		seeds = append(seeds, uint64(seed+1))
	}
	return seeds
}

// publish leaves the script of a life that went wrong where it can be found.
func (l *life) publish(seed uint64) {
	if !l.t.Failed() {
		return
	}
	file := filepath.Join(os.TempDir(), fmt.Sprintf("kmsplan-life-%d.sh", seed))
	if err := os.WriteFile(file, []byte(l.story.String()), 0o600); err != nil {
		l.t.Error(err)
	}
	l.t.Logf("KMSPLAN_SEED=%d go test -run TestLives ./internal/stack lives it again; as a script: %s\n%s", seed, file, l.story.String())
}

// deaths are edits whose call takes the machine along.
var deaths = []struct {
	edit, operation string
	early           bool
}{
	{"a key", "CreateKey", false}, {"a secret", "CreateSecret", false}, {"an alias", "CreateAlias", false}, {"a key's description", "UpdateKeyDescription", false},
	{"a secret's value", "PutSecretValue", false}, {"a key's successor", "CreateKey", false}, {"a key retired", "DisableKey", false}, {"where an alias leads", "UpdateAlias", false},
	{"a key", "CreateKey", true}, {"a secret", "CreateSecret", true},
}

// begin is the first chapter: each edit, each thing that others do, and each death begins one life of a sweep.
func (l *life) begin(nth int) {
	switch nth %= len(edits) + len(others) + len(deaths); {
	case nth < len(edits):
		l.edit(edits[nth])
	case nth < len(edits)+len(others):
		l.suffer(others[nth-len(edits)])
	default:
		d := deaths[nth-len(edits)-len(others)]
		l.edit(edits[slices.IndexFunc(edits, func(e edit) bool { return e.name == d.edit })])
		l.write()
		l.endure(l.dying(d.operation, d.early))
	}
	l.write()
	l.settle()
}

func (l *life) edit(e edit) {
	next := l.want.clone()
	if e.do(l, next) {
		l.want = next
		l.tell("# edit: %s", e.name)
	}
}

func (l *life) suffer(a act) {
	l.tell("# others: %s", a.name)
	a.do(l)
}

// step is one chapter: edits, others, a fault, an apply; then what is left to do, without faults.
func (l *life) step() {
	for range l.rnd.IntN(4) {
		l.edit(edits[l.rnd.IntN(len(edits))])
	}
	if l.rnd.IntN(2) == 0 {
		l.suffer(others[l.rnd.IntN(len(others))])
	}
	l.write()
	if l.rnd.IntN(2) == 0 {
		l.faulty()
	}
	l.settle()
}

// faulty is an apply during which something breaks.
func (l *life) faulty() {
	calls := l.planned()
	if len(calls) == 0 {
		return
	}
	operation := l.oneOf(calls...)
	switch l.rnd.IntN(3) {
	case 0:
		l.endure(l.refused(operation + ":" + l.oneOf("drop-after-commit", "drop-before", "reject-after-commit", "throttle=1s") + ":1"))
	case 1:
		l.endure(l.dying(operation, l.rnd.IntN(2) == 0))
	case 2:
		l.endure(l.cutOff(placetest.FailAt(l.place, 1+l.rnd.IntN(12), l.rnd.IntN(2) == 0, l.rnd.IntN(2) == 0)))
	}
}

// refused breaks the service, dying the machine, cutOff the store. Each returns how to mend that.
func (l *life) refused(fault string) (mend func()) {
	if _, err := l.service.Faults().AddText(fault); err != nil {
		l.t.Fatal(err)
	}
	l.tell("kmsplan emulator fault add %s", fault)
	l.seen["fault: service"]++
	return func() {
		for _, r := range l.service.Faults().Rules() {
			l.service.Faults().Remove(r.ID)
		}
	}
}

func (l *life) dying(operation string, early bool) (mend func()) {
	d := l.rig.dieWith(operation, l.service)
	d.early = early
	l.rig.options.Store = l.store(d.place(l.place))
	l.tell("# the machine dies with %s, or with the answer to it", operation)
	return func() {
		if d.dead.Load() {
			l.seen["fault: machine died"]++
		}
		l.machine()
		l.write()
	}
}

func (l *life) cutOff(f *placetest.Failing) (mend func()) {
	l.rig.options.Store = l.store(f)
	l.tell("# a call to the store fails")
	return func() {
		if f.Hit() {
			l.seen["fault: store failed"]++
		}
		l.hours++ // no lease is alive
		l.rig.options.Store = l.store(l.place)
	}
}

// endure applies with what is broken, and mends it.
func (l *life) endure(mend func()) {
	_, err := l.attempt(l.t.Context())
	l.tell("kmsplan apply -auto-approve # %v", err)
	mend()
	l.everyKeyIsAccountedFor("after a fault")
}

// planned are the calls that are wanted next.
func (l *life) planned() (calls []string) {
	s, err := stack.Open(l.rig.module(), l.rig.options)
	if err != nil {
		return nil
	}
	defer l.rig.close(s)
	if err := s.Survey(l.t.Context(), "plan", plan.Scope{}); err != nil {
		l.wrong("a plan cannot look: %v", err)
		return nil
	}
	p, _, err := s.Plan(l.t.Context(), plan.Scope{})
	if err != nil {
		return nil
	}
	for _, c := range p.Changes {
		calls = append(calls, c.Calls...)
	}
	return calls
}

// settle applies without faults until there is nothing left to do. Who is refused goes one of the ways that the refusal names.
func (l *life) settle() {
	for range 8 {
		guards, err := l.attempt(l.t.Context())
		l.tell("kmsplan apply -auto-approve # refused by %v: %v", guards, err)
		l.everyKeyIsAccountedFor("after an apply")
		for _, g := range guards {
			l.seen["refused: "+g]++
		}
		switch {
		case len(guards) > 0:
			if l.lostForGood(guards) {
				l.over = true
				return
			}
			l.giveIn(guards)
			l.write()
		case err != nil:
			l.wrong("without a fault: %v", err)
			return
		case l.more() == nil:
			l.isSettled()
			return
		}
	}
	l.wrong("it never settles")
}

// lostForGood reports whether a refusal is about what others destroyed.
func (l *life) lostForGood(guards []string) bool {
	lost := slices.Contains(guards, plan.GuardKeyLost) || slices.Contains(guards, plan.GuardSecretLost)
	if lost && len(l.dead) == 0 {
		l.wrong("something is called lost, and nobody destroyed anything")
	}
	return lost || len(l.dead) > 0
}

// giveIn does what a refusal asks for.
func (l *life) giveIn(guards []string) {
	l.want.frozen, l.want.timid = false, false
	if slices.Contains(guards, plan.GuardUnseenSecretVersion) {
		for name, s := range l.want.secrets {
			s.foreign = "overwrite"
			l.want.secrets[name] = s
		}
		return
	}
	if slices.Equal(slices.Compact(slices.Sorted(slices.Values(guards))), []string{plan.GuardFrozen}) || slices.Equal(slices.Compact(slices.Sorted(slices.Values(guards))), []string{plan.GuardTooMany}) {
		return
	}
	content := l.want.file.content
	l.want = l.good.clone()
	l.want.file.content = content
	l.tell("# as it was before")
}

// more are the steps of retirements that the next apply takes. There is nothing else to do.
func (l *life) more() (steps []string) {
	s := l.rig.open()
	p := l.rig.plan(s)
	l.rig.close(s)
	for _, c := range p.Changes {
		switch c.Action {
		case plan.NoOp:
		case plan.Retire:
			steps = append(steps, c.Addr.String())
		case plan.Succeed, plan.Update, plan.Create:
			// A key that was rescued gets its successor with the next apply, and what leads to it then.
			if l.rescued {
				steps = append(steps, c.Addr.String())
				continue
			}
			fallthrough
		default:
			l.wrong("there is more to do: %s %s: %s %v", c.Action.Sign(), c.Addr, c.Reason, c.Calls)
		}
	}
	for _, f := range p.Files {
		if (f.Action != plan.NoOp || f.Problem != "") && len(steps) == 0 {
			l.wrong("there is a file left: %s: %s %s", f.Addr, f.Reason, f.Problem)
		}
	}
	return steps
}

// isSettled holds that no call is open, and that the service has what is declared.
func (l *life) isSettled() {
	l.good = l.want.clone()
	at := l.position()
	if len(at.Open) > 0 {
		l.wrong("calls are open: %v", at.Open)
	}
	known := map[string]bool{}
	for _, r := range at.State.Resources {
		known[r.ID] = true
		for _, p := range r.Predecessors {
			known[p.ID] = true
		}
		if r.Kind == "key" {
			l.keyStands(r.Address, r.ID, r.Predecessors)
		}
		if r.Kind == "secret" {
			l.secretStands(r.Address, r.ID)
		}
	}
	for id := range l.owned(at.State.Lineage) {
		if !known[id] && !l.letGo[id] {
			l.wrong("key %s is the stack's, and its state has forgotten it", id)
		}
	}
	if l.want.file.key != "" {
		if got, want := l.rig.opened("out.enc"), fmt.Sprint("content ", l.want.file.content); got != want {
			l.wrong("the file opens as %q, not %q", got, want)
		}
	}
}

// keyStands holds a key that state has to what is declared. Its id is the one that it always had, or of its successor; what
// that succeeded can still decrypt.
func (l *life) keyStands(address, id string, predecessors []state.Predecessor) {
	for from, to := range l.want.moved {
		if to == address && l.ids[from] != "" {
			l.ids[to] = l.ids[from]
			delete(l.ids, from)
		}
	}
	was, known := l.ids[address], false
	for _, p := range predecessors {
		l.succeeded[address] = true
		if known = known || p.ID == was; l.keyState(p.ID) != "Enabled" && !l.letGo[p.ID] && !l.excused[p.ID] {
			l.wrong("%s was %s once, which is %s", address, p.ID, l.keyState(p.ID))
		}
	}
	if was != "" && was != id && !known {
		l.wrong("%s was %s and is %s", address, was, id)
	}
	l.ids[address] = id
	k, declared := l.want.keys[strings.TrimPrefix(address, "key.")]
	if !declared {
		return // it retires
	}
	m := l.metadata(id)
	want := map[bool]string{false: "Enabled", true: "Disabled"}[k.disabled]
	if m["KeyState"] != want || m["Description"] != k.description {
		l.wrong("%s is %v, %v; want %s, %s", address, m["KeyState"], m["Description"], want, k.description)
	}
}

func (l *life) secretStands(address, name string) {
	s, declared := l.want.secrets[strings.TrimPrefix(address, "secret.")]
	if !declared {
		l.wrong("%s is in state and nowhere else", address)
		return
	}
	got := l.secretValue(name)
	if s.value > 0 && got != secretValue(s.name, s.value) && !strings.HasPrefix(got, "theirs") || got == "" {
		l.wrong("%s is %q", address, got)
	}
}
