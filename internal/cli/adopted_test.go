package cli

import (
	"bytes"
	"maps"
	"slices"
	"testing"

	"kmsplan.dev/kmsplan/internal/emulator/emulatortest"
)

// A runner dies in CreateKey, with its disk, after it asked and before it was answered: the service makes the key then, or has
// never heard of it. On another machine plan says what will be done, and neither writes to the store nor waits for the dead
// runner's lock; apply ends with one key.
func TestARunnerKilledInCreateKeyIsContinuedOnAnotherMachine(t *testing.T) {
	if testing.Short() {
		t.Skip("kills processes")
	}
	for name, start := range remoteStores {
		for fault, made := range map[string]int{"late-commit:1": 1, "drop-before:*": 0} {
			t.Run(name+", "+fault, func(t *testing.T) {
				t.Parallel()
				dieInCreateKey(t, start(t), fault, made)
			})
		}
	}
}

func dieInCreateKey(t *testing.T, s aStore, fault string, made int) {
	server := emulatortest.New(t)
	first := machine(t, s, server, 1)
	first.run(t, 0, "init")
	rules, err := server.Faults().AddText("CreateKey:" + fault)
	if err != nil {
		t.Fatal(err)
	}
	killWhenFired(t, first.command(t, "apply", "-auto-approve"), server, rules[0].ID)
	server.Faults().Remove(rules[0].ID)

	second := machine(t, s, server, 1)
	if live := keysLive(t, second); live != made+1 {
		t.Fatalf("the dead runner left %d keys, want %d and the state's own", live, made)
	}
	second.run(t, 0, "init")
	s.onlyLooksAt(t, func() { plannedAfter(t, second, made) })
	unlock(t, second)
	if made > 0 { // looking for what is not there takes its time
		s.onlyLooksAt(t, func() { plannedAfter(t, second, made) })
	}
	second.run(t, 0, "apply", "-auto-approve", "-lock-timeout=0s") // nobody holds it
	second.run(t, 0, "plan", "-detailed-exitcode")
	if live := keysLive(t, second); live != 2 {
		t.Errorf("%d keys live, want one and the state's own", live)
	}
	if known := second.run(t, 0, "state", "list"); string(known) != "key.k[\"k0\"]\n" {
		t.Errorf("the state knows %q", known)
	}
}

// plannedAfter is a plan that says what became of the call.
func plannedAfter(t *testing.T, m aMachine, made int) {
	t.Helper()
	text, err := m.command(t, "plan", "-lock-timeout=0s").CombinedOutput()
	want := "CreateKey of an interrupted run had taken effect; adopted key-"
	if made == 0 {
		want = "CreateKey of an interrupted run never took effect"
	}
	if err != nil || !bytes.Contains(text, []byte(want)) {
		t.Errorf("plan does not say %q: %v\n%s", want, err, text)
	}
}

// onlyLooksAt demands that what it runs leaves the store as it is, byte for byte, whoever holds its lock.
func (s aStore) onlyLooksAt(t *testing.T, run func()) {
	t.Helper()
	before := s.holds(t)
	run()
	after := s.holds(t)
	for name := range before {
		if !bytes.Equal(before[name], after[name]) {
			t.Errorf("%s was %q and is %q", name, before[name], after[name])
		}
	}
	if len(before) != len(after) || len(before) == 0 {
		t.Errorf("the store held %q and holds %q", slices.Sorted(maps.Keys(before)), slices.Sorted(maps.Keys(after)))
	}
}
